//! NAL units of H.264 and H.265: length-prefixed samples, Annex B, parameter sets.

use crate::CodecConfig;

/// Four bytes before a NAL unit in Annex B.
pub const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// A sample whose lengths do not add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a NAL unit at byte {offset} says it has {length} bytes, {left} are left")]
pub struct NalError {
    /// Where the length field stands.
    pub offset: usize,
    /// What it says.
    pub length: usize,
    /// What there is.
    pub left: usize,
}

/// NAL units of a length-prefixed sample (ISO/IEC 14496-15 §5.3.2). Stops after the first error.
#[derive(Clone, Debug)]
pub struct NalUnits<'a> {
    sample: &'a [u8],
    offset: usize,
    length_size: u8,
}

impl<'a> NalUnits<'a> {
    /// Walks `sample`, whose length fields have `length_size` bytes (1 to 4).
    pub fn new(sample: &'a [u8], length_size: u8) -> Self {
        Self { sample, offset: 0, length_size: length_size.clamp(1, 4) }
    }
}

impl<'a> Iterator for NalUnits<'a> {
    type Item = Result<&'a [u8], NalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.sample.get(self.offset..).filter(|rest| !rest.is_empty())?;
        let offset = self.offset;
        self.offset = self.sample.len();
        let Some((field, after)) = rest.split_at_checked(usize::from(self.length_size)) else {
            return Some(Err(NalError { offset, length: 0, left: rest.len() }));
        };
        let length = field.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        let Some(unit) = after.get(..length) else {
            return Some(Err(NalError { offset, length, left: after.len() }));
        };
        self.offset = offset + field.len() + length;
        Some(Ok(unit))
    }
}

/// nal_unit_type of H.264: 5 is an IDR slice, 7 and 8 are parameter sets, 9 a delimiter.
pub fn avc_type(unit: &[u8]) -> Option<u8> {
    unit.first().map(|byte| byte & 0x1f)
}

/// nal_unit_type of H.265: 16 to 21 are random access points, 32 to 34 parameter sets, 35 a delimiter.
pub fn hevc_type(unit: &[u8]) -> Option<u8> {
    unit.first().map(|byte| byte >> 1 & 0x3f)
}

/// Appends a start code and the unit.
pub fn append_annex_b(out: &mut Vec<u8>, unit: &[u8]) {
    out.extend_from_slice(&START_CODE);
    out.extend_from_slice(unit);
}

/// Appends the parameter sets of an AVC or HEVC track in Annex B; nothing for other codecs.
pub fn append_parameter_sets(out: &mut Vec<u8>, codec: &CodecConfig) {
    match codec {
        CodecConfig::Avc(avc) => avc.parameter_sets().for_each(|set| append_annex_b(out, set)),
        CodecConfig::Hevc(hevc) => hevc.parameter_sets().for_each(|set| append_annex_b(out, set)),
        _ => {}
    }
}

/// Takes the emulation prevention bytes out of a NAL unit (ISO/IEC 14496-10 §7.4.1.1): `00 00 03` becomes `00 00`.
pub fn unescape(unit: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(unit.len());
    let mut zeros = 0;
    for byte in unit {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        out.push(*byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_units_of_every_length_size() {
        for size in [1_u8, 2, 4] {
            let mut sample = Vec::new();
            for unit in [&b"\x65abc"[..], b"", b"\x41"] {
                let length = (unit.len() as u32).to_be_bytes();
                sample.extend_from_slice(&length[4 - usize::from(size)..]);
                sample.extend_from_slice(unit);
            }
            let units: Vec<_> = NalUnits::new(&sample, size).collect();
            assert_eq!(units, [Ok(&b"\x65abc"[..]), Ok(b""), Ok(b"\x41")]);
        }
    }

    #[test]
    fn tells_a_lying_length_once() {
        let found: Vec<_> = NalUnits::new(&[0, 0, 0, 1, 9, 0, 0, 0, 200, 1, 2], 4).collect();
        assert_eq!(found, [Ok(&[9][..]), Err(NalError { offset: 5, length: 200, left: 2 })]);
        let cut: Vec<_> = NalUnits::new(&[0, 0], 4).collect();
        assert_eq!(cut, [Err(NalError { offset: 0, length: 0, left: 2 })]);
    }

    #[test]
    fn unescapes() {
        assert_eq!(unescape(&[0, 0, 3, 1, 0, 0, 3, 0, 0, 3]), [0, 0, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn tells_types() {
        assert_eq!(avc_type(&[0x65]), Some(5));
        assert_eq!(hevc_type(&[0x26, 1]), Some(19));
        assert_eq!(avc_type(&[]), None);
    }
}
