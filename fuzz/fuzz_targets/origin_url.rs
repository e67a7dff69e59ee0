//! Reads the path of a streaming URL.
//!
//! The grammar is taken in as a module: the crate that owns it brings an HTTP stack and a database, which have no part
//! in it and would take minutes to build with a sanitizer.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code)]
#[path = "../../crates/origin/src/url/mod.rs"]
mod url;

use url::{MAX_FILTERS, Part, Target};

fuzz_target!(|path: &str| {
    let Ok(request) = url::parse(path) else { return };
    assert_eq!(url::parse(path).as_ref(), Ok(&request), "a path has one meaning");
    let filters = match &request.target {
        Target::Download { file } => {
            assert!(file.split('/').all(|part| !part.is_empty() && part != "." && part != ".."), "{file}");
            return;
        }
        Target::Stream { part: Part::Media(_), .. } => return,
        Target::Stream { part: Part::Manifest(options), .. } => &options.filters,
        Target::Stream { part: Part::Playlist { options, .. }, .. } => &options.filters,
        Target::Stream { part: Part::Chunk { filters, .. }, .. } => filters,
    };
    assert!(filters.len() <= MAX_FILTERS && filters.iter().all(|name| !name.is_empty()));
});
