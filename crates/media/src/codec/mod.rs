//! Decoder configurations as containers carry them, parsed once.

mod aac;
mod av1;
mod avc;
mod avc_sps;
mod dolby;
mod hevc;
mod hevc_ptl;
mod hevc_sps;
mod opus;
mod vp9;

pub use aac::AacConfig;
pub(crate) use aac::RATES;
pub use av1::Av1Config;
pub use avc::AvcConfig;
pub use avc_sps::AvcSps;
pub use dolby::{Ac3Config, Eac3Config};
pub use hevc::HevcConfig;
pub use hevc_ptl::ProfileTierLevel;
pub use hevc_sps::HevcSps;
pub use opus::OpusConfig;
pub use vp9::Vp9Config;

use crate::FourCc;

/// How the samples of a track are coded, with the decoder's configuration record.
#[derive(Clone, Debug, PartialEq)]
pub enum CodecConfig {
    /// H.264, `avc1` or `avc3`.
    Avc(AvcConfig),
    /// H.265, `hvc1` or `hev1`.
    Hevc(HevcConfig),
    /// AAC of any kind, `mp4a` with object type 0x40.
    Aac(AacConfig),
    /// Opus.
    Opus(OpusConfig),
    /// Dolby Digital.
    Ac3(Ac3Config),
    /// Dolby Digital Plus.
    Eac3(Eac3Config),
    /// VP9.
    Vp9(Vp9Config),
    /// AV1.
    Av1(Av1Config),
    /// Anything else: carried, not understood.
    Other {
        /// The sample entry's name.
        fourcc: FourCc,
        /// objectTypeIndication of its `esds`, where it has one (0x6b is MP3).
        object_type: Option<u8>,
    },
}

impl CodecConfig {
    /// The sample entry's name: `avc1`, `hvc1`, `mp4a`…
    pub fn fourcc(&self) -> FourCc {
        match self {
            Self::Avc(avc) => avc.entry,
            Self::Hevc(hevc) => hevc.entry,
            Self::Aac(_) => FourCc::new(b"mp4a"),
            Self::Opus(_) => FourCc::new(b"Opus"),
            Self::Ac3(_) => FourCc::new(b"ac-3"),
            Self::Eac3(_) => FourCc::new(b"ec-3"),
            Self::Vp9(_) => FourCc::new(b"vp09"),
            Self::Av1(_) => FourCc::new(b"av01"),
            Self::Other { fourcc, .. } => *fourcc,
        }
    }

    /// The `codecs` string of manifests (RFC 6381 and each codec's own binding).
    pub fn rfc6381(&self) -> String {
        match self {
            Self::Avc(avc) => avc.rfc6381(),
            Self::Hevc(hevc) => hevc.rfc6381(),
            Self::Aac(aac) => aac.rfc6381(),
            Self::Opus(_) => "opus".to_owned(),
            Self::Ac3(_) => "ac-3".to_owned(),
            Self::Eac3(_) => "ec-3".to_owned(),
            Self::Vp9(vp9) => vp9.rfc6381(),
            Self::Av1(av1) => av1.rfc6381(),
            Self::Other { fourcc, object_type: Some(object_type) } => format!("{fourcc}.{object_type:02X}"),
            Self::Other { fourcc, object_type: None } => fourcc.to_string(),
        }
    }

    /// Bytes of a NAL unit's length field in samples of AVC and HEVC, `None` for other codecs.
    pub fn nal_length_size(&self) -> Option<u8> {
        match self {
            Self::Avc(avc) => Some(avc.length_size),
            Self::Hevc(hevc) => Some(hevc.length_size),
            _ => None,
        }
    }
}

/// A codec header could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It ends before its last field.
    #[error("the codec header is cut short")]
    Truncated,
    /// It says something that its standard rules out.
    #[error("the codec header holds {0}")]
    Invalid(&'static str),
    /// It is written in a version this reader does not know.
    #[error("version {0} of the codec header is not known")]
    UnknownVersion(u8),
}
