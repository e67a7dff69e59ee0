//! ISO base media files (ISO/IEC 14496-12): read, write, fragments, and the Smooth Streaming boxes.
//!
//! Pure and zero-copy: bytes in, values out. Tables stay where they are in the `moov` and are walked by iterators, so a
//! title of any length costs the same memory. Every bound on hostile input is a named constant in [`limits`].
//!
//! | to | use |
//! |---|---|
//! | step over boxes of a file by ranges | [`BoxHeader::parse`] |
//! | read a `moov` | [`read::Movie::parse`], then [`read::SampleTable::samples`] |
//! | read a `moof` | [`read::Fragment::parse`], then [`read::TrackFragment::samples`] |
//! | read a fragmented stream as it comes | [`stream::Demuxer`] |
//! | write CMAF | [`write::init_segment`], [`write::fragment_header`], [`write::sidx`], [`write::mfra`] |
//! | serve a fragment as Smooth Streaming | [`smooth::fragment_header`] |
//! | see what is in a file | [`dump::text`] |

mod atom;
pub mod dump;
mod error;
mod header;
pub mod limits;
pub mod read;
pub mod smooth;
pub mod stream;
pub mod write;

pub use error::{BoxPath, ParseError, Problem};
pub use header::{BoxHeader, HeaderError};
