//! ADTS: AAC frames with their own header (ISO/IEC 14496-3 §1.A.3.2).

use crate::codec::AacConfig;

/// Bytes of a header without checksum.
pub const HEADER_LEN: usize = 7;

/// Longest frame that fits behind a header: its length field has 13 bits and counts the header.
pub const MAX_FRAME: usize = 0x1fff - HEADER_LEN;

const ODD_RATE: u8 = 15;

/// A frame that ADTS cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdtsError {
    /// It is longer than the 13-bit length field allows.
    #[error("an AAC frame of {0} bytes does not fit into ADTS")]
    FrameTooLong(usize),
    /// Only object types 1 to 4 have a number in ADTS.
    #[error("audio object type {0} has no place in ADTS")]
    ObjectType(u8),
    /// Only the thirteen standard rates have one.
    #[error("{0} Hz has no place in ADTS")]
    Rate(u32),
    /// Only channel configurations 0 to 7 have one.
    #[error("channel configuration {0} has no place in ADTS")]
    Channels(u8),
}

/// The header for an AAC frame of `frame_len` bytes. HE-AAC is announced as its core, as decoders expect.
pub fn header(config: &AacConfig, frame_len: usize) -> Result<[u8; HEADER_LEN], AdtsError> {
    if frame_len > MAX_FRAME {
        return Err(AdtsError::FrameTooLong(frame_len));
    }
    let profile = match config.core_object_type {
        object_type @ 1..=4 => object_type - 1,
        object_type => return Err(AdtsError::ObjectType(object_type)),
    };
    let rate = match rate_index(config.core_rate) {
        ODD_RATE => return Err(AdtsError::Rate(config.core_rate)),
        index => index,
    };
    let channels = config.channel_config;
    if channels > 7 {
        return Err(AdtsError::Channels(channels));
    }
    let length = (frame_len + HEADER_LEN) as u16;
    Ok([
        0xff,
        // MPEG-4, no checksum.
        0xf1,
        profile << 6 | rate << 2 | channels >> 2,
        (channels & 3) << 6 | (length >> 11) as u8,
        (length >> 3) as u8,
        // Buffer fullness 0x7ff: variable rate.
        (length << 5) as u8 | 0x1f,
        0xfc,
    ])
}

/// samplingFrequencyIndex of a rate, 15 when it has none.
pub fn rate_index(rate: u32) -> u8 {
    let found = crate::codec::RATES.iter().position(|known| *known == rate);
    found.map_or(ODD_RATE, |index| index as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn config(asc: &'static [u8]) -> AacConfig {
        AacConfig::parse(Bytes::from_static(asc)).expect("a config")
    }

    #[test]
    fn writes_a_header() {
        let expected = [0xff, 0xf1, 0x4c, 0x80, 0x0d, 0xff, 0xfc];
        assert_eq!(header(&config(&[0x11, 0x90]), 104), Ok(expected));
    }

    #[test]
    fn announces_the_core_of_he_aac() {
        let bytes = header(&config(&[0x2b, 0x11, 0x88, 0x00]), 1).expect("a header");
        assert_eq!((bytes[2] >> 6, bytes[2] >> 2 & 15), (1, 6));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert!(header(&config(&[0x11, 0x90]), MAX_FRAME).is_ok());
        assert_eq!(
            header(&config(&[0x11, 0x90]), MAX_FRAME + 1),
            Err(AdtsError::FrameTooLong(MAX_FRAME + 1))
        );
    }
}
