//! Smooth Streaming client manifests.
