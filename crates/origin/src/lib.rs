//! The streaming endpoint.
