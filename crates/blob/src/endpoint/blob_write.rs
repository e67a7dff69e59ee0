//! Put Blob, Set Blob Metadata, Set Blob Properties, Delete Blob.

use axum::response::Response;
use http::StatusCode;

use super::auth::{Access, Level};
use super::body::{Checks, Incoming};
use super::failure::Failure;
use super::headers::{self, set};
use super::request::{At, Call};
use super::respond;
use crate::error::Error;
use crate::properties::{Condition, Head};
use crate::sas::Permissions;
use crate::write::Put;

/// Largest Put Blob (Azure's own bound): 5000 MiB.
const MAX_PUT: u64 = 5000 << 20;

/// What a write needs: `w`, or `c` where nothing is overwritten.
pub(super) const WRITE_OR_CREATE: [Permissions; 2] = [Permissions::WRITE, Permissions::CREATE];

pub(super) async fn put(
    access: &Access,
    call: &Call<'_>,
    body: &mut Incoming,
    at: &At,
) -> Result<Response, Failure> {
    access.allow(Level::Object, &WRITE_OR_CREATE)?;
    match call.header("x-ms-blob-type")? {
        Some("BlockBlob") => {}
        Some(kind @ ("AppendBlob" | "PageBlob")) => {
            return Err(Failure::not_implemented(&format!("{kind}s")));
        }
        Some(_) => return Err(Failure::header("x-ms-blob-type")),
        None => return Err(Failure::missing_header("x-ms-blob-type")),
    }
    let mut checks = Checks::of(call, MAX_PUT, true)?;
    let put = prepare(access, call, true)?;
    let mut writer =
        access.account.writer(&at.container, &at.name, put).await.map_err(|e| refused(access, e))?;
    while let Some(bytes) = body.next().await? {
        checks.update(&bytes);
        writer.write(bytes).await?;
    }
    let checked = checks.finish()?;
    if let Some(md5) = checked.md5 {
        writer.check_md5(md5)?;
    }
    let head = writer.finish().await.map_err(|error| refused(access, error))?;
    let mut response = created(&head);
    if let Some(md5) = checked.md5 {
        set(response.headers_mut(), "content-md5", &headers::base64(&md5));
    }
    if let Some(crc64) = checked.crc64 {
        set(response.headers_mut(), "x-ms-content-crc64", &headers::base64(&crc64));
    }
    Ok(response)
}

/// Properties, metadata and conditions of a write; `standard` as in [`headers::properties`].
pub(super) fn prepare(access: &Access, call: &Call<'_>, standard: bool) -> Result<Put, Failure> {
    let mut condition = headers::condition(call)?;
    if access.only_create() {
        condition.if_none_match = Condition::absent().if_none_match;
    }
    Ok(Put {
        properties: headers::properties(call, standard)?,
        metadata: headers::metadata(call.headers)?,
        condition,
        compute_md5: false,
    })
}

/// Overwriting with a permission to create is its own error.
pub(super) fn refused(access: &Access, error: Error) -> Failure {
    if matches!(error, Error::BlobAlreadyExists) && access.only_create() {
        let message = "This request is not authorized to perform blob overwrites.";
        return Failure::forbidden("UnauthorizedBlobOverwrite", message);
    }
    error.into()
}

/// 201 for a new version.
pub(super) fn created(head: &Head) -> Response {
    versioned(StatusCode::CREATED, head)
}

fn versioned(status: StatusCode, head: &Head) -> Response {
    let mut response = respond::empty(status);
    headers::set_version(response.headers_mut(), &head.etag, head.modified);
    set(response.headers_mut(), "x-ms-request-server-encrypted", "false");
    response
}

pub(super) async fn set_metadata(access: &Access, call: &Call<'_>, at: &At) -> Result<Response, Failure> {
    access.allow(Level::Object, &[Permissions::WRITE])?;
    let (metadata, condition) = (headers::metadata(call.headers)?, headers::condition(call)?);
    let head = access.account.set_metadata(&at.container, &at.name, metadata, condition).await?;
    Ok(versioned(StatusCode::OK, &head))
}

pub(super) async fn set_properties(access: &Access, call: &Call<'_>, at: &At) -> Result<Response, Failure> {
    access.allow(Level::Object, &[Permissions::WRITE])?;
    if ["x-ms-blob-content-length", "x-ms-sequence-number-action"]
        .iter()
        .any(|name| call.headers.contains_key(*name))
    {
        return Err(Failure::not_implemented("properties of page blobs"));
    }
    let (properties, condition) = (headers::properties(call, false)?, headers::condition(call)?);
    let head = access.account.set_properties(&at.container, &at.name, properties, condition).await?;
    Ok(versioned(StatusCode::OK, &head))
}

pub(super) async fn delete(access: &Access, call: &Call<'_>, at: &At) -> Result<Response, Failure> {
    access.allow(Level::Object, &[Permissions::DELETE])?;
    match call.header("x-ms-delete-snapshots")? {
        // There are none, so including them is what happens.
        None | Some("include") => {}
        Some("only") => return Err(Failure::not_implemented("snapshots")),
        Some(_) => return Err(Failure::header("x-ms-delete-snapshots")),
    }
    access.account.delete(&at.container, &at.name, headers::condition(call)?).await?;
    let mut response = respond::empty(StatusCode::ACCEPTED);
    set(response.headers_mut(), "x-ms-delete-type-permanent", "true");
    Ok(response)
}
