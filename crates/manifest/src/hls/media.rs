//! Media playlists: one track's segments, or its key frames.

use std::fmt::Write as _;

use super::{Flavour, muxed_audio};
use crate::{
    ContentKey, NothingToPlay, Presentation, Timeline, Track,
    text::{push_seconds, push_u64},
    time::rescale,
    uri::segment_prefix,
};

const MICROS: u32 = 1_000_000;

/// The segments of a track. In [`Flavour::MuxedTs`] a video track's hold the presentation's audio too.
pub fn media(presentation: &Presentation, track: &Track, flavour: Flavour) -> Result<String, NothingToPlay> {
    let muxed = match flavour {
        Flavour::MuxedTs if track.video().is_some() => muxed_audio(presentation).map(|audio| audio.key),
        _ => None,
    };
    let suffix = format!(".{}\n", flavour.extension());
    let playlist = Playlist { presentation, track, flavour, muxed, suffix, key_frames: false };
    playlist.write(&track.segments)
}

/// The key frames of a video track, each as a resource of its own.
///
/// A resource rather than a byte range of the segment: in MPEG-TS a key frame's packets are interleaved with others,
/// and a fragment's header describes all of its samples.
pub fn key_frames(
    presentation: &Presentation,
    track: &Track,
    flavour: Flavour,
) -> Result<String, NothingToPlay> {
    if flavour == Flavour::MuxedTs || track.video().is_none_or(|video| video.key_frames.is_none()) {
        return Err(NothingToPlay);
    }
    let suffix = format!("-i.{}\n", flavour.extension());
    let playlist = Playlist { presentation, track, flavour, muxed: None, suffix, key_frames: true };
    playlist.write(&track.fragments)
}

struct Playlist<'a> {
    presentation: &'a Presentation,
    track: &'a Track,
    flavour: Flavour,
    muxed: Option<ContentKey>,
    /// What follows the time in a URI, with the end of the line.
    suffix: String,
    key_frames: bool,
}

impl Playlist<'_> {
    fn write(&self, timeline: &Timeline) -> Result<String, NothingToPlay> {
        if !self.flavour.carries(self.track) {
            return Err(NothingToPlay);
        }
        let prefix = segment_prefix(self.track.key, self.muxed);
        let line = "#EXTINF:6.000000,\n".len() + prefix.len() + 20 + self.suffix.len();
        let mut out = String::with_capacity(256 + timeline.len() * line);
        self.header(&mut out, timeline);
        self.segments(&mut out, timeline, &prefix);
        if !self.presentation.is_growing() {
            out.push_str("#EXT-X-ENDLIST\n");
        }
        Ok(out)
    }

    fn header(&self, out: &mut String, timeline: &Timeline) {
        let growing = self.presentation.is_growing();
        let _ = writeln!(out, "#EXTM3U\n#EXT-X-VERSION:{}", self.flavour.version());
        let _ = writeln!(out, "#EXT-X-TARGETDURATION:{}", self.target(timeline));
        let _ = writeln!(out, "#EXT-X-PLAYLIST-TYPE:{}", if growing { "EVENT" } else { "VOD" });
        if self.key_frames {
            out.push_str("#EXT-X-I-FRAMES-ONLY\n");
        }
        if growing && self.flavour != Flavour::MuxedTs {
            // Without it players begin near the end, as they would with a live programme. Shaka takes a plain 0 for
            // nothing said.
            out.push_str("#EXT-X-START:TIME-OFFSET=0.001\n");
        }
        if self.flavour == Flavour::Cmaf {
            let _ = writeln!(out, "#EXT-X-MAP:URI=\"../{}/init.mp4\"", self.track.key);
        }
    }

    /// A segment lasts until the next one begins, so that positions in the playlist follow the media over a gap; and
    /// it is a difference of rounded boundaries, so that they do not drift from it either.
    fn segments(&self, out: &mut String, timeline: &Timeline, prefix: &str) {
        for (start, micros) in self.durations(timeline).take(self.listed(timeline)) {
            out.push_str("#EXTINF:");
            push_seconds(out, micros);
            out.push_str(",\n");
            out.push_str(prefix);
            push_u64(out, start);
            out.push_str(&self.suffix);
        }
    }

    /// How many segments are listed. If the newest turns out to be the last, it will hold all sound to the end of the
    /// title, so while the title grows it is not known what is in it.
    fn listed(&self, timeline: &Timeline) -> usize {
        match self.muxed.is_some() && self.presentation.is_growing() {
            true => timeline.len().saturating_sub(1),
            false => timeline.len(),
        }
    }

    /// Start in ticks and length in microseconds of every segment.
    fn durations<'t>(&self, timeline: &'t Timeline) -> impl Iterator<Item = (u64, u64)> + use<'t> {
        let scale = self.track.timescale.get();
        let mut segments = timeline.segments().peekable();
        std::iter::from_fn(move || {
            let (start, duration) = segments.next()?;
            let end = segments.peek().map_or(start + duration, |next| next.0);
            Some((start, rescale(end, scale, MICROS) - rescale(start, scale, MICROS)))
        })
    }

    /// `EXT-X-TARGETDURATION`: no segment's duration, rounded to the nearest second, is more (RFC 8216 §4.3.3.1), and
    /// it must not change while the playlist grows (§6.2.1), so it is at least the nominal length.
    ///
    /// It is computed of durations as they are printed: 6.4999996 s is `6.500000` to a reader, who rounds it to 7.
    fn target(&self, timeline: &Timeline) -> u64 {
        let longest = self.durations(timeline).map(|(_, micros)| micros).max().unwrap_or(0);
        let nominal = u64::from(self.presentation.target_ms().get()) * 1000;
        let to_seconds = |micros: u64| (micros + 500_000) / 1_000_000;
        to_seconds(longest.max(nominal)).max(1)
    }
}
