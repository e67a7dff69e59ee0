//! HLS, DASH and Smooth manifests, rendered from one Presentation value.
