//! What tests share: the real server as a child process, and media made on the spot.

pub mod media;
pub mod server;

pub use media::{Clip, clip};
pub use server::TestServer;

use std::path::PathBuf;

/// The repository's root, where `e2e/` and `.tools/` are.
#[must_use]
pub fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Python with the official SDKs, installed by `make test`.
#[must_use]
pub fn python() -> PathBuf {
    repository().join(".tools/python/bin/python")
}
