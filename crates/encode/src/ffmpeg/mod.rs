//! ffmpeg and ffprobe as child processes: the only codecs of the house.

pub mod child;
pub mod progress;
pub mod run;
pub mod stderr;
pub mod tools;

pub use child::{Child, Ended};
pub use run::{Run, Stopped, lines, output};
pub use stderr::Said;
pub use tools::Tools;
