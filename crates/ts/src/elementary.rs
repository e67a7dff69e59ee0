//! Access units as they travel in a transport stream: Annex B for video, ADTS for AAC.

use millrace_media::codec::CodecConfig;
use millrace_media::{adts, nal};

use crate::pes;
use crate::segment::TsError;

/// Access unit delimiters that allow any slice type: H.264 §7.3.2.4, H.265 §7.3.2.5.
const AVC_DELIMITER: [u8; 6] = [0, 0, 0, 1, 0x09, 0xf0];
const HEVC_DELIMITER: [u8; 7] = [0, 0, 0, 1, 0x46, 0x01, 0x50];
const AVC_DELIMITER_TYPE: u8 = 9;
const HEVC_DELIMITER_TYPE: u8 = 35;

pub(crate) fn stream_id(codec: &CodecConfig) -> u8 {
    match codec {
        CodecConfig::Avc(_) | CodecConfig::Hevc(_) => pes::VIDEO,
        CodecConfig::Aac(_) => pes::AUDIO,
        _ => pes::PRIVATE,
    }
}

pub(crate) fn is_video(codec: &CodecConfig) -> bool {
    matches!(codec, CodecConfig::Avc(_) | CodecConfig::Hevc(_))
}

/// Appends one access unit in its transport form.
pub(crate) fn append(out: &mut Vec<u8>, codec: &CodecConfig, key: bool, data: &[u8]) -> Result<(), TsError> {
    match codec {
        CodecConfig::Avc(config) => {
            out.extend(AVC_DELIMITER);
            video(out, codec, key, nal::NalUnits::new(data, config.length_size), |unit| {
                nal::avc_type(unit) == Some(AVC_DELIMITER_TYPE)
            })
        }
        CodecConfig::Hevc(config) => {
            out.extend(HEVC_DELIMITER);
            video(out, codec, key, nal::NalUnits::new(data, config.length_size), |unit| {
                nal::hevc_type(unit) == Some(HEVC_DELIMITER_TYPE)
            })
        }
        CodecConfig::Aac(config) => {
            out.extend(adts::header(config, data.len())?);
            out.extend_from_slice(data);
            Ok(())
        }
        _ => {
            out.extend_from_slice(data);
            Ok(())
        }
    }
}

fn video(
    out: &mut Vec<u8>,
    codec: &CodecConfig,
    key: bool,
    units: nal::NalUnits<'_>,
    is_delimiter: impl Fn(&[u8]) -> bool,
) -> Result<(), TsError> {
    if key {
        nal::append_parameter_sets(out, codec);
    }
    for unit in units {
        let unit = unit?;
        if !is_delimiter(unit) {
            nal::append_annex_b(out, unit);
        }
    }
    Ok(())
}
