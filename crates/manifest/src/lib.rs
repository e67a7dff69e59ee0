//! HLS, DASH and Smooth manifests, rendered from one [`Presentation`] value.
//!
//! A manifest here is a pure function of a [`Presentation`] and of what was asked for. A `Presentation` holds times,
//! names and facts of tracks, and never bytes or byte ranges, so every format tells the same segments at the same
//! moments, and a playlist cannot disagree with what the origin serves under the URIs that it lists.
//!
//! A title that still grows is the normal case and a complete one its last state: see [`State`].
//!
//! - [`hls`]: master, media and key-frame playlists (CMAF, TS, and TS with muxed audio for version 3 players)
//! - [`dash`]: MPD, static and dynamic
//! - [`smooth`]: the Smooth Streaming client manifest
//! - [`uri`]: the relative addresses that all of them write, and that the origin resolves

mod clock;
mod name;
mod presentation;
mod text;
mod time;
mod timeline;
mod track;
mod xml;

pub mod dash;
pub mod hls;
pub mod smooth;
pub mod uri;

pub use clock::WallClock;
pub use name::{ContentKey, InvalidName, TrackName};
pub use presentation::{MAX_TRACKS, NothingToPlay, Presentation, PresentationError, State};
pub use time::MediaTime;
pub use timeline::{MAX_RUNS, SegmentRun, Timeline, TimelineError};
pub use track::{Audio, Bandwidth, Media, Role, SmoothCodec, Track, Video};
