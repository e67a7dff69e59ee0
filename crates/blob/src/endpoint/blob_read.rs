//! Get Blob, Get Blob Properties, Get Blob Metadata.

use axum::body::Body;
use axum::response::Response;
use futures_util::StreamExt;
use http::{Method, StatusCode};
use md5::{Digest, Md5};

use super::auth::{Access, Level};
use super::crc64::Crc64;
use super::failure::Failure;
use super::headers::{self, set};
use super::request::{At, Call};
use super::respond;
use crate::read::{ByteRange, Read};
use crate::sas::Permissions;

/// Largest range whose digest is computed on request (Azure's own bound); also what is held in memory for it.
const MAX_DIGEST_RANGE: u64 = 4 << 20;

pub(super) async fn get(access: &Access, call: &Call<'_>, at: &At) -> Result<Response, Failure> {
    access.allow(Level::Object, &[Permissions::READ])?;
    let condition = headers::condition(call)?;
    let head_only = call.method == Method::HEAD;
    let range = if head_only { ByteRange::All } else { headers::range(call)? };
    let partial = range != ByteRange::All;
    let read = access.account.read_if(&at.container, &at.name, range, &condition).await?;
    let (head, bytes) = (read.head(), read.range());
    let mut response = respond::empty(if partial { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK });
    let out = response.headers_mut();
    headers::set_blob(out, &head, &access.overrides());
    set(out, "content-length", &(bytes.end - bytes.start).to_string());
    if let Some(count) = head.committed_blocks {
        set(out, "x-ms-blob-committed-block-count", &count.to_string());
    }
    let whole_md5 = head.properties.content_md5.map(|md5| headers::base64(&md5));
    if partial {
        let last = bytes.end.saturating_sub(1);
        set(out, "content-range", &format!("bytes {}-{last}/{}", bytes.start, head.length));
        if let Some(md5) = whole_md5 {
            set(out, "x-ms-blob-content-md5", &md5);
        }
        return digested(call, read, response).await;
    }
    if let Some(md5) = whole_md5 {
        set(out, "content-md5", &md5);
    }
    if !head_only {
        *response.body_mut() = body(read);
    }
    Ok(response)
}

/// A range, with the digest of its bytes where one was asked for.
async fn digested(call: &Call<'_>, read: Read, mut response: Response) -> Result<Response, Failure> {
    let wants =
        |name| Ok::<_, Failure>(call.header(name)?.is_some_and(|value| value.eq_ignore_ascii_case("true")));
    let (md5, crc64) = (wants("x-ms-range-get-content-md5")?, wants("x-ms-range-get-content-crc64")?);
    if !md5 && !crc64 {
        *response.body_mut() = body(read);
        return Ok(response);
    }
    let range = read.range();
    if range.end - range.start > MAX_DIGEST_RANGE {
        return Err(Failure::header("x-ms-range-get-content-md5"));
    }
    let bytes = read.bytes(MAX_DIGEST_RANGE).await?;
    if md5 {
        set(response.headers_mut(), "content-md5", &headers::base64(&Md5::digest(&bytes)));
    }
    if crc64 {
        let mut crc = Crc64::new();
        crc.update(&bytes);
        set(response.headers_mut(), "x-ms-content-crc64", &headers::base64(&crc.finish()));
    }
    *response.body_mut() = Body::from(bytes);
    Ok(response)
}

fn body(read: Read) -> Body {
    // Errors end the connection: the length was announced, so the client sees that bytes are missing.
    Body::from_stream(read.into_stream().inspect(|bytes| {
        if let Err(error) = bytes {
            tracing::warn!(%error, "a blob's body broke off");
        }
    }))
}

pub(super) async fn metadata(access: &Access, call: &Call<'_>, at: &At) -> Result<Response, Failure> {
    access.allow(Level::Object, &[Permissions::READ])?;
    let condition = headers::condition(call)?;
    let head = access.account.read_if(&at.container, &at.name, ByteRange::All, &condition).await?.head();
    let mut response = respond::empty(StatusCode::OK);
    headers::set_version(response.headers_mut(), &head.etag, head.modified);
    headers::set_metadata(response.headers_mut(), &head.metadata);
    Ok(response)
}
