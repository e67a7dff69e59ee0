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
