//! Four-character codes: names of boxes, sample entries and handlers.

use std::fmt;

/// Four bytes, usually printable ASCII, that name a box, a codec or a handler.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FourCc(pub [u8; 4]);

impl FourCc {
    /// The code spelt by a byte string, as in `FourCc::new(b"avc1")`.
    pub const fn new(code: &[u8; 4]) -> Self {
        Self(*code)
    }
}

impl fmt::Display for FourCc {
    /// Printable bytes as they are, others as `\xNN`, so that a hostile name cannot break a log line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            match byte {
                0x20..=0x7e => write!(f, "{}", char::from(byte))?,
                // QuickTime's own names begin with ©.
                0xa9 => write!(f, "©")?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{self}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_can_be_printed() {
        assert_eq!(FourCc::new(b"avc1").to_string(), "avc1");
        assert_eq!(FourCc([0xa9, b'n', 0, b'm']).to_string(), "©n\\x00m");
    }
}
