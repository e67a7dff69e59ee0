//! Streaming endpoints: one, `default`, which the server is.

use super::below_account;
use super::envelope::{read_properties, read_tags};
use super::operation::{self, Links};
use super::paging;
use crate::http::{Answer, ApiError, Call, Method, Route, route};
use crate::wire::{Node, Schemas, Wire, wire_choice_for, wire_object};
use jiff::Timestamp;
use millrace_catalog::endpoint::{DEFAULT, Endpoint, EndpointPatch, EndpointState};
use serde_json::{Value, json};

const ENDPOINTS: &str = below_account!("/streamingEndpoints");
const ENDPOINT: &str = below_account!("/streamingEndpoints/{streamingEndpointName}");
const OPERATION: &str = below_account!("/streamingEndpointOperations/{operationId}");
const RESULT: &str =
    below_account!("/streamingEndpoints/{streamingEndpointName}/operationLocations/{operationId}");

/// Collection of operation statuses.
const STATUSES: &str = "streamingEndpointOperations";

wire_choice_for!(EndpointState as "StreamingEndpointResourceState");

wire_object! {
    /// `StreamingEndpointProperties`.
    EndpointProperties {
        /// Free text.
        description: Option<String> = "description",
        /// 0 is Standard; only reported back.
        scale_units: Option<u32> = "scaleUnits",
        availability_set: Option<String> = "availabilitySetName",
        access_control: Option<Access> = "accessControl",
        /// Seconds.
        max_cache_age: Option<u32> = "maxCacheAge",
        custom_host_names: Option<Vec<String>> = "customHostNames",
        host_name: Option<String> = "hostName",
        cdn_enabled: Option<bool> = "cdnEnabled",
        cdn_provider: Option<String> = "cdnProvider",
        cdn_profile: Option<String> = "cdnProfile",
        provisioning_state: Option<String> = "provisioningState",
        state: Option<EndpointState> = "resourceState",
        cross_site: Option<CrossSite> = "crossSiteAccessPolicies",
        created: Option<Timestamp> = "created",
        modified: Option<Timestamp> = "lastModified",
    }
}

wire_object! {
    /// `StreamingEntityScaleUnit`.
    Scale { units: u32 = "scaleUnit" }
}

/// Members that would restrict who may play. They are refused rather than dropped.
macro_rules! refused_unless_empty {
    ($name:ident, $sentence:literal) => {
        #[derive(Debug, Clone, PartialEq)]
        struct $name;

        impl Wire for $name {
            fn read(node: &Node<'_>) -> Result<Self, ApiError> {
                let empty = node.object()?.values().all(|value| value.is_null());
                if empty { Ok(Self) } else { Err(node.wrong($sentence)) }
            }

            fn write(&self) -> Value {
                Value::Object(Default::default())
            }

            fn schema(_: &mut Schemas) -> Value {
                json!({ "type": "object", "maxProperties": 0 })
            }
        }
    };
}

refused_unless_empty!(Access, "is not supported: restrict addresses in front of the server");
refused_unless_empty!(CrossSite, "is not supported: every origin may play, by CORS");

fn schema(schemas: &mut Schemas) -> Value {
    schemas.named("StreamingEndpoint", |schemas| {
        json!({
            "type": "object",
            "properties": {
                "id": { "type": "string", "readOnly": true },
                "name": { "type": "string", "readOnly": true },
                "type": { "type": "string", "readOnly": true },
                "location": { "type": "string" },
                "tags": { "type": "object", "additionalProperties": { "type": "string" } },
                "sku": { "type": "object", "readOnly": true },
                "properties": EndpointProperties::schema(schemas),
            },
        })
    })
}

fn list_schema(schemas: &mut Schemas) -> Value {
    json!({ "type": "object", "properties": { "value": { "type": "array", "items": schema(schemas) } } })
}

/// The table's rows.
pub(super) const ROUTES: &[Route] = &[
    route("StreamingEndpoints_List", Method::Get, ENDPOINTS, &[200], |call| Box::pin(list(call)))
        .gives(list_schema),
    route("StreamingEndpoints_Get", Method::Get, ENDPOINT, &[200], |call| Box::pin(get(call))).gives(schema),
    route("StreamingEndpoints_Create", Method::Put, ENDPOINT, &[200], |call| Box::pin(put(call)))
        .takes(schema)
        .gives(schema)
        .asks(&["autoStart"]),
    route("StreamingEndpoints_Update", Method::Patch, ENDPOINT, &[200], |call| Box::pin(patch(call)))
        .takes(schema)
        .gives(schema),
    route("StreamingEndpoints_Delete", Method::Delete, ENDPOINT, &[204], |call| Box::pin(delete(call))),
    route(
        "StreamingEndpoints_Skus",
        Method::Get,
        below_account!("/streamingEndpoints/{streamingEndpointName}/skus"),
        &[200],
        |call| Box::pin(skus(call)),
    ),
    route(
        "StreamingEndpoints_Start",
        Method::Post,
        below_account!("/streamingEndpoints/{streamingEndpointName}/start"),
        &[202],
        |call| Box::pin(start(call)),
    ),
    route(
        "StreamingEndpoints_Stop",
        Method::Post,
        below_account!("/streamingEndpoints/{streamingEndpointName}/stop"),
        &[202],
        |call| Box::pin(stop(call)),
    ),
    route(
        "StreamingEndpoints_Scale",
        Method::Post,
        below_account!("/streamingEndpoints/{streamingEndpointName}/scale"),
        &[202],
        |call| Box::pin(scale(call)),
    )
    .takes(Scale::schema),
    route("StreamingEndpoints_AsyncOperation", Method::Get, OPERATION, &[200], |call| {
        Box::pin(async move { operation::status(&call, STATUSES) })
    }),
    route("StreamingEndpoints_OperationLocation", Method::Get, RESULT, &[200], |call| Box::pin(result(call)))
        .gives(schema),
];

fn write(call: &Call, endpoint: &Endpoint) -> Value {
    let properties = EndpointProperties {
        description: Some(endpoint.description.clone().unwrap_or_default()),
        scale_units: Some(endpoint.scale_units),
        availability_set: None,
        access_control: None,
        max_cache_age: endpoint.max_cache_age_s.map(|age| u32::try_from(age).unwrap_or(u32::MAX)),
        custom_host_names: Some(endpoint.custom_host_names.clone()),
        host_name: Some(endpoint.host_name.clone()),
        cdn_enabled: Some(false),
        cdn_provider: None,
        cdn_profile: None,
        provisioning_state: Some("Succeeded".into()),
        state: Some(endpoint.state),
        cross_site: None,
        created: Some(endpoint.created),
        modified: Some(endpoint.modified),
    };
    json!({
        "name": endpoint.name,
        "id": call.id(&["streamingEndpoints", &endpoint.name]),
        "type": "Microsoft.Media/mediaservices/streamingEndpoints",
        "location": call.api.account.location,
        "tags": endpoint.tags,
        "sku": sku(endpoint),
        "properties": properties.write(),
    })
}

fn sku(endpoint: &Endpoint) -> Value {
    let name = if endpoint.scale_units == 0 { "Standard" } else { "Premium" };
    json!({ "name": name, "capacity": endpoint.scale_units })
}

fn endpoint_patch(call: &Call) -> Result<EndpointPatch, ApiError> {
    let sent: EndpointProperties = read_properties(call)?;
    if sent.cdn_enabled == Some(true) {
        let reason = "is not supported: put a CDN in front of the server yourself; its segments can be cached for ever";
        return Err(ApiError::Property { path: "properties.cdnEnabled".into(), reason: reason.into() });
    }
    Ok(EndpointPatch {
        description: sent.description,
        tags: read_tags(call)?,
        custom_host_names: sent.custom_host_names,
        max_cache_age_s: sent.max_cache_age.map(u64::from),
        scale_units: sent.scale_units,
    })
}

async fn list(call: Call) -> Result<Answer, ApiError> {
    let page = call.api.catalog.endpoints(&paging::query(&call)?).await?;
    Ok(paging::answer(&call, &page, |endpoint| write(&call, endpoint)))
}

async fn get(call: Call) -> Result<Answer, ApiError> {
    let endpoint = call.api.catalog.endpoint(call.name("streamingEndpointName")).await?;
    Ok(Answer::ok(write(&call, &endpoint)))
}

/// The endpoint that exists is updated; others cannot be made.
async fn put(call: Call) -> Result<Answer, ApiError> {
    let name = call.name("streamingEndpointName");
    if !name.eq_ignore_ascii_case(DEFAULT) {
        return Err(ApiError::NotSupported(format!(
            "The server has one streaming endpoint, '{DEFAULT}', and others cannot be made; further host names go into its customHostNames."
        )));
    }
    let mut endpoint = call.api.catalog.patch_endpoint(name, &endpoint_patch(&call)?).await?;
    if call.query("autoStart").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        endpoint = call.api.catalog.start_endpoint(name).await?;
    }
    Ok(Answer::ok(write(&call, &endpoint)))
}

async fn patch(call: Call) -> Result<Answer, ApiError> {
    let patch = endpoint_patch(&call)?;
    let endpoint = call.api.catalog.patch_endpoint(call.name("streamingEndpointName"), &patch).await?;
    Ok(Answer::ok(write(&call, &endpoint)))
}

async fn delete(call: Call) -> Result<Answer, ApiError> {
    let name = call.name("streamingEndpointName");
    if name.eq_ignore_ascii_case(DEFAULT) {
        return Err(ApiError::Conflict(format!(
            "The streaming endpoint '{DEFAULT}' is the server's own and cannot be deleted; it can be stopped."
        )));
    }
    Ok(Answer::deleted(false))
}

async fn skus(call: Call) -> Result<Answer, ApiError> {
    let endpoint = call.api.catalog.endpoint(call.name("streamingEndpointName")).await?;
    Ok(Answer::ok(json!({ "value": [{
        "resourceType": "Microsoft.Media/mediaservices/streamingEndpoints",
        "capacity": { "scaleType": "None", "default": 0, "minimum": 0, "maximum": 0 },
        "sku": { "name": sku(&endpoint)["name"] },
    }] })))
}

async fn start(call: Call) -> Result<Answer, ApiError> {
    let endpoint = call.api.catalog.start_endpoint(call.name("streamingEndpointName")).await?;
    Ok(accepted(&call, &endpoint))
}

async fn stop(call: Call) -> Result<Answer, ApiError> {
    let endpoint = call.api.catalog.stop_endpoint(call.name("streamingEndpointName")).await?;
    Ok(accepted(&call, &endpoint))
}

async fn scale(call: Call) -> Result<Answer, ApiError> {
    let scale: Scale = call.read()?;
    let patch = EndpointPatch { scale_units: Some(scale.units), ..EndpointPatch::default() };
    let endpoint = call.api.catalog.patch_endpoint(call.name("streamingEndpointName"), &patch).await?;
    Ok(accepted(&call, &endpoint))
}

fn accepted(call: &Call, endpoint: &Endpoint) -> Answer {
    let resource = ["streamingEndpoints", endpoint.name.as_str()];
    operation::accepted(call, &Links { statuses: STATUSES, resource: &resource }, None)
}

async fn result(call: Call) -> Result<Answer, ApiError> {
    operation::require(&call, STATUSES)?;
    get(call).await
}
