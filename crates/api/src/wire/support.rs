//! What the declaring macros call.

use super::{Node, Schemas, Wire};
use crate::http::ApiError;
use millrace_catalog::preset;
use serde_json::{Map, Value};

/// The prefix of every `@odata.type` of the contract.
const NAMESPACE: &str = "#Microsoft.Media.";

/// Reads a member, which may be absent only if its type says so.
pub(crate) fn member<T: Wire>(node: &Node<'_>, key: &str) -> Result<T, ApiError> {
    let member = node.member(key);
    match member.value() {
        Some(_) => T::read(&member),
        None => T::absent(&member),
    }
}

/// Reads a member; absent means the default.
pub(crate) fn member_or_default<T: Wire + Default>(node: &Node<'_>, key: &str) -> Result<T, ApiError> {
    let member = node.member(key);
    member.value().map_or_else(|| Ok(T::default()), |_| T::read(&member))
}

/// Writes the members of `value` beside those of `object`.
pub(crate) fn flatten<T: Wire>(value: &T, object: &mut Map<String, Value>) {
    if let Value::Object(members) = value.write() {
        object.extend(members);
    }
}

/// The schema of the type of a field.
pub(crate) fn schema_of<S, T: Wire>(_: impl Fn(&S) -> &T, schemas: &mut Schemas) -> Value {
    T::schema(schemas)
}

/// Whether a field of this type must be there.
pub(crate) fn required_of<S, T: Wire>(_: impl Fn(&S) -> &T) -> bool {
    T::REQUIRED
}

/// The name in an `@odata.type`, which must be there.
pub(crate) fn odata_type<'a>(tag: &Node<'a>, known: &[&str]) -> Result<&'a str, ApiError> {
    let Some(value) = tag.value() else {
        return Err(tag.wrong(format!("is required; it is one of {}", list(known))));
    };
    let given = value.as_str().ok_or_else(|| tag.expected("a string"))?;
    Ok(given.strip_prefix(NAMESPACE).unwrap_or(given))
}

/// The refusal of a type that is not `known` at this place: the domain's own sentence if it is of the contract.
pub(crate) fn refuse_type(tag: &Node<'_>, given: &str, known: &[&str]) -> ApiError {
    match preset::refuse(tag.path(), given) {
        error @ millrace_catalog::Error::Unsupported { .. } => error.into(),
        _ => tag.expected(&format!("one of {}", list(known))),
    }
}

fn list(known: &[&str]) -> String {
    let full: Vec<String> = known.iter().map(|name| format!("{NAMESPACE}{name}")).collect();
    full.join(", ")
}
