//! The streaming endpoint.

pub mod url;
