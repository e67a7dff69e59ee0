//! Sample entries made from a track's configuration.

use millrace_media::{AudioFormat, CodecConfig, Colour, Format, Ratio, TrackConfig, VideoFormat};

use super::{Boxes, WriteError};

/// The sample entry box of a track.
pub(super) fn sample_entry(config: &TrackConfig) -> Result<Boxes, WriteError> {
    let fourcc = config.fourcc();
    let unknown = WriteError::UnknownCodec(fourcc);
    let mut out = Boxes::with_capacity(256);
    match &config.format {
        Format::Video(video) => {
            let (kind, record) = video_record(&config.codec).ok_or(unknown)?;
            out.boxed(&fourcc.0, |out| {
                visual_fields(out, video);
                out.boxed(kind, |out| out.bytes(record));
                picture_boxes(out, video);
            });
        }
        Format::Audio(audio) => {
            let (kind, record) = audio_record(&config.codec).ok_or(unknown)?;
            out.boxed(&fourcc.0, |out| {
                audio_fields(out, audio);
                match &config.codec {
                    CodecConfig::Aac(_) => esds(out, record),
                    _ => out.boxed(kind, |out| out.bytes(record)),
                }
            });
        }
        Format::Text => return Err(unknown),
    }
    Ok(out)
}

fn video_record(codec: &CodecConfig) -> Option<(&'static [u8; 4], &[u8])> {
    match codec {
        CodecConfig::Avc(avc) => Some((b"avcC", &avc.avcc)),
        CodecConfig::Hevc(hevc) => Some((b"hvcC", &hevc.hvcc)),
        CodecConfig::Vp9(vp9) => Some((b"vpcC", &vp9.vpcc)),
        CodecConfig::Av1(av1) => Some((b"av1C", &av1.av1c)),
        _ => None,
    }
}

fn audio_record(codec: &CodecConfig) -> Option<(&'static [u8; 4], &[u8])> {
    match codec {
        CodecConfig::Aac(aac) => Some((b"esds", &aac.asc)),
        CodecConfig::Opus(opus) => Some((b"dOps", &opus.dops)),
        CodecConfig::Ac3(ac3) => Some((b"dac3", &ac3.dac3)),
        CodecConfig::Eac3(eac3) => Some((b"dec3", &eac3.dec3)),
        _ => None,
    }
}

/// `VisualSampleEntry` (§12.1.3.2).
fn visual_fields(out: &mut Boxes, video: &VideoFormat) {
    out.zeros(6);
    out.u16(1);
    out.zeros(16);
    out.u16(side(video.width));
    out.u16(side(video.height));
    out.u32(0x0048_0000);
    out.u32(0x0048_0000);
    out.zeros(4);
    out.u16(1);
    out.zeros(32);
    out.u16(0x0018);
    out.u16(0xffff);
}

fn side(pixels: u32) -> u16 {
    u16::try_from(pixels).unwrap_or(u16::MAX)
}

fn picture_boxes(out: &mut Boxes, video: &VideoFormat) {
    if let Some(Colour { primaries, transfer, matrix, full_range }) = video.colour {
        out.boxed(b"colr", |out| {
            out.bytes(b"nclx");
            out.u16(primaries);
            out.u16(transfer);
            out.u16(matrix);
            out.u8(if full_range { 0x80 } else { 0 });
        });
    }
    if video.sar != Ratio::ONE {
        out.boxed(b"pasp", |out| {
            out.u32(video.sar.num());
            out.u32(video.sar.den());
        });
    }
}

/// `AudioSampleEntry` (§12.2.3.2).
fn audio_fields(out: &mut Boxes, audio: &AudioFormat) {
    out.zeros(6);
    out.u16(1);
    out.zeros(8);
    out.u16(audio.channels);
    out.u16(16);
    out.zeros(4);
    // 16.16 fixed point; a rate beyond it is left to the codec's own header.
    out.u32(u16::try_from(audio.sample_rate).map_or(0, |rate| u32::from(rate) << 16));
}

/// `ESDBox` (ISO/IEC 14496-14 §5.6) around an AudioSpecificConfig.
fn esds(out: &mut Boxes, asc: &[u8]) {
    const DECODER_FIXED: usize = 13;
    let decoder = DECODER_FIXED + descriptor_len(asc.len());
    let stream = 3 + descriptor_len(decoder) + descriptor_len(1);
    out.full(b"esds", 0, 0, |out| {
        descriptor(out, 0x03, stream);
        out.u16(0);
        out.u8(0);
        descriptor(out, 0x04, decoder);
        out.u8(0x40);
        // Audio stream, and the reserved bit.
        out.u8(0x15);
        out.zeros(3 + 4 + 4);
        descriptor(out, 0x05, asc.len());
        out.bytes(asc);
        // SLConfigDescriptor: predefined for MP4 files.
        descriptor(out, 0x06, 1);
        out.u8(2);
    });
}

/// Tag and a four-byte length, the form every reader takes.
fn descriptor(out: &mut Boxes, tag: u8, len: usize) {
    out.u8(tag);
    for shift in [21, 14, 7] {
        out.u8((len >> shift & 0x7f) as u8 | 0x80);
    }
    out.u8((len & 0x7f) as u8);
}

fn descriptor_len(len: usize) -> usize {
    5 + len
}
