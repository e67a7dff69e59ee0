//! Operations on containers: create, delete, facts, metadata, listing blobs.

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, StatusCode};

use super::auth::{Access, Level};
use super::failure::Failure;
use super::headers::{self, OCTETS, date, set};
use super::request::Call;
use super::respond;
use super::xml::Xml;
use crate::account::ContainerInfo;
use crate::error::Error;
use crate::list::{Item, List};
use crate::name::ContainerName;
use crate::properties::{Condition, Head, Metadata};
use crate::sas::Permissions;

/// Most items of a listing, as in Azure.
pub(super) const MAX_RESULTS: usize = 5000;
/// Kinds that a listing may be asked to include and of which there are none here, so that leaving them out is right.
const NONE_OF: [&str; 8] = [
    "snapshots",
    "copy",
    "deleted",
    "versions",
    "tags",
    "deletedwithversions",
    "immutabilitypolicy",
    "legalhold",
];

pub(super) async fn serve(
    access: &Access,
    call: &Call<'_>,
    name: &ContainerName,
) -> Result<Response, Failure> {
    if call.restype() == "account" {
        return super::service::account_information(access);
    }
    if call.restype() != "container" {
        let message =
            "The specified resource does not exist: an operation on a container has restype=container.";
        return Err(Failure::new(StatusCode::NOT_FOUND, "ResourceNotFound", message));
    }
    match (call.method, call.comp()) {
        (&Method::PUT, "") => create(access, call, name).await,
        (&Method::DELETE, "") => delete(access, call, name).await,
        (&Method::GET | &Method::HEAD, "" | "metadata") => facts(access, name).await,
        (&Method::PUT, "metadata") => set_metadata(access, call, name).await,
        (&Method::GET, "list") => list(access, call, name).await,
        (_, comp) => {
            Err(Failure::not_implemented(&format!("{} of a container with comp={comp}", call.method)))
        }
    }
}

async fn create(access: &Access, call: &Call<'_>, name: &ContainerName) -> Result<Response, Failure> {
    access.allow(Level::Container, &[Permissions::CREATE, Permissions::WRITE])?;
    if call.headers.contains_key("x-ms-blob-public-access") {
        let message = "Public access is not permitted on this storage account.";
        return Err(Failure::new(StatusCode::CONFLICT, "PublicAccessNotPermitted", message));
    }
    let info = access.account.create_container(name, headers::metadata(call.headers)?).await?;
    Ok(versioned(StatusCode::CREATED, &info))
}

async fn delete(access: &Access, call: &Call<'_>, name: &ContainerName) -> Result<Response, Failure> {
    access.allow(Level::Container, &[Permissions::DELETE])?;
    check(access, call, name).await?;
    access.account.delete_container(name).await?;
    Ok(respond::empty(StatusCode::ACCEPTED))
}

/// Conditions on a container.
async fn check(access: &Access, call: &Call<'_>, name: &ContainerName) -> Result<(), Failure> {
    let condition = headers::condition(call)?;
    if condition != Condition::default() {
        let info = access.account.container(name).await?;
        let met = condition.check(&info.etag, info.modified);
        met.map_err(|_| Error::ConditionNotMet { not_modified: false })?;
    }
    Ok(())
}

async fn facts(access: &Access, name: &ContainerName) -> Result<Response, Failure> {
    access.allow(Level::Container, &[Permissions::READ])?;
    let info = access.account.container(name).await?;
    let mut response = versioned(StatusCode::OK, &info);
    let out = response.headers_mut();
    headers::set_metadata(out, &info.metadata);
    set(out, "x-ms-lease-status", "unlocked");
    set(out, "x-ms-lease-state", "available");
    set(out, "x-ms-has-immutability-policy", "false");
    set(out, "x-ms-has-legal-hold", "false");
    Ok(response)
}

async fn set_metadata(access: &Access, call: &Call<'_>, name: &ContainerName) -> Result<Response, Failure> {
    access.allow(Level::Container, &[Permissions::WRITE])?;
    check(access, call, name).await?;
    let info = access.account.set_container_metadata(name, headers::metadata(call.headers)?).await?;
    Ok(versioned(StatusCode::OK, &info))
}

fn versioned(status: StatusCode, info: &ContainerInfo) -> Response {
    let mut response = respond::empty(status);
    headers::set_version(response.headers_mut(), &info.etag, info.modified);
    response
}

/// The paging parameters that both listings share.
pub(super) struct Paging {
    pub(super) prefix: String,
    pub(super) marker: String,
    pub(super) after: String,
    pub(super) asked: Option<usize>,
    pub(super) limit: usize,
    pub(super) metadata: bool,
}

impl Paging {
    pub(super) fn of(call: &Call<'_>) -> Result<Self, Failure> {
        let asked = match call.parameter("maxresults") {
            "" => None,
            text => match text.parse::<usize>() {
                Ok(0) => {
                    let message = "One of the query parameters is outside the permissible range: maxresults.";
                    return Err(Failure::bad("OutOfRangeQueryParameterValue", message));
                }
                Ok(count) => Some(count),
                Err(_) => return Err(Failure::query("maxresults")),
            },
        };
        let mut metadata = false;
        for kind in call.parameter("include").split(',').filter(|kind| !kind.is_empty()) {
            match kind {
                "metadata" => metadata = true,
                "uncommittedblobs" => return Err(Failure::not_implemented("listing uncommitted blobs")),
                known if NONE_OF.contains(&known) || known == "system" => {}
                _ => return Err(Failure::query("include")),
            }
        }
        let marker = call.parameter("marker").to_owned();
        Ok(Self {
            prefix: call.parameter("prefix").to_owned(),
            after: decode_marker(&marker).ok_or_else(|| Failure::query("marker"))?,
            marker,
            asked,
            limit: asked.unwrap_or(MAX_RESULTS).min(MAX_RESULTS),
            metadata,
        })
    }

    /// Echoes what was asked: clients ask for the next page with what they find here.
    pub(super) fn echo(&self, xml: &mut Xml) {
        if !self.prefix.is_empty() {
            xml.name_of("Prefix", &self.prefix);
        }
        if !self.marker.is_empty() {
            xml.leaf("Marker", &self.marker);
        }
        if let Some(asked) = self.asked {
            xml.leaf("MaxResults", &asked.min(MAX_RESULTS).to_string());
        }
    }
}

/// A marker is the last name, dressed so that nobody builds one.
pub(super) fn encode_marker(after: &str) -> String {
    format!("1!{}", URL_SAFE_NO_PAD.encode(after))
}

fn decode_marker(marker: &str) -> Option<String> {
    if marker.is_empty() {
        return Some(String::new());
    }
    String::from_utf8(URL_SAFE_NO_PAD.decode(marker.strip_prefix("1!")?).ok()?).ok()
}

async fn list(access: &Access, call: &Call<'_>, name: &ContainerName) -> Result<Response, Failure> {
    access.allow(Level::Container, &[Permissions::LIST])?;
    let paging = Paging::of(call)?;
    let delimiter = call.parameter("delimiter").to_owned();
    let wanted = List {
        prefix: paging.prefix.clone(),
        delimiter: delimiter.clone(),
        after: paging.after.clone(),
        limit: paging.limit,
        hide_internal: true,
    };
    let page = access.account.list(name, &wanted).await?;
    let mut xml = Xml::new();
    let endpoint = super::service::endpoint(call);
    xml.open("EnumerationResults", &[("ServiceEndpoint", &endpoint), ("ContainerName", name.as_str())]);
    paging.echo(&mut xml);
    if !delimiter.is_empty() {
        xml.name_of("Delimiter", &delimiter);
    }
    xml.open("Blobs", &[]);
    for item in &page.items {
        match item {
            Item::Blob(name, head) => write_blob(&mut xml, name.as_str(), head, paging.metadata),
            Item::Prefix(prefix) => {
                xml.open("BlobPrefix", &[]);
                xml.name_of("Name", prefix);
                xml.close("BlobPrefix");
            }
        }
    }
    xml.close("Blobs");
    xml.leaf("NextMarker", &page.next.as_deref().map(encode_marker).unwrap_or_default());
    xml.close("EnumerationResults");
    Ok(respond::xml(xml.finish()))
}

fn write_blob(xml: &mut Xml, name: &str, head: &Head, metadata: bool) {
    let properties = &head.properties;
    xml.open("Blob", &[]);
    xml.name_of("Name", name);
    xml.open("Properties", &[]);
    xml.leaf("Creation-Time", &date(head.created));
    xml.leaf("Last-Modified", &date(head.modified));
    xml.leaf("Etag", head.etag.as_str().trim_matches('"'));
    xml.leaf("Content-Length", &head.length.to_string());
    xml.leaf("Content-Type", properties.content_type.as_deref().unwrap_or(OCTETS));
    xml.leaf("Content-Encoding", properties.content_encoding.as_deref().unwrap_or(""));
    xml.leaf("Content-Language", properties.content_language.as_deref().unwrap_or(""));
    xml.leaf("Content-MD5", &properties.content_md5.map(|md5| headers::base64(&md5)).unwrap_or_default());
    xml.leaf("Cache-Control", properties.cache_control.as_deref().unwrap_or(""));
    xml.leaf("Content-Disposition", properties.content_disposition.as_deref().unwrap_or(""));
    xml.leaf("BlobType", "BlockBlob");
    xml.leaf("AccessTier", "Hot");
    xml.leaf("AccessTierInferred", "true");
    xml.leaf("LeaseStatus", "unlocked");
    xml.leaf("LeaseState", "available");
    xml.leaf("ServerEncrypted", "false");
    xml.close("Properties");
    if metadata {
        write_metadata(xml, &head.metadata);
    }
    xml.close("Blob");
}

pub(super) fn write_metadata(xml: &mut Xml, metadata: &Metadata) {
    xml.open("Metadata", &[]);
    for (name, value) in metadata {
        // Names with a leading digit or other signs that are no element names came from other ways in; left out.
        let element = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-');
        if element {
            xml.leaf(name, value);
        }
    }
    xml.close("Metadata");
}
