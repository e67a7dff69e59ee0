//! Reading bit fields of codec headers.

use crate::ConfigError;

/// A cursor over bits, most significant first. Every read past the end is `ConfigError::Truncated`.
pub(crate) struct Bits<'a> {
    data: &'a [u8],
    position: usize,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self { data, position: 0 }
    }

    /// Bits not yet read.
    pub(crate) fn left(&self) -> usize {
        (self.data.len() * 8).saturating_sub(self.position)
    }

    pub(crate) fn bit(&mut self) -> Result<bool, ConfigError> {
        let byte = self.data.get(self.position / 8).ok_or(ConfigError::Truncated)?;
        let bit = byte >> (7 - self.position % 8) & 1;
        self.position += 1;
        Ok(bit == 1)
    }

    /// `count` bits, at most 32, as a number.
    pub(crate) fn read(&mut self, count: u32) -> Result<u32, ConfigError> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.bit()?);
        }
        Ok(value)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, ConfigError> {
        Ok(self.read(8)? as u8)
    }

    pub(crate) fn skip(&mut self, count: usize) -> Result<(), ConfigError> {
        if count > self.left() {
            return Err(ConfigError::Truncated);
        }
        self.position += count;
        Ok(())
    }

    /// Moves to the next whole byte.
    pub(crate) fn align(&mut self) {
        self.position = self.position.next_multiple_of(8);
    }

    /// Unsigned Exp-Golomb (ISO/IEC 14496-10 §9.1), at most 32 leading zeros.
    pub(crate) fn ue(&mut self) -> Result<u32, ConfigError> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return Err(ConfigError::Invalid("an Exp-Golomb code of more than 32 bits"));
            }
        }
        Ok((1_u32 << zeros) - 1 + self.read(zeros)?)
    }

    /// Passes over so many Exp-Golomb codes.
    pub(crate) fn skip_ue(&mut self, count: u32) -> Result<(), ConfigError> {
        (0..count).try_for_each(|_| self.ue().map(|_| ()))
    }

    /// Unsigned Exp-Golomb with a limit that the standard sets.
    pub(crate) fn ue_to(&mut self, limit: u32, what: &'static str) -> Result<u32, ConfigError> {
        match self.ue()? {
            value if value <= limit => Ok(value),
            _ => Err(ConfigError::Invalid(what)),
        }
    }

    /// Signed Exp-Golomb.
    pub(crate) fn se(&mut self) -> Result<i32, ConfigError> {
        let code = i64::from(self.ue()?);
        let value = if code % 2 == 0 { -(code / 2) } else { (code + 1) / 2 };
        Ok(value as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_golomb_codes() {
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        assert_eq!((bits.ue(), bits.ue(), bits.ue()), (Ok(0), Ok(1), Ok(2)));
        assert_eq!((bits.ue(), bits.se()), (Ok(3), Ok(-2)));
    }

    #[test]
    fn ends_with_an_error_not_a_panic() {
        assert_eq!(Bits::new(&[]).bit(), Err(ConfigError::Truncated));
        assert_eq!(Bits::new(&[0; 2]).ue(), Err(ConfigError::Truncated));
        assert!(matches!(Bits::new(&[0; 8]).ue(), Err(ConfigError::Invalid(_))));
    }
}
