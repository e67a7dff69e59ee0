//! The master playlist.

use std::fmt::Write as _;

use super::{
    Flavour, Options, bandwidth,
    bandwidth::{packed, packed_key_frames},
    groups::Group,
    groups::Rendition,
    groups::groups,
    muxed_audio,
};
use crate::{
    Bandwidth, NothingToPlay, Presentation, Role, Track, Video, text::push_quoted, uri::push_playlist,
};

/// All variants of the presentation in that packing.
///
/// Video variants come first, in the presentation's order; then the sound alone; then key frames.
pub fn master(
    presentation: &Presentation,
    flavour: Flavour,
    options: &Options,
) -> Result<String, NothingToPlay> {
    let writer = Writer { flavour, options };
    let videos: Vec<_> = presentation.videos().filter(|(track, _)| flavour.carries(track)).collect();
    let mut out = String::with_capacity(1024 + presentation.tracks().len() * 600);
    let _ = write!(out, "#EXTM3U\n#EXT-X-VERSION:{}\n", flavour.version());
    if flavour != Flavour::MuxedTs {
        out.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n");
    }
    let variants = match flavour {
        Flavour::Cmaf | Flavour::Ts => writer.with_groups(&mut out, &videos, &groups(presentation, flavour)),
        Flavour::MuxedTs => writer.muxed(&mut out, &videos, muxed_audio(presentation)),
    };
    if flavour != Flavour::MuxedTs {
        writer.key_frames(&mut out, &videos);
    }
    if variants == 0 { Err(NothingToPlay) } else { Ok(out) }
}

struct Writer<'a> {
    flavour: Flavour,
    options: &'a Options,
}

/// What one `EXT-X-STREAM-INF` says.
struct Variant<'a> {
    track: &'a Track,
    rate: Bandwidth,
    codecs: Vec<&'a str>,
    video: Option<&'a Video>,
    group: Option<&'a str>,
}

impl Writer<'_> {
    /// Variants with audio in groups; gives their number.
    fn with_groups(&self, out: &mut String, videos: &[(&Track, &Video)], groups: &[Group<'_>]) -> usize {
        for group in groups {
            group.renditions.iter().for_each(|rendition| self.rendition(out, &group.id, rendition));
        }
        let mut variants = Vec::new();
        for (track, video) in videos {
            let rate = packed(track, self.flavour);
            if groups.is_empty() {
                variants.push(Variant {
                    track,
                    rate,
                    codecs: vec![&track.codecs],
                    video: Some(video),
                    group: None,
                });
            }
            for group in groups {
                let mut codecs = vec![track.codecs.as_str()];
                codecs.extend(group.codecs());
                let rate = bandwidth::sum(rate, group.bandwidth(self.flavour));
                variants.push(Variant { track, rate, codecs, video: Some(video), group: Some(&group.id) });
            }
        }
        if self.options.audio_only || videos.is_empty() {
            variants.extend(groups.iter().filter_map(|group| self.sound_alone(group)));
        }
        variants.iter().for_each(|variant| self.variant(out, variant));
        variants.len()
    }

    fn sound_alone<'a>(&self, group: &'a Group<'a>) -> Option<Variant<'a>> {
        let track = group.default_track()?;
        let rate = group.bandwidth(self.flavour);
        Some(Variant { track, rate, codecs: group.codecs(), video: None, group: Some(&group.id) })
    }

    /// Variants with the audio in each; gives their number.
    fn muxed(&self, out: &mut String, videos: &[(&Track, &Video)], audio: Option<&Track>) -> usize {
        let mut variants = Vec::new();
        for (track, video) in videos {
            let mut rate = packed(track, self.flavour);
            let mut codecs = vec![track.codecs.as_str()];
            if let Some(audio) = audio {
                rate = bandwidth::sum(rate, packed(audio, self.flavour));
                codecs.push(&audio.codecs);
            }
            variants.push(Variant { track, rate, codecs, video: Some(video), group: None });
        }
        if let Some(audio) = audio.filter(|_| self.options.audio_only || videos.is_empty()) {
            let rate = packed(audio, self.flavour);
            variants.push(Variant {
                track: audio,
                rate,
                codecs: vec![&audio.codecs],
                video: None,
                group: None,
            });
        }
        variants.iter().for_each(|variant| self.variant(out, variant));
        variants.len()
    }

    fn rendition(&self, out: &mut String, group: &str, rendition: &Rendition<'_>) {
        let track = rendition.track;
        let _ = write!(out, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{group}\",NAME=");
        push_quoted(out, &rendition.name);
        if let Some(language) = track.known_language() {
            let _ = write!(out, ",LANGUAGE=\"{language}\"");
        }
        let _ = write!(out, ",DEFAULT={},AUTOSELECT={}", yes(rendition.default), yes(rendition.autoselect));
        if track.role == Role::Description {
            out.push_str(",CHARACTERISTICS=\"public.accessibility.describes-video\"");
        }
        if let Some(audio) = track.audio() {
            let _ = write!(out, ",CHANNELS=\"{}\"", audio.channels);
        }
        out.push_str(",URI=\"");
        push_playlist(out, track, self.flavour.format(), false, &self.options.filters);
        out.push_str("\"\n");
    }

    fn variant(&self, out: &mut String, variant: &Variant<'_>) {
        out.push_str("#EXT-X-STREAM-INF:");
        self.rates(out, variant.rate);
        out.push_str(",CODECS=");
        push_quoted(out, &variant.codecs.join(","));
        if let Some(video) = variant.video {
            picture(out, video);
        }
        if let Some(group) = variant.group {
            let _ = write!(out, ",AUDIO=\"{group}\"");
        }
        out.push('\n');
        push_playlist(out, variant.track, self.flavour.format(), false, &self.options.filters);
        out.push('\n');
    }

    fn key_frames(&self, out: &mut String, videos: &[(&Track, &Video)]) {
        for (track, video) in videos {
            let Some(rate) = video.key_frames else { continue };
            out.push_str("#EXT-X-I-FRAME-STREAM-INF:");
            self.rates(out, packed_key_frames(rate, self.flavour));
            out.push_str(",CODECS=");
            push_quoted(out, &track.codecs);
            resolution(out, video);
            out.push_str(",URI=\"");
            push_playlist(out, track, self.flavour.format(), true, &self.options.filters);
            out.push_str("\"\n");
        }
    }

    /// `AVERAGE-BANDWIDTH` never exceeds `BANDWIDTH`, whatever was measured.
    fn rates(&self, out: &mut String, rate: Bandwidth) {
        let peak = rate.peak.max(rate.average).max(1);
        let _ = write!(out, "BANDWIDTH={peak}");
        if self.flavour != Flavour::MuxedTs && rate.average > 0 {
            let _ = write!(out, ",AVERAGE-BANDWIDTH={}", rate.average);
        }
    }
}

fn picture(out: &mut String, video: &Video) {
    resolution(out, video);
    if let Some((frames, per)) = video.frame_rate {
        let millis = (u64::from(frames.get()) * 2000 + u64::from(per.get())) / (u64::from(per.get()) * 2);
        let _ = write!(out, ",FRAME-RATE={}.{:03}", millis / 1000, millis % 1000);
    }
}

/// The size at which to show it, so anamorphic pictures have that of square pixels.
fn resolution(out: &mut String, video: &Video) {
    let (width, height) = video.display_size();
    let _ = write!(out, ",RESOLUTION={width}x{height}");
}

fn yes(value: bool) -> &'static str {
    if value { "YES" } else { "NO" }
}
