//! Bounds on what a file may ask of us, each with its reason. Beyond one, parsing ends with `Problem::TooMany`.

/// Boxes within boxes. Real files reach 9 (`moov/trak/mdia/minf/stbl/stsd/mp4a/wave/esds`).
pub const MAX_DEPTH: usize = 16;

/// Tracks of a movie, and track fragments of a `moof`. Multi-language films have a few dozen.
pub const MAX_TRACKS: usize = 128;

/// Samples that one track's iterator gives out: 48 hours of AAC are 8 million. Uncompressed sound in QuickTime files,
/// one sample per 1/48000 s, passes this after 22 minutes and is refused as a thing that is not streamed.
pub const MAX_SAMPLES: u32 = 1 << 26;

/// Samples of one `moof`: six hours of AAC in one fragment.
pub const MAX_FRAGMENT_SAMPLES: u32 = 1 << 20;

/// Track runs of one `moof` that hold samples. Writers make one per track, or one per chunk of interleaving.
pub const MAX_RUNS: usize = 1 << 16;

/// Bytes of a `moov` in a stream: a 24-hour progressive movie of several tracks has about 40 MB of tables.
pub const MAX_MOOV: u64 = 64 << 20;

/// Bytes of a `moof` in a stream: `MAX_FRAGMENT_SAMPLES` fully written out are 16 MB.
pub const MAX_MOOF: u64 = 17 << 20;

/// Bytes of one sample in a stream: an intra-coded 8K picture of 12 bits has some 25 MB.
pub const MAX_SAMPLE: u32 = 64 << 20;

/// Bytes a demuxer holds when its owner pushes without taking events: one `moov` or sample, and a large read.
pub const MAX_BUFFERED: u64 = (64 << 20) + (16 << 20);
