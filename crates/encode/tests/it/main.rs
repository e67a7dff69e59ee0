//! Jobs through the real encoder, with real ffmpeg: what goes in, and what an independent reader finds in what comes out.

mod house;
mod jobs;
mod media;
mod zoo;
