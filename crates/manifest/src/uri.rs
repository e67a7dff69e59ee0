//! Addresses relative to `{name}.ism/manifest`, as manifests write them and the origin resolves them.
//!
//! Everything under a [`ContentKey`] never changes, so it has no options and a cache may keep it for ever. Playlists
//! do change, and repeat what the master was asked for.
//!
//! ```text
//! QualityLevels({bitrate})/Manifest({track},format=m3u8-cmaf,filter=a;b)                a media playlist
//! QualityLevels({bitrate})/Manifest({track},format=m3u8-cmaf,type=keyframes)            its key frames
//! {key}/init.mp4  {key}/{time}.m4s  {key}/{time}.ts  {key}/{time}-i.m4s                 time in ticks of the track
//! {video key}+{audio key}/{time}.ts                                                     muxed, time of the video
//! {presentation key}/QualityLevels({bitrate})/Fragments({stream}={time},filter=a;b)     time in 100 ns
//! ```

use std::fmt::Write as _;

use crate::{ContentKey, Track};

/// The option that turns a media playlist into its key-frame playlist.
pub const KEY_FRAMES: &str = "type=keyframes";

/// Directory of a media playlist as seen from a master playlist, and its file: everything but options.
pub(crate) fn push_playlist(
    out: &mut String,
    track: &Track,
    format: &str,
    key_frames: bool,
    filters: &[String],
) {
    // A String never refuses what is written to it.
    let _ = write!(out, "QualityLevels({})/Manifest({},format={format}", track.bitrate, track.name);
    if key_frames {
        out.push(',');
        out.push_str(KEY_FRAMES);
    }
    push_filters(out, filters);
    out.push(')');
}

/// The option that repeats the filters of the request, if there were any.
pub(crate) fn push_filters(out: &mut String, filters: &[String]) {
    for (index, filter) in filters.iter().enumerate() {
        out.push_str(if index == 0 { ",filter=" } else { ";" });
        push_encoded(out, filter);
    }
}

/// What comes before the time in the URI of a segment, as seen from a media playlist.
pub(crate) fn segment_prefix(video: ContentKey, muxed: Option<ContentKey>) -> String {
    match muxed {
        Some(audio) => format!("../{video}+{audio}/"),
        None => format!("../{video}/"),
    }
}

/// Percent-encodes all but unreserved characters (RFC 3986 §2.3).
fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_names_cannot_leave_their_place() {
        let mut out = String::new();
        push_encoded(&mut out, "a;b),\n\"é");
        assert_eq!(out, "a%3Bb%29%2C%0A%22%C3%A9");
    }
}
