//! Presets and ladders, ffmpeg children, and resumable chunked jobs.
