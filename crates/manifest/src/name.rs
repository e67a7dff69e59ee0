//! The two identities of a track in a URL: a name that people may read and a key of its content.
//!
//! Both are safe in any URI, XML attribute or quoted string by construction; labels, which are not, are escaped where
//! they are written.

use std::{fmt, str::FromStr};

/// Longest track name, in bytes: two of them and a bitrate still fit easily in a URL of 255 bytes.
const MAX_NAME: usize = 64;

/// A track's name within its presentation: 1 to 64 characters out of `A-Z a-z 0-9 _ . -`.
///
/// Unique in a [`Presentation`](crate::Presentation), without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackName(String);

/// A string that is not a [`TrackName`] or a [`ContentKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid track name or content key")]
pub struct InvalidName;

impl TrackName {
    /// Makes a name of whatever a file, an encoder or a user called the track: every other character becomes `_`, and
    /// what is left over 64 characters is cut. An empty name becomes `track`.
    pub fn sanitized(from: &str) -> Self {
        let name: String =
            from.chars().take(MAX_NAME).map(|c| if is_name_char(c) { c } else { '_' }).collect();
        match name.is_empty() || name.bytes().all(|b| b == b'.') {
            true => Self("track".to_owned()),
            false => Self(name),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TrackName {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        let fits = !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(is_name_char);
        let dots = name.bytes().all(|b| b == b'.');
        if fits && !dots { Ok(Self(name.to_owned())) } else { Err(InvalidName) }
    }
}

impl fmt::Display for TrackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// 64 bits that stay the same while one track grows and differ for any other media. 16 lower-case hex digits as text.
///
/// It is what lets a cache keep a segment for ever: other bytes would have another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentKey(pub u64);

impl fmt::Display for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for ContentKey {
    type Err = InvalidName;

    /// Accepts exactly what [`Display`](fmt::Display) writes, so one segment has one URL.
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let canonical = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match canonical {
            true => u64::from_str_radix(text, 16).map(Self).map_err(|_| InvalidName),
            false => Err(InvalidName),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_any_url() {
        let table = [
            ("video", "video"),
            ("", "track"),
            ("..", "track"),
            ("a,b)\n/c", "a_b___c"),
            ("\"><script>", "___script_"),
            ("日本", "__"),
        ];
        for (given, expected) in table {
            assert_eq!(TrackName::sanitized(given).as_str(), expected, "{given:?}");
            assert_eq!(TrackName::sanitized(given).as_str().parse(), Ok(TrackName::sanitized(given)));
        }
        assert_eq!(TrackName::sanitized(&"x".repeat(999)).as_str().len(), 64);
        for bad in ["", ".", "a b", "a/b", "é"] {
            assert_eq!(bad.parse::<TrackName>(), Err(InvalidName), "{bad:?}");
        }
    }

    #[test]
    fn a_key_has_one_spelling() {
        let key = ContentKey(0x00ab_cdef_0123_4567);
        assert_eq!(key.to_string(), "00abcdef01234567");
        assert_eq!("00abcdef01234567".parse(), Ok(key));
        for other in ["00ABCDEF01234567", "abcdef01234567", "+0abcdef01234567", "00abcdef012345678"] {
            assert_eq!(other.parse::<ContentKey>(), Err(InvalidName), "{other}");
        }
    }
}
