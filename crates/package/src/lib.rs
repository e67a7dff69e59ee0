//! Track indexes, and what is packaged out of them at the moment of a request.
//!
//! Media is stored once, as CMAF fragments, and everything that a player asks for is a function of an index and of the
//! request. Nothing here reads or writes: what needs bytes says which ranges of which objects, and is given them.
//!
//! - [`index`]: where every fragment of a track lies and when it plays
//! - [`segments`]: delivery segments, which are fragments grouped on a common grid
//! - [`mod@pointer`]: the file that says which indexes are the tracks of an asset
//! - [`chunker`]: fragments out of samples
//! - [`plan`]: what to read to answer a request for media
//! - [`filter`] and [`present`]: the value that manifests are rendered from

pub mod chunker;
pub mod filter;
pub mod import;
pub mod index;
pub mod plan;
pub mod pointer;
pub mod present;
pub mod segments;

pub use chunker::{Fragment, FragmentError, Fragmenter};
pub use index::{Grid, ObjectRange, Row, TrackFacts, TrackIndex, TrackIndexBuilder, TrackState};
pub use plan::{Body, Extent, Piece, Plan, PlanError, Step};
pub use pointer::{Pointer, PointerState, TrackPointer};
pub use segments::Segment;
