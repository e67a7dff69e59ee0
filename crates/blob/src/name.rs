//! Names that were checked once, where they came in, and are safe everywhere after that.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest blob name, in characters (Azure: "Naming and Referencing Containers, Blobs, and Metadata").
pub const MAX_BLOB_NAME_CHARS: usize = 1024;

/// Why a name was refused. The sentence is fit for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Container names are 3-63 lower-case letters, digits and single hyphens, a letter or digit at both ends.
    #[error(
        "a container name has 3 to 63 lower-case letters, digits and single hyphens, and begins and ends with a letter or digit"
    )]
    Container,
    /// Blob names have at least one character.
    #[error("a blob name is empty")]
    BlobEmpty,
    /// Blob names have at most [`MAX_BLOB_NAME_CHARS`] characters.
    #[error("a blob name has at most 1024 characters")]
    BlobTooLong,
}

/// The name of a container: 3-63 characters of `a-z`, `0-9` and `-`, no two hyphens together, none at an end.
///
/// Such a name is also a safe directory name and object key on every store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContainerName(String);

impl ContainerName {
    /// Checks `name`.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let ok = (3..=63).contains(&name.len())
            && name.bytes().all(legal)
            && !name.starts_with('-')
            && !name.ends_with('-')
            && !name.contains("--");
        if ok { Ok(Self(name)) } else { Err(NameError::Container) }
    }

    /// The name as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a blob: 1 to [`MAX_BLOB_NAME_CHARS`] characters of any Unicode text, kept exactly as given.
///
/// A blob name is a key, not a path: `..`, `.`, empty segments, a leading `/`, NUL, `\` and trailing dots have no
/// meaning, and names that differ only in case are different. The module `key` turns names into store keys that no file
/// system reads anything into, so nothing needs to be refused here for safety.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlobName(String);

impl BlobName {
    /// Checks `name`.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        if name.is_empty() {
            return Err(NameError::BlobEmpty);
        }
        if name.chars().count() > MAX_BLOB_NAME_CHARS {
            return Err(NameError::BlobTooLong);
        }
        Ok(Self(name))
    }

    /// The name as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_newtype {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

text_newtype!(ContainerName);
text_newtype!(BlobName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn container_names_follow_the_rules() {
        for good in ["abc", "a-b", "0a9", "asset-9f1c3c3e-6a5f", &"a".repeat(63)] {
            assert!(ContainerName::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ab",
            "-ab",
            "ab-",
            "a--b",
            "Abc",
            "a_b",
            "a/b",
            "..",
            "$root",
            "ab\0",
            "é12",
            &"a".repeat(64),
        ] {
            assert_eq!(ContainerName::new(bad), Err(NameError::Container), "{bad}");
        }
    }

    #[test]
    fn blob_names_are_any_text_within_the_length() {
        for good in ["a", "..", "/", "a//b", "a\\b", "x.", "a\0b", "é", &"𝄞".repeat(1024)] {
            assert_eq!(BlobName::new(good).map(String::from), Ok(good.to_owned()));
        }
        assert_eq!(BlobName::new(""), Err(NameError::BlobEmpty));
        assert_eq!(BlobName::new("a".repeat(1025)), Err(NameError::BlobTooLong));
    }
}
