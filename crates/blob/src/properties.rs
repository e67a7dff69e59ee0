//! What is known of a blob beside its bytes.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Names and values kept with a blob or container; names compare without regard to case and are kept as given.
pub type Metadata = BTreeMap<String, String>;

/// A strong entity tag, with its quotes (`"0x8DC…"`): differs after every write of content, properties or metadata.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ETag(String);

impl ETag {
    /// A tag never given before.
    pub(crate) fn fresh() -> Self {
        let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
        Self(format!("\"0x{high:016X}\""))
    }

    /// A tag as a client sent it; quotes are added when missing, as Azure tolerates.
    pub fn from_client(text: &str) -> Self {
        let text = text.trim();
        if text.starts_with('"') { Self(text.to_owned()) } else { Self(format!("\"{text}\"")) }
    }

    /// The tag with its quotes, as in the `ETag` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The settable properties of a blob, kept as given and returned as response headers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// `Content-Type`; `None` reads as `application/octet-stream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `Content-Encoding`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    /// `Content-Disposition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    /// `Cache-Control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// MD5 of the whole content where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_md5: Option<[u8; 16]>,
}

impl Properties {
    /// Only a content type.
    pub fn of_type(content_type: impl Into<String>) -> Self {
        Self { content_type: Some(content_type.into()), ..Self::default() }
    }
}

/// A blob's facts without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Bytes of content.
    pub length: u64,
    /// Changes with every write.
    pub etag: ETag,
    /// When content, properties or metadata last changed.
    pub modified: Timestamp,
    /// When the blob was first written under this name.
    pub created: Timestamp,
    /// Settable properties.
    pub properties: Properties,
    /// Caller's names and values.
    pub metadata: Metadata,
    /// How many blocks were committed; `None` for blobs written in one piece.
    pub committed_blocks: Option<u32>,
}

/// What must hold for an operation to go ahead; all that are given must.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// The blob has one of these tags; [`Tags::Any`]: it exists.
    pub if_match: Option<Tags>,
    /// The blob has none of these tags; [`Tags::Any`]: it does not exist.
    pub if_none_match: Option<Tags>,
    /// Changed after this instant (compared in whole seconds, as HTTP dates are).
    pub if_modified_since: Option<Timestamp>,
    /// Not changed after this instant.
    pub if_unmodified_since: Option<Timestamp>,
}

/// The value of an If-Match or If-None-Match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags {
    /// `*`
    Any,
    /// One or more tags.
    List(Vec<ETag>),
}

impl Tags {
    fn has(&self, tag: &ETag) -> bool {
        match self {
            Tags::Any => true,
            Tags::List(tags) => tags.contains(tag),
        }
    }
}

impl Condition {
    /// Only if no blob is there.
    pub fn absent() -> Self {
        Self { if_none_match: Some(Tags::Any), ..Self::default() }
    }

    /// Only if the blob still has this tag.
    pub fn matches(tag: ETag) -> Self {
        Self { if_match: Some(Tags::List(vec![tag])), ..Self::default() }
    }

    /// Checks a write against what is there.
    pub(crate) fn check_write(&self, found: Option<(&ETag, Timestamp)>) -> Result<(), crate::Error> {
        let Some((tag, modified)) = found else {
            return match self.if_match {
                Some(_) => Err(crate::Error::ConditionNotMet { not_modified: false }),
                None => Ok(()),
            };
        };
        if self.if_none_match == Some(Tags::Any) {
            return Err(crate::Error::BlobAlreadyExists);
        }
        match self.check(tag, modified) {
            Ok(()) => Ok(()),
            Err(_) => Err(crate::Error::ConditionNotMet { not_modified: false }),
        }
    }

    /// Checks a read against what is there.
    pub(crate) fn check(&self, tag: &ETag, modified: Timestamp) -> Result<(), crate::Error> {
        let failed = |not_modified| Err(crate::Error::ConditionNotMet { not_modified });
        if self.if_match.as_ref().is_some_and(|tags| !tags.has(tag)) {
            return failed(false);
        }
        let second = modified.as_second();
        if self.if_unmodified_since.is_some_and(|limit| second > limit.as_second()) {
            return failed(false);
        }
        if self.if_none_match.as_ref().is_some_and(|tags| tags.has(tag)) {
            return failed(true);
        }
        if self.if_modified_since.is_some_and(|limit| second <= limit.as_second()) {
            return failed(true);
        }
        Ok(())
    }
}
