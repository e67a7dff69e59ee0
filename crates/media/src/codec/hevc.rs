//! `HEVCDecoderConfigurationRecord` (ISO/IEC 14496-15 §8.3.3.1).

use bytes::Bytes;

use super::avc::{take, take_sets};
use super::{ConfigError, HevcSps, ProfileTierLevel};
use crate::FourCc;

/// How an H.265 track is decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct HevcConfig {
    /// `hvc1` (parameter sets out of band) or `hev1` (in band).
    pub entry: FourCc,
    /// The record as it stands in `hvcC`.
    pub hvcc: Bytes,
    /// Profile, tier and level.
    pub ptl: ProfileTierLevel,
    /// Bytes of a NAL unit's length field in samples: 1, 2 or 4.
    pub length_size: u8,
    /// Video parameter sets, without start codes.
    pub vps: Vec<Bytes>,
    /// Sequence parameter sets.
    pub sps: Vec<Bytes>,
    /// Picture parameter sets.
    pub pps: Vec<Bytes>,
    /// The first sequence parameter set, read; `None` when there is none or it makes no sense.
    pub picture: Option<HevcSps>,
}

/// Where the arrays of NAL units begin: after 22 fixed bytes and their count.
const FIXED_LEN: usize = 23;

impl HevcConfig {
    /// Reads the body of an `hvcC` box.
    pub fn parse(entry: FourCc, hvcc: Bytes) -> Result<Self, ConfigError> {
        let fixed = hvcc.first_chunk::<FIXED_LEN>().ok_or(ConfigError::Truncated)?;
        if fixed[0] != 1 {
            return Err(ConfigError::UnknownVersion(fixed[0]));
        }
        let length_size = (fixed[21] & 3) + 1;
        if length_size == 3 {
            return Err(ConfigError::Invalid("a NAL unit length of 3 bytes"));
        }
        let ptl = ProfileTierLevel::parse(&fixed[1..])?;
        let mut sets = [const { Vec::new() }; 3];
        let mut rest = hvcc.slice(FIXED_LEN..);
        for _ in 0..fixed[22] {
            let head = take(&mut rest, 3)?;
            let units = take_sets(&mut rest, usize::from(u16::from_be_bytes([head[1], head[2]])))?;
            // VPS, SPS and PPS are types 32, 33 and 34; SEI arrays may stand beside them.
            if let Some(known) = usize::from(head[0] & 0x3f).checked_sub(32).and_then(|at| sets.get_mut(at)) {
                known.extend(units);
            }
        }
        let [vps, sps, pps] = sets;
        let picture = sps.first().and_then(|nal| HevcSps::parse(nal).ok());
        Ok(Self { entry, ptl, length_size, vps, sps, pps, picture, hvcc })
    }

    /// `hvc1.1.6.L93.B0`.
    pub fn rfc6381(&self) -> String {
        format!("{}.{}", self.entry, self.ptl.rfc6381())
    }

    /// Parameter sets in the order a decoder wants them.
    pub fn parameter_sets(&self) -> impl Iterator<Item = &Bytes> {
        self.vps.iter().chain(&self.sps).chain(&self.pps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Colour, Ratio};

    /// x265: 318x178, Main 10, 25 fps, HDR10 colours.
    const RECORD: &[u8] = &[
        0x01, 0x02, 0x20, 0x00, 0x00, 0x00, 0x90, 0x00, 0x00, 0x00, 0x00, 0x00, 0x3c, 0xf0, 0x00, 0xfc, 0xfd,
        0xfa, 0xfa, 0x00, 0x00, 0x0f, 0x03, 0xa0, 0x00, 0x01, 0x00, 0x18, 0x40, 0x01, 0x0c, 0x01, 0xff, 0xff,
        0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x95, 0x98,
        0x09, 0xa1, 0x00, 0x01, 0x00, 0x2f, 0x42, 0x01, 0x01, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00,
        0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0xa0, 0x0a, 0x08, 0x0b, 0x9d, 0x48, 0xd9, 0x65, 0x66, 0x92,
        0x4c, 0xaf, 0x01, 0x6a, 0x12, 0x20, 0x12, 0x08, 0x00, 0x00, 0x03, 0x00, 0x08, 0x00, 0x00, 0x03, 0x00,
        0xc8, 0x40, 0xa2, 0x00, 0x01, 0x00, 0x07, 0x44, 0x01, 0xc1, 0x72, 0xb4, 0x62, 0x40,
    ];

    fn parse(bytes: &[u8]) -> Result<HevcConfig, ConfigError> {
        HevcConfig::parse(FourCc::new(b"hvc1"), Bytes::copy_from_slice(bytes))
    }

    #[test]
    fn reads_a_record() {
        let config = parse(RECORD).expect("a record of x265");
        assert_eq!(config.rfc6381(), "hvc1.2.4.L60.90");
        assert_eq!((config.vps.len(), config.sps.len(), config.pps.len(), config.length_size), (1, 1, 1, 4));
        let picture = config.picture.expect("a parameter set of x265");
        assert_eq!((picture.width, picture.height), (318, 178));
        assert_eq!((picture.chroma_format, picture.bit_depth), (1, 10));
        assert_eq!(picture.frame_rate, Ratio::new(25, 1));
        let hdr10 = Colour { primaries: 9, transfer: 16, matrix: 9, full_range: false };
        assert_eq!(picture.colour, Some(hdr10));
    }

    #[test]
    fn a_cut_record_is_an_error() {
        for cut in 0..RECORD.len() {
            assert_eq!(parse(&RECORD[..cut]), Err(ConfigError::Truncated), "cut at {cut}");
        }
    }
}
