//! The streaming endpoint: from the path of a URL to manifests, segments and files.
//!
//! ```text
//! path ─► url::parse ─► Locators::locate ─► Titles::title ─► serve::{manifest, media, chunk, download}
//!         (pure)        (open now?)          (presentation    (render, or ranges of blobs)
//!                                             file, indexes)
//! ```
//!
//! - Nothing is answered before the locator was found open *for this request*: caches lie behind that, never before.
//! - Media under a content key never changes; whatever can change has a short lifetime and an entity tag.
//! - Every cache is bounded by bytes, and what is asked for at the same time is made once.
//! - No sockets here: [`Origin::router`] is a service for whoever listens.

mod http;
mod locate;
mod origin;
mod problem;
mod serve;
mod title;
pub mod url;

pub use locate::{Filters, LocateError, Located, Locators, Protocols};
pub use origin::{Config, Now, Origin};
pub use problem::Problem;
