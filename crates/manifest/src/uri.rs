//! Addresses relative to `{name}.ism/manifest`, as manifests write them and the origin resolves them.
//!
//! Everything under a [`ContentKey`] never changes; playlists do.
