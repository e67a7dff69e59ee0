//! Put Block, Put Block List, Get Block List.

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;

use super::auth::{Access, Level};
use super::blob_write::{WRITE_OR_CREATE, created, prepare, refused};
use super::body::{Checks, Incoming};
use super::failure::Failure;
use super::headers::{self, set};
use super::request::{At, Call};
use super::respond;
use super::xml::{self, BlockListError, Xml};
use crate::block::{BlockId, BlockInfo, MAX_BLOCK_BYTES};
use crate::sas::Permissions;

/// Largest Put Block List body: 50,000 entries of 64-byte ids take 6 MB.
const MAX_LIST_BODY: u64 = 16 << 20;

pub(super) async fn put(
    access: &Access,
    call: &Call<'_>,
    body: &mut Incoming,
    at: &At,
) -> Result<Response, Failure> {
    access.allow(Level::Object, &WRITE_OR_CREATE)?;
    let id = block_id(call.parameter("blockid"))?;
    let mut checks = Checks::of(call, MAX_BLOCK_BYTES, false)?;
    if checks.announced() == 0 {
        return Err(Failure::header("content-length"));
    }
    let mut writer = access.account.block_writer(&at.container, &at.name, id).await?;
    while let Some(bytes) = body.next().await? {
        checks.update(&bytes);
        writer.write(bytes).await?;
    }
    let checked = checks.finish()?;
    writer.finish().await?;
    let mut response = respond::empty(StatusCode::CREATED);
    let out = response.headers_mut();
    set(out, "x-ms-request-server-encrypted", "false");
    if let Some(md5) = checked.md5 {
        set(out, "content-md5", &headers::base64(&md5));
    }
    if let Some(crc64) = checked.crc64 {
        set(out, "x-ms-content-crc64", &headers::base64(&crc64));
    }
    Ok(response)
}

fn block_id(text: &str) -> Result<BlockId, Failure> {
    if text.is_empty() {
        let message = "A query parameter that's mandatory for this request is not specified: blockid.";
        return Err(Failure::bad("MissingRequiredQueryParameter", message));
    }
    let bytes = STANDARD.decode(text).map_err(|_| Failure::query("blockid"))?;
    BlockId::new(bytes).map_err(|_| Failure::query("blockid"))
}

pub(super) async fn put_list(
    access: &Access,
    call: &Call<'_>,
    body: &mut Incoming,
    at: &At,
) -> Result<Response, Failure> {
    access.allow(Level::Object, &WRITE_OR_CREATE)?;
    let put = prepare(access, call, false)?;
    let text = body.collect(Checks::of(call, MAX_LIST_BODY, false)?, MAX_LIST_BODY).await?;
    let list = xml::block_list(&text).map_err(|error| match error {
        BlockListError::Xml => {
            Failure::bad("InvalidXmlDocument", "XML specified is not syntactically valid.")
        }
        BlockListError::List(error) => error.into(),
    })?;
    let stored = access.account.put_block_list(&at.container, &at.name, &list, put).await;
    let head = stored.map_err(|error| refused(access, error))?;
    access.account.join_later(&at.container, &at.name);
    Ok(created(&head))
}

pub(super) async fn get_list(access: &Access, call: &Call<'_>, at: &At) -> Result<Response, Failure> {
    access.allow(Level::Object, &[Permissions::READ])?;
    let (committed, uncommitted) = match call.parameter("blocklisttype") {
        "" | "committed" => (true, false),
        "uncommitted" => (false, true),
        "all" => (true, true),
        _ => return Err(Failure::query("blocklisttype")),
    };
    let list = access.account.block_list(&at.container, &at.name).await?;
    let mut xml = Xml::new();
    xml.open("BlockList", &[]);
    for (wanted, name, blocks) in [
        (committed, "CommittedBlocks", &list.committed),
        (uncommitted, "UncommittedBlocks", &list.uncommitted),
    ] {
        if wanted {
            xml.open(name, &[]);
            blocks.iter().for_each(|block| write_block(&mut xml, block));
            xml.close(name);
        }
    }
    xml.close("BlockList");
    let mut response = respond::xml(xml.finish());
    let out = response.headers_mut();
    if let Some(head) = &list.head {
        headers::set_version(out, &head.etag, head.modified);
    }
    let length = list.head.map_or(0, |head| head.length);
    set(out, "x-ms-blob-content-length", &length.to_string());
    Ok(response)
}

fn write_block(xml: &mut Xml, block: &BlockInfo) {
    xml.open("Block", &[]);
    xml.leaf("Name", &headers::base64(block.id.as_bytes()));
    xml.leaf("Size", &block.length.to_string());
    xml.close("Block");
}
