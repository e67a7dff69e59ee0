//! `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15 §5.3.3.1).

use bytes::Bytes;

use super::{AvcSps, ConfigError};
use crate::FourCc;

/// How an H.264 track is decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct AvcConfig {
    /// `avc1` (parameter sets out of band) or `avc3` (in band).
    pub entry: FourCc,
    /// The record as it stands in `avcC`.
    pub avcc: Bytes,
    /// profile_idc: 66 Baseline, 77 Main, 100 High.
    pub profile: u8,
    /// The byte of constraint flags after it.
    pub constraints: u8,
    /// level_idc: ten times the level.
    pub level: u8,
    /// Bytes of a NAL unit's length field in samples: 1, 2 or 4.
    pub length_size: u8,
    /// Sequence parameter sets, without start codes.
    pub sps: Vec<Bytes>,
    /// Picture parameter sets, without start codes.
    pub pps: Vec<Bytes>,
    /// The first sequence parameter set, read; `None` when there is none or it makes no sense.
    pub picture: Option<AvcSps>,
}

impl AvcConfig {
    /// Reads the body of an `avcC` box.
    pub fn parse(entry: FourCc, avcc: Bytes) -> Result<Self, ConfigError> {
        let [version, profile, constraints, level, length, sets, ..] = avcc[..] else {
            return Err(ConfigError::Truncated);
        };
        if version != 1 {
            return Err(ConfigError::UnknownVersion(version));
        }
        let mut rest = avcc.slice(6..);
        let sps = take_sets(&mut rest, usize::from(sets & 0x1f))?;
        let count = take(&mut rest, 1)?[0];
        let pps = take_sets(&mut rest, usize::from(count))?;
        let picture = sps.first().and_then(|nal| AvcSps::parse(nal).ok());
        let length_size = (length & 3) + 1;
        if length_size == 3 {
            return Err(ConfigError::Invalid("a NAL unit length of 3 bytes"));
        }
        Ok(Self { entry, profile, constraints, level, length_size, sps, pps, picture, avcc })
    }

    /// `avc1.64001f`.
    pub fn rfc6381(&self) -> String {
        format!("{}.{:02x}{:02x}{:02x}", self.entry, self.profile, self.constraints, self.level)
    }

    /// Parameter sets in the order a decoder wants them.
    pub fn parameter_sets(&self) -> impl Iterator<Item = &Bytes> {
        self.sps.iter().chain(&self.pps)
    }
}

/// Takes `count` NAL units, each behind a 16-bit length.
pub(super) fn take_sets(rest: &mut Bytes, count: usize) -> Result<Vec<Bytes>, ConfigError> {
    let mut sets = Vec::new();
    for _ in 0..count {
        let length = take(rest, 2)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        sets.push(take(rest, length)?);
    }
    Ok(sets)
}

/// Takes exactly `count` bytes off the front.
pub(super) fn take(rest: &mut Bytes, count: usize) -> Result<Bytes, ConfigError> {
    if rest.len() < count { Err(ConfigError::Truncated) } else { Ok(rest.split_to(count)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ratio;

    /// x264: 318x178, High, 29.97 fps, pixels of 4:3.
    const RECORD: &[u8] = &[
        0x01, 0x64, 0x00, 0x0d, 0xff, 0xe1, 0x00, 0x19, 0x67, 0x64, 0x00, 0x0d, 0xac, 0xd9, 0x41, 0x41, 0x9e,
        0xa2, 0x30, 0xe1, 0x00, 0x00, 0x03, 0x03, 0xe9, 0x00, 0x00, 0xea, 0x60, 0x0f, 0x14, 0x29, 0x96, 0x01,
        0x00, 0x06, 0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0, 0xfd, 0xf8, 0xf8, 0x00,
    ];

    fn parse(bytes: &[u8]) -> Result<AvcConfig, ConfigError> {
        AvcConfig::parse(FourCc::new(b"avc1"), Bytes::copy_from_slice(bytes))
    }

    #[test]
    fn reads_a_record() {
        let config = parse(RECORD).expect("a record of x264");
        assert_eq!(config.rfc6381(), "avc1.64000d");
        assert_eq!((config.sps.len(), config.pps.len(), config.length_size), (1, 1, 4));
        assert_eq!(config.parameter_sets().count(), 2);
        let picture = config.picture.expect("a parameter set of x264");
        assert_eq!((picture.width, picture.height), (318, 178));
        assert_eq!((picture.sar, picture.frame_rate), (Ratio::new(4, 3), Ratio::new(30_000, 1001)));
        assert_eq!((picture.chroma_format, picture.bit_depth, picture.frames_only), (1, 8, true));
        assert_eq!(picture.colour, None);
    }

    #[test]
    fn a_cut_record_is_an_error_up_to_its_last_set() {
        let end = RECORD.len() - 4;
        for cut in 0..end {
            assert_eq!(parse(&RECORD[..cut]), Err(ConfigError::Truncated), "cut at {cut}");
        }
        assert!(parse(&RECORD[..end]).is_ok());
    }

    #[test]
    fn a_broken_parameter_set_leaves_the_record_usable() {
        let mut record = RECORD.to_vec();
        record[12..30].fill(0);
        assert_eq!(parse(&record).map(|config| config.picture), Ok(None));
    }
}
