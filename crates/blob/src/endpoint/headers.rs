//! Request headers to values and back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use super::failure::Failure;
use super::request::Call;
use crate::properties::{Condition, ETag, Head, Metadata, Properties, Tags};
use crate::read::ByteRange;
use crate::sas::Overrides;

/// Names and values of metadata together, in bytes (Azure's own bound).
const MAX_METADATA: usize = 8 << 10;
/// Most tags of one If-Match or If-None-Match.
const MAX_TAGS: usize = 32;
/// What a blob without a content type is.
pub(super) const OCTETS: &str = "application/octet-stream";

/// An HTTP date (RFC 9110 §5.6.7, the fixed form).
pub(super) fn date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Reads an HTTP date.
pub(super) fn parse_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp())
}

/// The conditional headers of a request.
pub(super) fn condition(call: &Call<'_>) -> Result<Condition, Failure> {
    let time = |name| match call.header(name)? {
        Some(text) => parse_date(text).map(Some).ok_or_else(|| Failure::header(name)),
        None => Ok(None),
    };
    Ok(Condition {
        if_match: tags(call, "if-match")?,
        if_none_match: tags(call, "if-none-match")?,
        if_modified_since: time("if-modified-since")?,
        if_unmodified_since: time("if-unmodified-since")?,
    })
}

fn tags(call: &Call<'_>, name: &str) -> Result<Option<Tags>, Failure> {
    match call.header(name)? {
        None => Ok(None),
        Some("*" | "\"*\"") => Ok(Some(Tags::Any)),
        Some(text) => {
            let tags: Vec<ETag> = text.split(',').take(MAX_TAGS + 1).map(ETag::from_client).collect();
            if tags.len() > MAX_TAGS { Err(Failure::header(name)) } else { Ok(Some(Tags::List(tags))) }
        }
    }
}

/// The range wanted: `x-ms-range` goes before `Range`. What HTTP tells servers to ignore is ignored in `Range` only.
pub(super) fn range(call: &Call<'_>) -> Result<ByteRange, Failure> {
    if let Some(text) = call.header("x-ms-range")? {
        return parse_range(text).ok_or_else(|| Failure::header("x-ms-range"));
    }
    Ok(call.header("range")?.and_then(parse_range).unwrap_or(ByteRange::All))
}

fn parse_range(text: &str) -> Option<ByteRange> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    match (first.trim(), last.trim()) {
        ("", last) => last.parse().ok().map(ByteRange::Last),
        (first, "") => first.parse().ok().map(ByteRange::From),
        (first, last) => {
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some(ByteRange::Between(first, last))
        }
    }
}

/// A 16-byte MD5 in base64.
pub(super) fn md5(call: &Call<'_>, name: &str) -> Result<Option<[u8; 16]>, Failure> {
    digest::<16>(call, name, "InvalidMd5")
}

/// An 8-byte CRC-64 in base64.
pub(super) fn crc64(call: &Call<'_>) -> Result<Option<[u8; 8]>, Failure> {
    digest::<8>(call, "x-ms-content-crc64", "InvalidHeaderValue")
}

fn digest<const N: usize>(
    call: &Call<'_>,
    name: &str,
    code: &'static str,
) -> Result<Option<[u8; N]>, Failure> {
    let Some(text) = call.header(name)? else { return Ok(None) };
    let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    let message = format!(
        "The value specified in the request header {name} is invalid: it must be {N} bytes in base64."
    );
    bytes.map(Some).ok_or_else(|| Failure::bad(code, message))
}

/// The blob properties of a request: the `x-ms-blob-…` headers, and where `standard` is set (Put Blob) the plain ones.
pub(super) fn properties(call: &Call<'_>, standard: bool) -> Result<Properties, Failure> {
    let value = |own: &str, plain: &str| -> Result<Option<String>, Failure> {
        let plain = if standard { call.header(plain)? } else { None };
        Ok(call.header(own)?.or(plain).map(str::to_owned))
    };
    Ok(Properties {
        content_type: value("x-ms-blob-content-type", "content-type")?,
        content_encoding: value("x-ms-blob-content-encoding", "content-encoding")?,
        content_language: value("x-ms-blob-content-language", "content-language")?,
        content_disposition: value("x-ms-blob-content-disposition", "content-disposition")?,
        cache_control: value("x-ms-blob-cache-control", "cache-control")?,
        content_md5: md5(call, "x-ms-blob-content-md5")?,
    })
}

/// The `x-ms-meta-…` headers. HTTP folds the case of names, so they are kept in lower case.
pub(super) fn metadata(headers: &HeaderMap) -> Result<Metadata, Failure> {
    let mut metadata = Metadata::new();
    let mut size = 0;
    for (name, value) in headers {
        let Some(name) = name.as_str().strip_prefix("x-ms-meta-") else { continue };
        let legal =
            name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-');
        let (true, false, Ok(value)) = (legal, name.is_empty(), value.to_str()) else {
            let message = "The specified metadata is invalid. It includes characters that are not permitted.";
            return Err(Failure::bad("InvalidMetadata", message));
        };
        size += name.len() + value.len();
        let value = value.to_owned();
        metadata
            .entry(name.to_owned())
            .and_modify(|known| *known = format!("{known},{value}"))
            .or_insert(value);
    }
    if size > MAX_METADATA {
        return Err(Failure::bad(
            "MetadataTooLarge",
            "The size of the specified metadata exceeds the maximum of 8 KiB.",
        ));
    }
    Ok(metadata)
}

/// Sets a header whose value came from outside before; leaves it out if it cannot be one.
pub(super) fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// The headers that every answer about a version of a blob or container carries.
pub(super) fn set_version(headers: &mut HeaderMap, etag: &ETag, modified: Timestamp) {
    set(headers, "etag", etag.as_str());
    set(headers, "last-modified", &date(modified));
}

pub(super) fn set_metadata(headers: &mut HeaderMap, metadata: &Metadata) {
    for (name, value) in metadata {
        if let (Ok(name), Ok(value)) =
            (HeaderName::try_from(format!("x-ms-meta-{name}")), HeaderValue::try_from(value.as_str()))
        {
            headers.insert(name, value);
        }
    }
}

/// All that is known of a blob, as Get Blob and Get Blob Properties answer it; lengths and MD5 are the caller's.
pub(super) fn set_blob(headers: &mut HeaderMap, head: &Head, fixed: &Overrides) {
    set_version(headers, &head.etag, head.modified);
    set_metadata(headers, &head.metadata);
    let properties = &head.properties;
    let pairs = [
        ("content-encoding", &fixed.content_encoding, &properties.content_encoding),
        ("content-language", &fixed.content_language, &properties.content_language),
        ("content-disposition", &fixed.content_disposition, &properties.content_disposition),
        ("cache-control", &fixed.cache_control, &properties.cache_control),
    ];
    for (name, fixed, own) in pairs {
        if let Some(value) = fixed.as_deref().or(own.as_deref()) {
            set(headers, name, value);
        }
    }
    let content_type = fixed.content_type.as_deref().or(properties.content_type.as_deref()).unwrap_or(OCTETS);
    set(headers, "content-type", content_type);
    set(headers, "accept-ranges", "bytes");
    set(headers, "x-ms-blob-type", "BlockBlob");
    set(headers, "x-ms-creation-time", &date(head.created));
    set(headers, "x-ms-lease-status", "unlocked");
    set(headers, "x-ms-lease-state", "available");
    set(headers, "x-ms-server-encrypted", "false");
    set(headers, "x-ms-access-tier", "Hot");
    set(headers, "x-ms-access-tier-inferred", "true");
}

/// Base64, as digests go over the wire.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
