//! The ARM form of a resource: `id`, `name` and `type` around its `properties`.

use crate::http::{ApiError, Call};
use crate::wire::{Node, Schemas, Wire, member};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Reads the `properties` of a request's body. Clients leave the member out when it would be empty.
pub(crate) fn read_properties<P: Wire>(call: &Call) -> Result<P, ApiError> {
    let body = call.body.as_ref().ok_or_else(|| ApiError::Body("the body is missing".into()))?;
    let root = Node::root(body);
    root.object()?;
    let empty = Value::Object(Map::new());
    P::read(&root.member_or("properties", &empty))
}

/// Reads the `tags` of a request's body.
pub(crate) fn read_tags(call: &Call) -> Result<Option<BTreeMap<String, String>>, ApiError> {
    let Some(body) = call.body.as_ref() else { return Ok(None) };
    member(&Node::root(body), "tags")
}

/// A resource of the account as a document. `path` alternates collection names and resource names, as
/// `["transforms", "t", "jobs", "j"]`.
pub(crate) fn resource<P: Wire>(call: &Call, path: &[&str], properties: &P) -> Value {
    let mut kind = "Microsoft.Media/mediaservices".to_owned();
    for collection in path.iter().step_by(2) {
        kind.push('/');
        kind.push_str(collection);
    }
    json!({
        "name": path.last().copied().unwrap_or_default(),
        "id": call.id(path),
        "type": kind,
        "properties": properties.write(),
    })
}

/// The schema of a resource with these properties.
pub(crate) fn resource_schema<P: Wire>(name: &str, schemas: &mut Schemas) -> Value {
    schemas.named(name, |schemas| {
        json!({
            "type": "object",
            "properties": {
                "id": { "type": "string", "readOnly": true },
                "name": { "type": "string", "readOnly": true },
                "type": { "type": "string", "readOnly": true },
                "properties": P::schema(schemas),
            },
        })
    })
}

/// The schema of a page of resources.
pub(crate) fn page_schema<P: Wire>(name: &str, schemas: &mut Schemas) -> Value {
    let item = resource_schema::<P>(name, schemas);
    schemas.named(&format!("{name}Collection"), |_| {
        json!({
            "type": "object",
            "properties": {
                "value": { "type": "array", "items": item },
                "@odata.nextLink": { "type": "string" },
            },
            "required": ["value"],
        })
    })
}
