//! The CRC of program-specific information (ISO/IEC 13818-1 Annex A): polynomial 0x04c11db7, no reflection.

/// Checksum over a section from its table id to just before the checksum.
pub(crate) fn crc32(section: &[u8]) -> u32 {
    section.iter().fold(0xffff_ffff, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            if crc & 0x8000_0000 == 0 { crc << 1 } else { crc << 1 ^ 0x04c1_1db7 }
        })
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn gives_the_catalogued_check_value() {
        // "CRC-32/MPEG-2" of the digits 1 to 9.
        assert_eq!(super::crc32(b"123456789"), 0x0376_e6e7);
    }
}
