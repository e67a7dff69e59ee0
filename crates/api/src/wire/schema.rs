//! The named schemas of the OpenAPI document, collected while types describe themselves.

use serde_json::{Map, Value, json};

/// Named schemas, in the order in which they were met.
#[derive(Default)]
pub(crate) struct Schemas(Map<String, Value>);

impl Schemas {
    /// Describes a named type once. `describe` may describe other types, this one included.
    pub(crate) fn named(&mut self, name: &str, describe: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), Value::Null);
            let schema = describe(self);
            self.0.insert(name.to_owned(), schema);
        }
        reference(name)
    }

    /// All of them.
    pub(crate) fn into_inner(self) -> Map<String, Value> {
        self.0
    }
}

/// A reference to a named schema.
pub(crate) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Adds a description to a member's schema. Beside a `$ref` it is allowed since OpenAPI 3.1.
pub(crate) fn describe(schema: &mut Value, text: &str) {
    let text = text.trim();
    if !text.is_empty()
        && let Some(schema) = schema.as_object_mut()
    {
        schema.insert("description".into(), text.into());
    }
}

/// The schema of one variant of a union: its object, and the type tag.
pub(crate) fn variant(odata_type: &str, body: Value) -> Value {
    json!({
        "allOf": [
            body,
            {
                "type": "object",
                "properties": { "@odata.type": { "type": "string", "const": odata_type } },
                "required": ["@odata.type"],
            },
        ],
    })
}

/// An object with its type tag first, as the service wrote it.
pub(crate) fn tagged(odata_type: &str, value: Value) -> Value {
    let mut object = Map::new();
    object.insert("@odata.type".into(), odata_type.into());
    if let Value::Object(members) = value {
        object.extend(members);
    }
    Value::Object(object)
}

/// The schema of an object under construction.
#[derive(Default)]
pub(crate) struct ObjectSchema {
    properties: Map<String, Value>,
    required: Vec<Value>,
    flattened: Vec<Value>,
}

impl ObjectSchema {
    /// Adds a member.
    pub(crate) fn member(&mut self, name: &str, required: bool, schema: Value) {
        self.properties.insert(name.to_owned(), schema);
        if required {
            self.required.push(name.into());
        }
    }

    /// Adds all members of another object.
    pub(crate) fn flatten(&mut self, schema: Value) {
        self.flattened.push(schema);
    }

    /// The schema.
    pub(crate) fn finish(self) -> Value {
        let mut own = json!({ "type": "object", "properties": self.properties });
        if !self.required.is_empty() {
            own["required"] = self.required.into();
        }
        if self.flattened.is_empty() {
            return own;
        }
        let mut all = self.flattened;
        all.push(own);
        json!({ "allOf": all })
    }
}

/// The schema of a polymorphic object under construction.
#[derive(Default)]
pub(crate) struct UnionSchema {
    variants: Vec<Value>,
    mapping: Map<String, Value>,
}

impl UnionSchema {
    /// Adds a variant whose own members are `body`.
    pub(crate) fn variant(&mut self, union: &str, odata: &str, body: Value, schemas: &mut Schemas) {
        let odata_type = format!("#Microsoft.Media.{odata}");
        let named = schemas.named(&format!("{union}_{odata}"), |_| variant(&odata_type, body));
        self.mapping.insert(odata_type, named["$ref"].clone());
        self.variants.push(named);
    }

    /// The schema.
    pub(crate) fn finish(self) -> Value {
        json!({
            "oneOf": self.variants,
            "discriminator": { "propertyName": "@odata.type", "mapping": self.mapping },
        })
    }
}
