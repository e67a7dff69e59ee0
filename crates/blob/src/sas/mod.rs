//! Shared access signatures: links that carry their own permission.
//!
//! Three kinds, by the documented strings-to-sign ("Create a service SAS", "Create an account SAS"): for a blob, for a
//! container, for the account; versions from 2015-04-05 on. A later version that signs something else simply does not
//! verify. Not supported, and refused with a sentence that says so: stored access policies (`si`), user delegation keys,
//! directories, snapshots and versions.

mod sign;
mod token;
mod verify;

pub(crate) use sign::mac;
pub use sign::{AccountGrant, Grant, Protocol, SERVICE_VERSION, Scope};
pub use token::Token;
pub use verify::{Allowed, Overrides, Reach, Refusal, Transport};

use std::fmt;

/// The order in which permissions are written; `sp` is signed as text, so any order verifies.
const ORDER: &str = "racwdxyltfmeiup";

/// A set of permission letters (`r` read, `a` add, `c` create, `w` write, `d` delete, `l` list, …).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u32);

impl Permissions {
    /// Read blobs.
    pub const READ: Self = Self(1);
    /// Create blobs that are not there yet.
    pub const CREATE: Self = Self(1 << 2);
    /// Write blobs.
    pub const WRITE: Self = Self(1 << 3);
    /// Delete blobs.
    pub const DELETE: Self = Self(1 << 4);
    /// List blobs.
    pub const LIST: Self = Self(1 << 7);

    /// The letters of an `sp`; `None` for a letter unknown or given twice.
    pub fn parse(letters: &str) -> Option<Self> {
        letters.chars().try_fold(Self::default(), |set, letter| {
            let bit = Self(1 << ORDER.find(letter)?);
            (!set.has(bit)).then(|| set.and(bit))
        })
    }

    /// Both sets together.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is granted.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ORDER
            .chars()
            .enumerate()
            .filter(|(at, _)| self.0 & (1 << at) != 0)
            .try_for_each(|(_, letter)| write!(f, "{letter}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_out_in_order() {
        assert_eq!(Permissions::parse("lwr").map(|set| set.to_string()).as_deref(), Some("rwl"));
        assert_eq!(Permissions::parse(ORDER).map(|set| set.to_string()).as_deref(), Some(ORDER));
        for bad in ["rr", "R", "r,w", "q"] {
            assert_eq!(Permissions::parse(bad), None, "{bad}");
        }
        for (set, letter) in [
            (Permissions::READ, "r"),
            (Permissions::CREATE, "c"),
            (Permissions::WRITE, "w"),
            (Permissions::DELETE, "d"),
            (Permissions::LIST, "l"),
        ] {
            assert_eq!(set.to_string(), letter);
        }
    }
}
