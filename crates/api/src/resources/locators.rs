//! Streaming locators.

use super::below_account;
use super::envelope::{page_schema, read_properties, resource, resource_schema};
use super::paging::{self, FILTER_TOP_ORDER};
use crate::http::{Answer, ApiError, Call, Method, Route, route};
use crate::wire::{Schemas, Wire, time::format_timestamp, wire_choice_for, wire_object};
use jiff::Timestamp;
use millrace_catalog::locator::{Locator, LocatorDraft, Paths, Protocol, StreamingPath};
use serde_json::{Map, Value, json};
use uuid::Uuid;

const LOCATORS: &str = below_account!("/streamingLocators");
const LOCATOR: &str = below_account!("/streamingLocators/{streamingLocatorName}");

/// The contract's "never ends": the last second that .NET can write.
const NEVER: &str = "9999-12-31T23:59:59.999999Z";

wire_choice_for!(Protocol as "StreamingPolicyStreamingProtocol");

wire_object! {
    /// `StreamingLocatorProperties`.
    LocatorProperties {
        asset: Option<String> = "assetName",
        created: Option<Timestamp> = "created",
        /// At once if absent.
        start: Option<Timestamp> = "startTime",
        /// Never if absent.
        end: Option<Timestamp> = "endTime",
        /// The first part of its URLs; chosen by the service if absent.
        id: Option<Uuid> = "streamingLocatorId",
        policy: Option<String> = "streamingPolicyName",
        default_key_policy: Option<String> = "defaultContentKeyPolicyName",
        content_keys: Option<Vec<ContentKey>> = "contentKeys",
        alternative_media_id: Option<String> = "alternativeMediaId",
        /// Filters of the asset or account that apply to every manifest.
        filters: Option<Vec<String>> = "filters",
    }
}

wire_object! {
    /// `StreamingLocatorContentKey`.
    ContentKey { id: Uuid = "id" }
}

wire_object! {
    /// `ListPathsResponse`.
    PathList {
        streaming: Vec<PathsOfProtocol> = "streamingPaths",
        download: Vec<String> = "downloadPaths",
    }
}

wire_object! {
    /// `StreamingPath`.
    PathsOfProtocol {
        protocol: Protocol = "streamingProtocol",
        encryption: String = "encryptionScheme",
        paths: Vec<String> = "paths",
    }
}

impl From<&StreamingPath> for PathsOfProtocol {
    fn from(path: &StreamingPath) -> Self {
        Self { protocol: path.protocol, encryption: "NoEncryption".into(), paths: path.paths.clone() }
    }
}

impl From<Paths> for PathList {
    fn from(paths: Paths) -> Self {
        Self {
            streaming: paths.streaming.iter().map(PathsOfProtocol::from).collect(),
            download: paths.download,
        }
    }
}

fn schema(schemas: &mut Schemas) -> Value {
    resource_schema::<LocatorProperties>("StreamingLocator", schemas)
}

/// The table's rows.
pub(super) const ROUTES: &[Route] = &[
    route("StreamingLocators_List", Method::Get, LOCATORS, &[200], |call| Box::pin(list(call)))
        .asks(FILTER_TOP_ORDER)
        .gives(|schemas| page_schema::<LocatorProperties>("StreamingLocator", schemas)),
    route("StreamingLocators_Get", Method::Get, LOCATOR, &[200], |call| Box::pin(get(call))).gives(schema),
    route("StreamingLocators_Create", Method::Put, LOCATOR, &[201], |call| Box::pin(create(call)))
        .takes(schema)
        .gives(schema),
    route("StreamingLocators_Delete", Method::Delete, LOCATOR, &[200, 204], |call| Box::pin(delete(call))),
    route(
        "StreamingLocators_ListPaths",
        Method::Post,
        below_account!("/streamingLocators/{streamingLocatorName}/listPaths"),
        &[200],
        |call| Box::pin(list_paths(call)),
    )
    .gives(PathList::schema),
    route(
        "StreamingLocators_ListContentKeys",
        Method::Post,
        below_account!("/streamingLocators/{streamingLocatorName}/listContentKeys"),
        &[200],
        |call| Box::pin(list_content_keys(call)),
    )
    .gives(|_| json!({ "type": "object", "properties": { "contentKeys": { "type": "array", "items": { "type": "object" } } } })),
];

fn write(call: &Call, locator: &Locator) -> Value {
    let properties = LocatorProperties {
        asset: Some(locator.asset.clone()),
        created: Some(locator.created),
        start: locator.start,
        end: None,
        id: Some(locator.id),
        policy: Some(locator.policy.clone()),
        default_key_policy: None,
        content_keys: Some(Vec::new()),
        alternative_media_id: locator.alternative_media_id.clone(),
        filters: Some(locator.filters.clone()),
    };
    let mut document = resource(call, &["streamingLocators", &locator.name], &properties);
    document["properties"]["endTime"] = end(locator);
    document
}

fn end(locator: &Locator) -> Value {
    locator.end.map_or_else(|| NEVER.to_owned(), format_timestamp).into()
}

/// The shorter form in which an asset lists its locators.
pub(super) fn summary(locator: &Locator) -> Value {
    let mut object = Map::new();
    object.insert("name".into(), locator.name.clone().into());
    object.insert("assetName".into(), locator.asset.clone().into());
    locator.created.write_member("created", &mut object);
    locator.start.write_member("startTime", &mut object);
    object.insert("endTime".into(), end(locator));
    locator.id.write_member("streamingLocatorId", &mut object);
    object.insert("streamingPolicyName".into(), locator.policy.clone().into());
    object.into()
}

async fn list(call: Call) -> Result<Answer, ApiError> {
    let page = call.api.catalog.locators(&paging::query(&call)?).await?;
    Ok(paging::answer(&call, &page, |locator| write(&call, locator)))
}

async fn get(call: Call) -> Result<Answer, ApiError> {
    let locator = call.api.catalog.locator(call.name("streamingLocatorName")).await?;
    Ok(Answer::ok(write(&call, &locator)))
}

async fn create(call: Call) -> Result<Answer, ApiError> {
    let draft = draft(read_properties(&call)?)?;
    let locator = call.api.catalog.create_locator(call.name("streamingLocatorName"), &draft).await?;
    Ok(Answer::created(write(&call, &locator)))
}

fn draft(sent: LocatorProperties) -> Result<LocatorDraft, ApiError> {
    let wrong = |member: &str, reason: &str| ApiError::Property {
        path: format!("properties.{member}"),
        reason: reason.into(),
    };
    let keys = "is not supported: encryption is not part of this version";
    if sent.default_key_policy.as_ref().is_some_and(|name| !name.is_empty()) {
        return Err(wrong("defaultContentKeyPolicyName", keys));
    }
    if sent.content_keys.as_ref().is_some_and(|list| !list.is_empty()) {
        return Err(wrong("contentKeys", keys));
    }
    Ok(LocatorDraft {
        asset: sent.asset.ok_or_else(|| wrong("assetName", "is required"))?,
        policy: sent.policy.ok_or_else(|| wrong("streamingPolicyName", "is required"))?,
        id: sent.id,
        start: sent.start,
        // What a client read as "never" it may write back.
        end: sent.end.filter(|end| end.to_string().as_str() < "9999-12-30"),
        alternative_media_id: sent.alternative_media_id,
        filters: sent.filters.unwrap_or_default(),
    })
}

async fn delete(call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::deleted(call.api.catalog.delete_locator(call.name("streamingLocatorName")).await?))
}

async fn list_paths(call: Call) -> Result<Answer, ApiError> {
    let paths = call.api.catalog.locator_paths(call.name("streamingLocatorName")).await?;
    Ok(Answer::ok(PathList::from(paths).write()))
}

/// Every policy is clear, so no locator has keys; one that does not exist is still not found.
async fn list_content_keys(call: Call) -> Result<Answer, ApiError> {
    call.api.catalog.locator(call.name("streamingLocatorName")).await?;
    Ok(Answer::ok(json!({ "contentKeys": [] })))
}
