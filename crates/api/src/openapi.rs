//! The OpenAPI 3.1 document, made from the route table and the wire types.

use crate::http::{API_VERSIONS, Method, Route};
use crate::resources::routes;
use crate::wire::{Schemas, reference};
use serde_json::{Map, Value, json};

/// The whole document. The same for the same build: it names no host and no account.
pub fn openapi() -> Value {
    let mut schemas = Schemas::default();
    schemas.named("ErrorResponse", |_| error_schema());
    let mut paths = Map::new();
    for route in routes() {
        let entry = paths.entry(route.template).or_insert_with(|| json!({}));
        entry[route.method.text().to_ascii_lowercase()] = operation(route, &mut schemas);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Millrace",
            "summary": "The Azure Media Services v3 API.",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of POST /{tenantId}/oauth2/v2.0/token, or the API key.",
                },
            },
            "schemas": schemas.into_inner(),
        },
    })
}

fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let group = route.id.split('_').next().unwrap_or(route.id);
    let mut operation = json!({
        "operationId": route.id,
        "tags": [group],
        "parameters": parameters(route),
    });
    if let Some(input) = route.input {
        let required = matches!(route.method, Method::Put | Method::Patch);
        let content = json!({ "application/json": { "schema": input(schemas) } });
        operation["requestBody"] = json!({ "required": required, "content": content });
    }
    let output = route.output.map(|output| output(schemas));
    operation["responses"] = responses(route, output.as_ref());
    operation
}

fn parameters(route: &Route) -> Vec<Value> {
    let in_path = route.template.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let path = in_path
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let version = json!({
        "name": "api-version", "in": "query", "required": true,
        "schema": { "type": "string", "enum": API_VERSIONS },
    });
    let query = route.query.iter().map(|name| {
        let schema = if *name == "$top" {
            json!({ "type": "integer", "minimum": 1 })
        } else {
            json!({ "type": "string" })
        };
        json!({ "name": name, "in": "query", "required": false, "schema": schema })
    });
    path.chain([version]).chain(query).collect()
}

fn responses(route: &Route, output: Option<&Value>) -> Value {
    let mut responses = Map::new();
    for status in route.success {
        let mut response = json!({ "description": description(*status) });
        if let Some(schema) = output.filter(|_| *status != 204) {
            response["content"] = json!({ "application/json": { "schema": schema } });
        }
        if *status == 202 {
            let header = json!({ "schema": { "type": "string" } });
            response["headers"] =
                json!({ "Azure-AsyncOperation": header, "Location": header, "Retry-After": header });
        }
        responses.insert(status.to_string(), response);
    }
    let error = json!({ "application/json": { "schema": reference("ErrorResponse") } });
    responses.insert("default".into(), json!({ "description": "The error.", "content": error }));
    responses.into()
}

fn description(status: u16) -> &'static str {
    match status {
        201 => "Created.",
        202 => "Accepted; ask the Azure-AsyncOperation URL for its status.",
        204 => "There was nothing to delete.",
        _ => "OK.",
    }
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": { "type": "string" },
                    "message": { "type": "string" },
                    "target": { "type": "string" },
                    "details": { "type": "array", "items": { "type": "object" } },
                },
            },
        },
    })
}
