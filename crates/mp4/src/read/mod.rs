//! Boxes read: whole movies with their sample tables, and fragments.

mod edits;
mod esds;
mod fragment;
mod fragment_samples;
mod movie;
mod sample_entry;
mod sample_table;
mod samples;
mod timeline;
mod track;

pub use edits::{Edit, EditList};
pub use fragment::{AbsoluteTime, Fragment, TrackFragment};
pub(crate) use fragment::{TFRF, TFXD};
pub use fragment_samples::{FragmentSample, FragmentSamples};
pub use movie::{Movie, TrackDefaults};
pub use sample_table::SampleTable;
pub use samples::{SampleInfo, Samples};
pub use timeline::Timeline;
pub use track::Track;
