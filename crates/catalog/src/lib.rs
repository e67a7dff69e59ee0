//! Assets, transforms, jobs, locators, policies and filters as domain: every rule of the media service that is neither wire
//! (`api`) nor bytes (`blob`, `encode`, `package`).
//!
//! [`Catalog`] is a cheap handle over the ledger and the blob store. Each resource has a module with its type, its rules and
//! its verbs; each verb is one ledger commit, so whoever is answered can rely on the answer after a crash.
//!
//! Types here are the service's own; the JSON of the API and the JSON of the database are two other shapes.

pub mod account;
pub mod asset;
mod catalog;
pub mod endpoint;
mod error;
pub mod filter;
pub mod job;
pub mod list;
pub mod locator;
pub mod name;
pub mod policy;
pub mod preset;
mod record;
pub mod transform;

pub use catalog::{Catalog, Setup};
pub use error::{Error, Kind, Result};
