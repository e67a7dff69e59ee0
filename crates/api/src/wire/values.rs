//! Plain values on the wire.

use super::{Node, Schemas, Wire, time};
use crate::http::ApiError;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Longest array. The largest documented one is 100 (clips, filters).
pub(crate) const MAX_ITEMS: usize = 1000;

/// Longest string. A job's file name may have 4,000 characters; Widevine templates and the like come later.
pub(crate) const MAX_STRING_CHARS: usize = 64 * 1024;

impl Wire for String {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        let text = node.value().and_then(Value::as_str).ok_or_else(|| node.expected("a string"))?;
        if text.chars().nth(MAX_STRING_CHARS).is_some() {
            return Err(node.wrong(format!("is longer than {MAX_STRING_CHARS} characters")));
        }
        Ok(text.to_owned())
    }

    fn write(&self) -> Value {
        self.as_str().into()
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string" })
    }
}

impl Wire for bool {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        node.value().and_then(Value::as_bool).ok_or_else(|| node.expected("true or false"))
    }

    fn write(&self) -> Value {
        (*self).into()
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "boolean" })
    }
}

impl Wire for i32 {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        integer(node)?.try_into().map_err(|_| node.expected("a 32-bit integer"))
    }

    fn write(&self) -> Value {
        (*self).into()
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "integer", "format": "int32" })
    }
}

impl Wire for u32 {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        integer(node)?.try_into().map_err(|_| node.expected("an integer from 0 to 4294967295"))
    }

    fn write(&self) -> Value {
        (*self).into()
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
    }
}

impl Wire for i64 {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        integer(node)
    }

    fn write(&self) -> Value {
        (*self).into()
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "integer", "format": "int64" })
    }
}

/// An integer; `1.0` is one too, as JavaScript and Python clients do not tell them apart.
fn integer(node: &Node<'_>) -> Result<i64, ApiError> {
    let number = node.value();
    if let Some(integer) = number.and_then(Value::as_i64) {
        return Ok(integer);
    }
    match number.and_then(Value::as_f64) {
        Some(float) if float.fract() == 0.0 && float.abs() < 9.0e15 => Ok(float as i64),
        _ => Err(node.expected("an integer")),
    }
}

impl Wire for f64 {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        node.value().and_then(Value::as_f64).ok_or_else(|| node.expected("a number"))
    }

    fn write(&self) -> Value {
        serde_json::Number::from_f64(*self).map_or(Value::Null, Value::Number)
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "number", "format": "double" })
    }
}

impl Wire for Timestamp {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        let expected = || node.expected("an ISO 8601 time such as 2026-01-31T12:00:00Z");
        let text = node.value().and_then(Value::as_str).ok_or_else(expected)?;
        time::parse_timestamp(text).ok_or_else(expected)
    }

    fn write(&self) -> Value {
        time::format_timestamp(*self).into()
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "format": "date-time" })
    }
}

impl Wire for SignedDuration {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        let expected = || node.expected("an ISO 8601 duration such as PT2S or PT1H30M");
        let text = node.value().and_then(Value::as_str).ok_or_else(expected)?;
        time::parse_duration(text).ok_or_else(expected)
    }

    fn write(&self) -> Value {
        time::format_duration(*self).into()
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "format": "duration" })
    }
}

impl Wire for Uuid {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        let text = node.value().and_then(Value::as_str);
        text.and_then(|text| Uuid::try_parse(text).ok()).ok_or_else(|| node.expected("a GUID"))
    }

    fn write(&self) -> Value {
        self.to_string().into()
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "format": "uuid" })
    }
}

impl<T: Wire> Wire for Option<T> {
    const REQUIRED: bool = false;

    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        node.value().map(|_| T::read(node)).transpose()
    }

    fn absent(_: &Node<'_>) -> Result<Self, ApiError> {
        Ok(None)
    }

    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }

    fn write_member(&self, key: &str, object: &mut Map<String, Value>) {
        if let Some(value) = self {
            value.write_member(key, object);
        }
    }

    fn schema(schemas: &mut Schemas) -> Value {
        T::schema(schemas)
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        let array = node.value().and_then(Value::as_array).ok_or_else(|| node.expected("an array"))?;
        if array.len() > MAX_ITEMS {
            return Err(node.wrong(format!("has more than {MAX_ITEMS} items")));
        }
        node.items(array).map(|item| T::read(&item)).collect()
    }

    fn write(&self) -> Value {
        self.iter().map(T::write).collect()
    }

    fn schema(schemas: &mut Schemas) -> Value {
        json!({ "type": "array", "items": T::schema(schemas), "maxItems": MAX_ITEMS })
    }
}

impl<T: Wire> Wire for Box<T> {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        T::read(node).map(Box::new)
    }

    fn write(&self) -> Value {
        self.as_ref().write()
    }

    fn schema(schemas: &mut Schemas) -> Value {
        T::schema(schemas)
    }
}

impl Wire for BTreeMap<String, String> {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        let object = node.object()?;
        if object.len() > MAX_ITEMS {
            return Err(node.wrong(format!("has more than {MAX_ITEMS} members")));
        }
        object.keys().map(|key| String::read(&node.member(key)).map(|value| (key.clone(), value))).collect()
    }

    fn write(&self) -> Value {
        self.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect::<Map<_, _>>().into()
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "object", "additionalProperties": { "type": "string" } })
    }
}
