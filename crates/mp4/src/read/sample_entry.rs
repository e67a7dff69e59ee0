//! Sample entries (`stsd`): which codec, and the shape of what it codes.

use bytes::Bytes;
use millrace_media::codec::{
    AacConfig, Ac3Config, Av1Config, AvcConfig, Eac3Config, HevcConfig, OpusConfig, Vp9Config,
};
use millrace_media::{
    AudioFormat, CodecConfig, Colour, ConfigError, Format, FourCc, Ratio, Rotation, VideoFormat,
};

use super::esds::Esds;
use crate::atom::{Atom, Atoms};
use crate::{BoxHeader, ParseError};

/// Kinds of tracks that are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handler {
    Video,
    Audio,
    Text,
}

impl Handler {
    pub(super) fn of(handler: FourCc) -> Option<Self> {
        match &handler.0 {
            b"vide" => Some(Self::Video),
            b"soun" => Some(Self::Audio),
            b"text" | b"sbtl" | b"subt" | b"clcp" | b"subp" => Some(Self::Text),
            _ => None,
        }
    }
}

/// Fields of a `VisualSampleEntry` before its boxes.
const VISUAL_FIELDS: usize = 78;
/// Fields of an `AudioSampleEntry` before its boxes.
const AUDIO_FIELDS: usize = 28;
/// What QuickTime's sound description of version 1 and 2 puts after them.
const QUICKTIME_V1: usize = 16;
const QUICKTIME_V2: usize = 36;

pub(super) fn parse(
    entry: &Atom<'_>,
    handler: Handler,
    rotation: Rotation,
    source: &Bytes,
) -> Result<(CodecConfig, Format), ParseError> {
    match handler {
        Handler::Video => visual(entry, rotation, source),
        Handler::Audio => audio(entry, source),
        Handler::Text => Ok((CodecConfig::Other { fourcc: entry.kind, object_type: None }, Format::Text)),
    }
}

fn visual(entry: &Atom<'_>, rotation: Rotation, source: &Bytes) -> Result<(CodecConfig, Format), ParseError> {
    let mut fields = entry.fields();
    fields.skip(24)?;
    let (width, height) = (u32::from(fields.u16()?), u32::from(fields.u16()?));
    fields.skip(VISUAL_FIELDS - 28)?;
    let mut video = VideoFormat { rotation, ..VideoFormat::new(width, height) };
    let mut codec = None;
    let (mut sar, mut colour) = (None, None);
    for child in entry.children_after(VISUAL_FIELDS) {
        let child = child?;
        match &child.kind.0 {
            b"pasp" => sar = pixel_aspect(&child)?,
            b"colr" => colour = colour_of(&child)?.or(colour),
            _ => codec = codec.or(video_codec(entry.kind, &child, source)?),
        }
    }
    let codec = codec.unwrap_or(CodecConfig::Other { fourcc: entry.kind, object_type: None });
    from_codec(&mut video, &codec);
    // The container's word goes before the codec's: that is what players obey, and what remuxing tools change.
    video.sar = sar.unwrap_or(video.sar);
    video.colour = colour.or(video.colour);
    Ok((codec, Format::Video(video)))
}

fn video_codec(entry: FourCc, child: &Atom<'_>, source: &Bytes) -> Result<Option<CodecConfig>, ParseError> {
    let body = || source.slice_ref(child.body);
    let fail = |error: ConfigError| child.error(error);
    Ok(Some(match (&entry.0, &child.kind.0) {
        (b"avc1" | b"avc3", b"avcC") => CodecConfig::Avc(AvcConfig::parse(entry, body()).map_err(fail)?),
        (b"hvc1" | b"hev1", b"hvcC") => CodecConfig::Hevc(HevcConfig::parse(entry, body()).map_err(fail)?),
        (b"vp09", b"vpcC") => CodecConfig::Vp9(Vp9Config::parse(body()).map_err(fail)?),
        (b"av01", b"av1C") => CodecConfig::Av1(Av1Config::parse(body()).map_err(fail)?),
        (_, b"esds") => {
            let object_type = Some(Esds::parse(child, source)?.object_type);
            CodecConfig::Other { fourcc: entry, object_type }
        }
        _ => return Ok(None),
    }))
}

/// Size, aspect, colour and rate that the codec's own header knows better than the entry.
fn from_codec(video: &mut VideoFormat, codec: &CodecConfig) {
    let (width, height, sar, colour, rate) = match codec {
        CodecConfig::Avc(AvcConfig { picture: Some(sps), .. }) => {
            (sps.width, sps.height, sps.sar, sps.colour, sps.frame_rate)
        }
        CodecConfig::Hevc(HevcConfig { picture: Some(sps), .. }) => {
            (sps.width, sps.height, sps.sar, sps.colour, sps.frame_rate)
        }
        CodecConfig::Vp9(vp9) => (video.width, video.height, None, Some(vp9.colour), None),
        _ => return,
    };
    (video.width, video.height) = (width, height);
    video.sar = sar.unwrap_or(Ratio::ONE);
    (video.colour, video.frame_rate) = (colour.filter(says_something), rate);
}

/// Code point 2 is "unspecified".
fn says_something(colour: &Colour) -> bool {
    [colour.primaries, colour.transfer, colour.matrix] != [2; 3] || colour.full_range
}

fn pixel_aspect(pasp: &Atom<'_>) -> Result<Option<Ratio>, ParseError> {
    let mut fields = pasp.fields();
    Ok(Ratio::new(fields.u32()?.into(), fields.u32()?.into()))
}

/// `nclx` of ISO files and `nclc` of QuickTime; an ICC profile says nothing here.
fn colour_of(colr: &Atom<'_>) -> Result<Option<Colour>, ParseError> {
    let mut fields = colr.fields();
    let kind = fields.fourcc()?;
    if !matches!(&kind.0, b"nclx" | b"nclc") {
        return Ok(None);
    }
    let (primaries, transfer, matrix) = (fields.u16()?, fields.u16()?, fields.u16()?);
    let full_range = kind.0 == *b"nclx" && fields.u8()? & 0x80 != 0;
    Ok(Some(Colour { primaries, transfer, matrix, full_range }))
}

fn audio(entry: &Atom<'_>, source: &Bytes) -> Result<(CodecConfig, Format), ParseError> {
    let mut fields = entry.fields();
    fields.skip(8)?;
    let version = fields.u16()?;
    fields.skip(6)?;
    let mut channels = fields.u16()?;
    fields.skip(6)?;
    let mut rate = fields.u32()? >> 16;
    if version == 2 {
        // QuickTime's last word on sound: a rate in double precision and 32 bits of channels.
        fields.skip(4)?;
        rate = f64::from_bits(fields.u64()?) as u32;
        channels = u16::try_from(fields.u32()?).unwrap_or(u16::MAX);
    }
    let mut found = None;
    let boxes = audio_boxes(entry, version);
    // QuickTime puts the esds into a `wave` box.
    for child in boxes {
        let child = child?;
        match &child.kind.0 {
            b"wave" => {
                for inner in child.children() {
                    found = found.or(audio_codec(entry.kind, &inner?, source)?);
                }
            }
            _ => found = found.or(audio_codec(entry.kind, &child, source)?),
        }
    }
    let codec = found.unwrap_or(CodecConfig::Other { fourcc: entry.kind, object_type: None });
    let (sample_rate, channels) = match &codec {
        // Channel configuration 0 without a list leaves the entry's count.
        CodecConfig::Aac(aac) if aac.channels == 0 => (aac.sample_rate, channels),
        CodecConfig::Aac(aac) => (aac.sample_rate, aac.channels),
        CodecConfig::Opus(opus) => (OpusConfig::RATE, opus.channels.into()),
        CodecConfig::Ac3(ac3) => (ac3.sample_rate, ac3.channels),
        CodecConfig::Eac3(eac3) => (eac3.sample_rate, eac3.channels),
        _ => (rate, channels),
    };
    Ok((codec, Format::Audio(AudioFormat { sample_rate, channels })))
}

/// Boxes behind the fields. Version 1 means 16 more bytes in QuickTime but none in ISO files, and the entry itself does
/// not tell which it is: where a box can be read straight away, there are none.
fn audio_boxes<'a>(entry: &Atom<'a>, version: u16) -> Atoms<'a> {
    let skip = match version {
        1 if !begins_with_box(entry.body.get(AUDIO_FIELDS..).unwrap_or_default()) => QUICKTIME_V1,
        2 => QUICKTIME_V2,
        _ => 0,
    };
    entry.children_after(AUDIO_FIELDS + skip)
}

fn begins_with_box(data: &[u8]) -> bool {
    match BoxHeader::parse(data) {
        Ok(Some(header)) => {
            let fits = header.size.is_some_and(|size| size <= data.len() as u64);
            fits && header.kind.0.iter().all(|byte| (0x20..=0x7e).contains(byte))
        }
        _ => false,
    }
}

fn audio_codec(entry: FourCc, child: &Atom<'_>, source: &Bytes) -> Result<Option<CodecConfig>, ParseError> {
    let body = || source.slice_ref(child.body);
    let fail = |error: ConfigError| child.error(error);
    Ok(Some(match (&entry.0, &child.kind.0) {
        (b"mp4a", b"esds") => {
            let esds = Esds::parse(child, source)?;
            match (esds.object_type, esds.specific) {
                // MPEG-4 audio, and the three MPEG-2 AAC profiles.
                (0x40 | 0x66..=0x68, Some(asc)) => CodecConfig::Aac(AacConfig::parse(asc).map_err(fail)?),
                (object_type, _) => CodecConfig::Other { fourcc: entry, object_type: Some(object_type) },
            }
        }
        (b"Opus", b"dOps") => CodecConfig::Opus(OpusConfig::parse(body()).map_err(fail)?),
        (b"ac-3", b"dac3") => CodecConfig::Ac3(Ac3Config::parse(body()).map_err(fail)?),
        (b"ec-3", b"dec3") => CodecConfig::Eac3(Eac3Config::parse(body()).map_err(fail)?),
        _ => return Ok(None),
    }))
}
