//! Configuration, assembly, signals, console and command line.
//!
//! This crate knows everyone and nothing of their insides: it opens the ledger and the blob store,
//! hands them to the catalog, mounts the routers on listeners and runs until it is told to stop.

pub mod assembly;
pub mod cli;
pub mod client;
pub mod config;
pub mod console;
pub mod credentials;
pub mod demo;
pub mod doctor;
pub mod housekeeping;
mod idle;
pub mod listen;
pub mod references;
pub mod secrets;
pub mod tls;
pub mod upload;
