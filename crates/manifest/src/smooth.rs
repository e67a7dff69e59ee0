//! Smooth Streaming client manifests ([MS-SSTR] §2.2.2).
//!
//! `IsLive` describes a moving window that a client polls by `tfrf` boxes in its fragments, which is not what a title
//! that is being encoded is: such a title is shown as on-demand media with the chunks that exist, and a client sees
//! the rest when it loads the manifest again.

use std::fmt::{self, Display};

use crate::{
    Audio, Media, NothingToPlay, Presentation, SmoothCodec, Track, Video, time::rescale, uri::push_filters,
    xml::Xml,
};

/// Ticks per second of all times in a Smooth manifest and in its URLs.
pub const TIMESCALE: u32 = 10_000_000;

/// Which form of the manifest a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// 2.0, of the first clients: every chunk is listed.
    V2_0,
    /// 2.2: runs of equal chunks are one element.
    V2_2,
}

/// The media type of the manifest.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// The time by which the chunk that begins at `ticks` of `timescale` is asked for.
pub fn chunk_time(ticks: u64, timescale: std::num::NonZeroU32) -> u64 {
    rescale(ticks, timescale.get(), TIMESCALE)
}

/// The client manifest of all tracks that Smooth Streaming can carry. Chunk URLs repeat the `filters` of the request:
/// which track a bitrate means depends on them.
pub fn manifest(
    presentation: &Presentation,
    version: Version,
    filters: &[String],
) -> Result<String, NothingToPlay> {
    let streams = streams(presentation);
    if streams.is_empty() {
        return Err(NothingToPlay);
    }
    let chunks: usize = streams.iter().map(|stream| stream.chunks).sum();
    let mut xml = Xml::with_capacity(1024 + presentation.tracks().len() * 512 + chunks * 24);
    xml.open("SmoothStreamingMedia").attr("MajorVersion", 2).attr("MinorVersion", version.minor());
    xml.number("TimeScale", u64::from(TIMESCALE)).number("Duration", duration(presentation, &streams));
    let form = Form { version, filters };
    for stream in &streams {
        write_stream(&mut xml, presentation, stream, form);
    }
    Ok(xml.finish())
}

/// The track of `Fragments({stream}=…)` at a bitrate, as the manifest of the same presentation named it.
pub fn resolve<'a>(presentation: &'a Presentation, stream: &str, bitrate: u64) -> Option<&'a Track> {
    let streams = streams(presentation);
    let stream = streams.iter().find(|s| s.name().is_some_and(|name| name.eq_ignore_ascii_case(stream)))?;
    stream.levels.iter().find(|level| level.bitrate == bitrate).map(|level| level.track)
}

impl Version {
    fn minor(self) -> u8 {
        match self {
            Self::V2_0 => 0,
            Self::V2_2 => 2,
        }
    }
}

/// What was asked for.
#[derive(Clone, Copy)]
struct Form<'a> {
    version: Version,
    filters: &'a [String],
}

/// Tracks among which a client may switch from chunk to chunk.
struct Stream<'a> {
    levels: Vec<Level<'a>>,
    chunks: usize,
}

struct Level<'a> {
    track: &'a Track,
    codec: &'a SmoothCodec,
    /// The nominal bitrate, a little more where two tracks share it: it is their only name in URLs.
    bitrate: u64,
}

impl<'a> Stream<'a> {
    fn of(track: &'a Track, codec: &'a SmoothCodec) -> Self {
        let bitrate = u64::from(track.bitrate);
        Self { levels: vec![Level { track, codec, bitrate }], chunks: track.fragments.len() }
    }

    fn name(&self) -> Option<&str> {
        self.levels.first().map(|level| level.track.name.as_str())
    }

    fn takes(&self, track: &Track, codec: &SmoothCodec) -> bool {
        self.levels.first().is_some_and(|level| {
            level.codec.four_cc == codec.four_cc && alike(level.track, track) && aligned(level.track, track)
        })
    }

    fn add(&mut self, track: &'a Track, codec: &'a SmoothCodec) {
        let mut bitrate = u64::from(track.bitrate);
        while self.levels.iter().any(|level| level.bitrate == bitrate) {
            bitrate += 1;
        }
        self.chunks = self.chunks.min(track.fragments.len());
        self.levels.push(Level { track, codec, bitrate });
    }

    /// Boundaries in 100 ns: (start, end) of every chunk that all levels have.
    fn boundaries(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let track = self.levels.first().map(|level| level.track);
        track.into_iter().flat_map(chunk_boundaries).take(self.chunks)
    }
}

fn streams(presentation: &Presentation) -> Vec<Stream<'_>> {
    let mut streams: Vec<Stream<'_>> = Vec::new();
    for track in presentation.tracks().iter().filter(|track| !track.fragments.is_empty()) {
        let Some(codec) = &track.smooth else { continue };
        match streams.iter_mut().find(|stream| stream.takes(track, codec)) {
            Some(stream) => stream.add(track, codec),
            None => streams.push(Stream::of(track, codec)),
        }
    }
    streams
}

/// Whether the two are one thing to a viewer.
fn alike(one: &Track, other: &Track) -> bool {
    let same_kind = match (&one.media, &other.media) {
        (Media::Video(_), Media::Video(_)) => true,
        (Media::Audio(a), Media::Audio(b)) => a == b,
        _ => false,
    };
    same_kind && (&one.language, &one.label, one.role) == (&other.language, &other.label, other.role)
}

/// Whether chunks begin at the same moments as far as both go: a client asks every level for the same times.
fn aligned(one: &Track, other: &Track) -> bool {
    if one.timescale == other.timescale && one.fragments == other.fragments {
        return true;
    }
    let starts = |track| chunk_boundaries(track).map(|(start, _)| start);
    starts(one).zip(starts(other)).all(|(a, b)| a == b)
}

fn chunk_boundaries(track: &Track) -> impl Iterator<Item = (u64, u64)> + '_ {
    let scale = track.timescale;
    track
        .fragments
        .segments()
        .map(move |(start, duration)| (chunk_time(start, scale), chunk_time(start + duration, scale)))
}

fn duration(presentation: &Presentation, streams: &[Stream<'_>]) -> u64 {
    let ends = streams.iter().filter_map(|stream| stream.boundaries().last());
    let end = ends.map(|(_, end)| end).max().unwrap_or(0);
    end.saturating_sub(presentation.start().to(TIMESCALE))
}

fn write_stream(xml: &mut Xml, presentation: &Presentation, stream: &Stream<'_>, form: Form<'_>) {
    let Some(first) = stream.levels.first() else { return };
    let video = matches!(first.track.media, Media::Video(_));
    xml.open("StreamIndex")
        .attr("Type", if video { "video" } else { "audio" })
        .attr("Name", &first.track.name);
    xml.maybe("Language", first.track.known_language());
    xml.attr("Chunks", stream.chunks).attr("QualityLevels", stream.levels.len());
    let key = presentation.key();
    let name = &first.track.name;
    let mut url = format!("{key}/QualityLevels({{bitrate}})/Fragments({name}={{start time}}");
    push_filters(&mut url, form.filters);
    url.push(')');
    xml.attr("Url", url);
    write_largest_picture(xml, stream);
    for (index, level) in stream.levels.iter().enumerate() {
        write_level(xml, index, level);
    }
    write_chunks(xml, stream, form.version);
    xml.close();
}

fn write_largest_picture(xml: &mut Xml, stream: &Stream<'_>) {
    let pictures = stream.levels.iter().filter_map(|level| level.track.video());
    let Some(largest) = pictures.max_by_key(|video| u64::from(video.width) * u64::from(video.height)) else {
        return;
    };
    let (width, height) = largest.display_size();
    xml.attr("MaxWidth", largest.width).attr("MaxHeight", largest.height);
    xml.attr("DisplayWidth", width).attr("DisplayHeight", height);
}

fn write_level(xml: &mut Xml, index: usize, level: &Level<'_>) {
    xml.open("QualityLevel")
        .attr("Index", index)
        .number("Bitrate", level.bitrate)
        .attr("FourCC", level.codec.four_cc);
    match &level.track.media {
        Media::Video(Video { width, height, .. }) => {
            xml.attr("MaxWidth", width).attr("MaxHeight", height);
        }
        Media::Audio(Audio { sample_rate, channels }) => {
            xml.attr("SamplingRate", sample_rate).attr("Channels", channels);
            xml.attr("BitsPerSample", 16)
                .attr("PacketSize", 4)
                .attr("AudioTag", audio_tag(level.codec.four_cc));
        }
    }
    xml.attr("CodecPrivateData", Hex(&level.codec.private_data)).close();
}

/// The WAVE format tag of the codec ([MS-SSTR] §2.2.2.5, AudioTag).
fn audio_tag(four_cc: &str) -> u32 {
    const WAVE_FORMAT_RAW_AAC1: u32 = 0x00ff;
    const WAVE_FORMAT_EXTENSIBLE: u32 = 0xfffe;
    if four_cc.starts_with("AAC") { WAVE_FORMAT_RAW_AAC1 } else { WAVE_FORMAT_EXTENSIBLE }
}

/// Durations are differences of rounded boundaries, so that adding them up gives the same boundaries; `r` counts the
/// chunks of a run, one-based, and `t` is written where a run does not follow from the one before it.
fn write_chunks(xml: &mut Xml, stream: &Stream<'_>, version: Version) {
    let runs = version == Version::V2_2;
    let mut expected = None;
    let mut boundaries = stream.boundaries().peekable();
    while let Some((start, mut end)) = boundaries.next() {
        let (duration, mut count) = (end - start, 1u64);
        while let Some((_, next_end)) =
            boundaries.next_if(|next| runs && next.0 == end && next.1 - next.0 == duration)
        {
            end = next_end;
            count += 1;
        }
        xml.open("c");
        if expected != Some(start) {
            xml.number("t", start);
        }
        xml.number("d", duration);
        if count > 1 {
            xml.number("r", count);
        }
        xml.close();
        expected = Some(end);
    }
}

struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}
