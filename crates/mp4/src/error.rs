//! What was wrong, where: a box path and an offset.

use std::fmt;

use millrace_media::{ConfigError, FourCc};

use crate::limits::MAX_DEPTH;

/// A file that cannot be read: the box, the byte and the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} at byte {offset}: {problem}")]
pub struct ParseError {
    /// The box and its ancestors.
    pub path: BoxPath,
    /// Where in the file, or in the buffer given when that is all that is known.
    pub offset: u64,
    /// The reason.
    pub problem: Problem,
}

/// Why a box cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A field or a table is longer than its box.
    #[error("it ends after {left} bytes where {needed} are needed")]
    Truncated {
        /// Bytes the field or table takes.
        needed: u64,
        /// Bytes there are.
        left: u64,
    },
    /// A size smaller than the header or larger than the parent.
    #[error("a box size of {size} in {left} bytes")]
    BadSize {
        /// The size that the box claims.
        size: u64,
        /// Bytes there are.
        left: u64,
    },
    /// More than a limit of [`crate::limits`] allows.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// A box that has to be there is not.
    #[error("no {0} box")]
    Missing(FourCc),
    /// The box is not the one that was asked for.
    #[error("a {0} box was expected")]
    Unexpected(FourCc),
    /// A version of the box that this reader does not know.
    #[error("version {0} is not known")]
    UnknownVersion(u8),
    /// A value that the standard rules out.
    #[error("{0}")]
    Invalid(&'static str),
    /// The codec's own header is broken.
    #[error(transparent)]
    Codec(#[from] ConfigError),
}

/// Names of a box and its ancestors, as in `moov/trak/mdia/mdhd`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BoxPath {
    names: [FourCc; MAX_DEPTH],
    depth: u8,
}

impl BoxPath {
    /// The path of the file itself.
    pub const ROOT: Self = Self { names: [FourCc([0; 4]); MAX_DEPTH], depth: 0 };

    /// The path one box deeper; `None` at the limit.
    pub fn join(mut self, name: FourCc) -> Option<Self> {
        *self.names.get_mut(usize::from(self.depth))? = name;
        self.depth += 1;
        Some(self)
    }

    /// Names from the outermost box inwards.
    pub fn names(&self) -> &[FourCc] {
        self.names.get(..usize::from(self.depth)).unwrap_or_default()
    }
}

impl fmt::Display for BoxPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().iter().enumerate() {
            write!(f, "{}{name}", if index > 0 { "/" } else { "" })?;
        }
        if self.depth == 0 { f.write_str("the file") } else { Ok(()) }
    }
}

impl fmt::Debug for BoxPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
