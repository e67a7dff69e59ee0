//! The machinery of wire types: read with a JSON path in every error, write, and describe, from one definition.
//!
//! A wire type is declared once, with [`wire_object!`], [`wire_enum!`] or a mapping of a domain type ([`wire_for!`],
//! [`wire_union_for!`]), and from that come the strict reader, the writer and the JSON schema of the OpenAPI document, which therefore cannot disagree. serde's derive is
//! not used here because it loses the path inside tagged types: a client is told
//! `properties.outputs[0].preset.codecs[1].layers[0].bitrate`, not a column number.
//!
//! Members that are not known are ignored, so newer clients work; a member that is null counts as absent.

mod domain;
mod enums;
mod node;
mod objects;
mod schema;
mod support;
pub(crate) mod time;
mod values;

pub(crate) use domain::{field, wire_choice_for, wire_for, wire_text_for, wire_union_for};
pub(crate) use enums::wire_enum;
pub(crate) use node::{Node, echo};
pub(crate) use objects::wire_object;
pub(crate) use schema::{ObjectSchema, Schemas, UnionSchema, describe, reference, tagged};
pub(crate) use support::{
    flatten, member, member_or_default, odata_type, refuse_type, required_of, schema_of,
};

use crate::http::ApiError;
use serde_json::{Map, Value};

/// A value that goes over the wire.
pub(crate) trait Wire: Sized {
    /// Whether an object that has it as a member must have it.
    const REQUIRED: bool = true;

    /// Reads it, or says where it is wrong.
    fn read(node: &Node<'_>) -> Result<Self, ApiError>;

    /// What an absent or null member means; an error unless the type has an answer.
    fn absent(node: &Node<'_>) -> Result<Self, ApiError> {
        Err(node.wrong("is required"))
    }

    /// Its JSON.
    fn write(&self) -> Value;

    /// Writes it as a member; absent values write nothing.
    fn write_member(&self, key: &str, object: &mut Map<String, Value>) {
        object.insert(key.to_owned(), self.write());
    }

    /// Its JSON schema; named types are put in `schemas` and referred to.
    fn schema(schemas: &mut Schemas) -> Value;
}
