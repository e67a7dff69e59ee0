//! Rendered manifests and the presentations that they are rendered from, bounded by bytes.

use std::{
    hash::{DefaultHasher, Hasher},
    io::Write,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use millrace_manifest::Presentation;

use super::manifest::Wish;

/// Text below this is not worth compressing: it fits in one packet anyway.
const LEAST_COMPRESSED: usize = 1024;

/// What a manifest depends on. Nothing of the locator: two locators of an asset share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) source: PresentationKey,
    pub(super) wish: Wish,
    /// For a manifest with the time in it: the second of it.
    pub(super) second: Option<i64>,
}

/// What a presentation depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PresentationKey {
    /// Serial of the title.
    pub(super) title: u64,
    /// What the filters say, not what they are called: a filter can be replaced by another of its name.
    pub(super) filters: String,
}

/// A manifest as text and, once a client reads it, compressed.
pub(super) struct Rendered {
    pub(super) content_type: &'static str,
    pub(super) plain: Bytes,
    /// With its quotes.
    pub(super) tag: String,
    /// The tag of the compressed form, which is another representation (RFC 9110 §8.8.3.3).
    pub(super) gzip_tag: String,
    gzip: OnceLock<Bytes>,
}

/// Both caches.
pub(crate) struct Manifests {
    pub(super) rendered: moka::future::Cache<Key, Arc<Rendered>>,
    pub(super) presentations: moka::future::Cache<PresentationKey, Arc<Presentation>>,
}

impl Manifests {
    /// `bytes` of memory.
    pub(crate) fn new(bytes: u64) -> Self {
        // The compressed form of a manifest is a tenth of it; a run of a timeline is three words, and each track has
        // two timelines.
        let rendered = |_: &Key, text: &Arc<Rendered>| weight(text.plain.len() + text.plain.len() / 4);
        let presentation = |_: &PresentationKey, presentation: &Arc<Presentation>| {
            let runs = presentation
                .tracks()
                .iter()
                .map(|track| track.segments.runs().len() + track.fragments.runs().len());
            weight(runs.sum::<usize>() * 24 + presentation.tracks().len() * 512)
        };
        Self {
            rendered: moka::future::Cache::builder().weigher(rendered).max_capacity(bytes / 2).build(),
            presentations: moka::future::Cache::builder()
                .weigher(presentation)
                .max_capacity(bytes / 2)
                .build(),
        }
    }
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes + 512).unwrap_or(u32::MAX)
}

impl Rendered {
    pub(super) fn new(content_type: &'static str, text: String) -> Self {
        let mut hash = DefaultHasher::new();
        hash.write(text.as_bytes());
        let tag = format!("{:016x}-{:x}", hash.finish(), text.len());
        Self {
            content_type,
            plain: Bytes::from(text),
            gzip_tag: format!("\"{tag}-gzip\""),
            tag: format!("\"{tag}\""),
            gzip: OnceLock::new(),
        }
    }

    /// The compressed form, if it is worth it.
    pub(super) fn gzip(&self) -> Option<Bytes> {
        let compress = || {
            let mut encoder = GzEncoder::new(Vec::with_capacity(self.plain.len() / 4), Compression::new(5));
            // A Vec never refuses what is written to it.
            let written = encoder.write_all(&self.plain).and_then(|()| encoder.finish());
            written.map(Bytes::from).unwrap_or_default()
        };
        if self.plain.len() < LEAST_COMPRESSED {
            return None;
        }
        Some(self.gzip.get_or_init(compress).clone()).filter(|bytes| !bytes.is_empty())
    }
}
