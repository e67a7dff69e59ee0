//! Names and private data of codecs in Smooth Streaming manifests ([MS-SSTR] §2.2.2.5).

use std::fmt::Write;

use crate::{CodecConfig, nal};

/// FourCC of a quality level; `None` for a codec that Smooth Streaming has no name for.
pub fn fourcc(codec: &CodecConfig) -> Option<&'static str> {
    match codec {
        CodecConfig::Avc(_) => Some("H264"),
        CodecConfig::Hevc(_) => Some("HVC1"),
        CodecConfig::Aac(aac) if matches!(aac.object_type, 5 | 29) => Some("AACH"),
        CodecConfig::Aac(_) => Some("AACL"),
        CodecConfig::Ac3(_) => Some("AC-3"),
        CodecConfig::Eac3(_) => Some("EC-3"),
        _ => None,
    }
}

/// CodecPrivateData as upper-case hex: Annex B parameter sets of video, the AudioSpecificConfig of AAC, the `dec3` body
/// of Dolby Digital Plus; empty where the codec has none.
pub fn codec_private_data(codec: &CodecConfig) -> String {
    match codec {
        CodecConfig::Avc(_) | CodecConfig::Hevc(_) => {
            let mut sets = Vec::new();
            nal::append_parameter_sets(&mut sets, codec);
            hex(&sets)
        }
        CodecConfig::Aac(aac) => hex(&aac.asc),
        CodecConfig::Eac3(eac3) => hex(&eac3.dec3),
        _ => String::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02X}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FourCc;
    use crate::codec::{AacConfig, AvcConfig};
    use bytes::Bytes;

    #[test]
    fn gives_parameter_sets_with_start_codes() {
        let avcc = [1, 66, 0, 30, 0xff, 0xe1, 0, 3, 0x67, 66, 0, 1, 0, 2, 0x68, 0xce];
        let avc = AvcConfig::parse(FourCc::new(b"avc1"), Bytes::copy_from_slice(&avcc)).expect("a record");
        let codec = CodecConfig::Avc(avc);
        assert_eq!(codec_private_data(&codec), "00000001674200".to_owned() + "0000000168CE");
        assert_eq!(fourcc(&codec), Some("H264"));
    }

    #[test]
    fn gives_the_audio_config() {
        let codec = CodecConfig::Aac(AacConfig::parse(Bytes::from_static(&[0x11, 0x90])).expect("a config"));
        assert_eq!((fourcc(&codec), codec_private_data(&codec).as_str()), (Some("AACL"), "1190"));
    }
}
