//! The Azure Media Services v3 wire over the catalog.
