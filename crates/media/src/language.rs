//! Languages of tracks.

use std::fmt;

/// A language tag as manifests and containers carry it: ISO 639 or BCP 47 (`eng`, `en`, `pt-BR`), `und` when unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(String);

/// Longest tag accepted; RFC 5646 §4.4.1 asks for at least 35.
const MAX_TAG: usize = 35;

/// A string is not a language tag: subtags of 1 to 8 letters or digits joined by `-`, at most 35 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a language tag")]
pub struct LanguageError;

impl Language {
    /// Checks and keeps a tag as given.
    ///
    /// Only the shape is checked (RFC 5646 §2.1), so that a tag can go into XML, a URL or an M3U8 attribute unescaped.
    pub fn new(tag: &str) -> Result<Self, LanguageError> {
        let subtag =
            |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        let fine = tag.len() <= MAX_TAG && tag.starts_with(|c: char| c.is_ascii_alphabetic());
        if fine && tag.split('-').all(subtag) { Ok(Self(tag.to_owned())) } else { Err(LanguageError) }
    }

    /// `und`: nobody said which.
    pub fn undetermined() -> Self {
        Self("und".to_owned())
    }

    /// Whether nobody said which language this is.
    pub fn is_undetermined(&self) -> bool {
        self.0 == "und"
    }

    /// The tag as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Unpacks the 15-bit ISO 639-2/T code of `mdhd` (ISO/IEC 14496-12 §8.4.2). Macintosh codes below 0x400 and anything
    /// malformed become `und`.
    pub fn from_packed(packed: u16) -> Self {
        let letter = |shift: u16| char::from(((packed >> shift & 0x1f) as u8).saturating_add(0x60));
        let tag: String = [letter(10), letter(5), letter(0)].iter().collect();
        if tag.bytes().all(|b| b.is_ascii_lowercase()) { Self(tag) } else { Self::undetermined() }
    }

    /// The 15-bit code for `mdhd`: the tag itself when it has three lower-case letters, else `und`.
    pub fn packed(&self) -> u16 {
        let primary = self.0.split('-').next().unwrap_or_default().as_bytes();
        match primary {
            [a, b, c] if primary.iter().all(u8::is_ascii_lowercase) => {
                let five = |byte: &u8| u16::from(byte - 0x60);
                five(a) << 10 | five(b) << 5 | five(c)
            }
            _ => 0x55c4,
        }
    }
}

impl Default for Language {
    fn default() -> Self {
        Self::undetermined()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_and_unpacks_three_letters() {
        for tag in ["eng", "deu", "und", "zxx"] {
            let language = Language::new(tag).expect("a tag");
            assert_eq!(Language::from_packed(language.packed()), language);
        }
        assert_eq!(Language::from_packed(0), Language::undetermined(), "Macintosh English");
        assert_eq!(Language::from_packed(0x7fff), Language::undetermined());
        assert_eq!(Language::new("pt-BR").map(|tag| tag.packed()), Ok(Language::undetermined().packed()));
    }

    #[test]
    fn refuses_what_would_need_escaping() {
        for tag in ["", "-", "e\"n", "en--us", "en us", "1en", "abcdefghi", "é", &"a-".repeat(20)] {
            assert_eq!(Language::new(tag), Err(LanguageError), "{tag:?}");
        }
    }
}
