//! Streaming policies.

use super::below_account;
use super::envelope::{page_schema, read_properties, resource, resource_schema};
use super::paging::{self, FILTER_TOP_ORDER};
use crate::http::{Answer, ApiError, Call, Method, Route, route};
use crate::wire::{Node, Schemas, Wire, wire_for, wire_object};
use jiff::Timestamp;
use millrace_catalog::policy::{Policy, Protocols};
use serde_json::{Value, json};

const POLICIES: &str = below_account!("/streamingPolicies");
const POLICY: &str = below_account!("/streamingPolicies/{streamingPolicyName}");

wire_for!(Protocols as "EnabledProtocols" {
    download: ["download"],
    dash: ["dash"],
    hls: ["hls"],
    smooth: ["smoothStreaming"],
});

wire_object! {
    /// `NoEncryption`.
    NoEncryption { protocols: Option<Protocols> = "enabledProtocols" }
}

wire_object! {
    /// `StreamingPolicyProperties`.
    PolicyProperties {
        created: Option<Timestamp> = "created",
        no_encryption: Option<NoEncryption> = "noEncryption",
        default_key_policy: Option<Refused> = "defaultContentKeyPolicyName",
        envelope: Option<Refused> = "envelopeEncryption",
        cenc: Option<Refused> = "commonEncryptionCenc",
        cbcs: Option<Refused> = "commonEncryptionCbcs",
    }
}

/// A member that would encrypt. It is refused rather than dropped: content meant to be encrypted must not go out clear.
#[derive(Debug, Clone, PartialEq)]
struct Refused;

impl Wire for Refused {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        Err(node.wrong("is not supported: encryption is not part of this version; use noEncryption"))
    }

    fn write(&self) -> Value {
        Value::Null
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "not": {} })
    }
}

fn schema(schemas: &mut Schemas) -> Value {
    resource_schema::<PolicyProperties>("StreamingPolicy", schemas)
}

/// The table's rows.
pub(super) const ROUTES: &[Route] = &[
    route("StreamingPolicies_List", Method::Get, POLICIES, &[200], |call| Box::pin(list(call)))
        .asks(FILTER_TOP_ORDER)
        .gives(|schemas| page_schema::<PolicyProperties>("StreamingPolicy", schemas)),
    route("StreamingPolicies_Get", Method::Get, POLICY, &[200], |call| Box::pin(get(call))).gives(schema),
    route("StreamingPolicies_Create", Method::Put, POLICY, &[201], |call| Box::pin(create(call)))
        .takes(schema)
        .gives(schema),
    route("StreamingPolicies_Delete", Method::Delete, POLICY, &[200, 204], |call| Box::pin(delete(call))),
];

fn write(call: &Call, policy: &Policy) -> Value {
    let properties = PolicyProperties {
        created: Some(policy.created),
        no_encryption: Some(NoEncryption { protocols: Some(policy.protocols) }),
        default_key_policy: None,
        envelope: None,
        cenc: None,
        cbcs: None,
    };
    resource(call, &["streamingPolicies", &policy.name], &properties)
}

async fn list(call: Call) -> Result<Answer, ApiError> {
    let page = call.api.catalog.policies(&paging::query(&call)?).await?;
    Ok(paging::answer(&call, &page, |policy| write(&call, policy)))
}

async fn get(call: Call) -> Result<Answer, ApiError> {
    let policy = call.api.catalog.policy(call.name("streamingPolicyName")).await?;
    Ok(Answer::ok(write(&call, &policy)))
}

async fn create(call: Call) -> Result<Answer, ApiError> {
    let sent: PolicyProperties = read_properties(&call)?;
    let protocols = sent.no_encryption.and_then(|clear| clear.protocols).unwrap_or_default();
    let policy = call.api.catalog.create_policy(call.name("streamingPolicyName"), protocols).await?;
    Ok(Answer::created(write(&call, &policy)))
}

async fn delete(call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::deleted(call.api.catalog.delete_policy(call.name("streamingPolicyName")).await?))
}
