//! Operations on the service: listing containers, account information.

use axum::response::Response;
use http::{Method, StatusCode};

use super::Endpoint;
use super::auth::{Access, Level};
use super::container::{Paging, encode_marker, write_metadata};
use super::failure::Failure;
use super::headers::{date, set};
use super::request::Call;
use super::respond;
use super::xml::Xml;
use crate::sas::Permissions;

pub(super) async fn serve(
    _endpoint: &Endpoint,
    access: &Access,
    call: &Call<'_>,
) -> Result<Response, Failure> {
    match (call.method, call.restype(), call.comp()) {
        (&Method::GET, "", "list") => list(access, call).await,
        (&Method::GET | &Method::HEAD, "account", "properties") => account_information(access),
        (_, restype, comp) => Err(Failure::not_implemented(&format!(
            "{} of the service with restype={restype} and comp={comp}",
            call.method
        ))),
    }
}

async fn list(access: &Access, call: &Call<'_>) -> Result<Response, Failure> {
    access.allow(Level::Service, &[Permissions::LIST])?;
    let paging = Paging::of(call)?;
    let page = access.account.list_containers(&paging.prefix, &paging.after, paging.limit).await?;
    let mut xml = Xml::new();
    xml.open("EnumerationResults", &[("ServiceEndpoint", &endpoint(call))]);
    paging.echo(&mut xml);
    xml.open("Containers", &[]);
    for info in &page.items {
        xml.open("Container", &[]);
        xml.leaf("Name", info.name.as_str());
        xml.open("Properties", &[]);
        xml.leaf("Last-Modified", &date(info.modified));
        xml.leaf("Etag", info.etag.as_str());
        xml.leaf("LeaseStatus", "unlocked");
        xml.leaf("LeaseState", "available");
        xml.leaf("HasImmutabilityPolicy", "false");
        xml.leaf("HasLegalHold", "false");
        xml.close("Properties");
        if paging.metadata {
            write_metadata(&mut xml, &info.metadata);
        }
        xml.close("Container");
    }
    xml.close("Containers");
    xml.leaf("NextMarker", &page.next.as_deref().map(encode_marker).unwrap_or_default());
    xml.close("EnumerationResults");
    Ok(respond::xml(xml.finish()))
}

/// Any authenticated caller may know what kind of account this is.
pub(super) fn account_information(_access: &Access) -> Result<Response, Failure> {
    let mut response = respond::empty(StatusCode::OK);
    set(response.headers_mut(), "x-ms-sku-name", "Standard_LRS");
    set(response.headers_mut(), "x-ms-account-kind", "StorageV2");
    set(response.headers_mut(), "x-ms-is-hns-enabled", "false");
    Ok(response)
}

/// The origin that the client used, as listings state it.
pub(super) fn endpoint(call: &Call<'_>) -> String {
    let scheme = if call.transport.https { "https" } else { "http" };
    format!("{scheme}://{}/", call.header("host").ok().flatten().unwrap_or("localhost"))
}
