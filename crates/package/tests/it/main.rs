//! Packaging checked on media that ffmpeg makes, by what ffmpeg and ffprobe make of the result.

mod chunker;
mod decode;
mod ffmpeg;
mod import;
mod index;
mod present;
mod store;
