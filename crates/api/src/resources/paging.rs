//! Lists: from a call's query to the catalog's, and from its page to the wire's.

use crate::http::{Answer, ApiError, Call};
use crate::odata::{field, skip};
use millrace_catalog::list::{ListQuery, Page};
use serde_json::{Map, Value};
use url::form_urlencoded::Serializer;

/// The query parameters of lists that take all of them.
pub(crate) const FILTER_TOP_ORDER: &[&str] = &["$filter", "$top", "$orderby", "$skiptoken"];

/// The query parameters of lists without `$top`.
pub(crate) const FILTER_ORDER: &[&str] = &["$filter", "$orderby", "$skiptoken"];

/// What the client asks of a list.
pub(crate) fn query(call: &Call) -> Result<ListQuery, ApiError> {
    let wrong = |name| move |reason| ApiError::Query { name, reason };
    let filter = call.query("$filter").map(field::filter).transpose().map_err(wrong("$filter"))?;
    let order = call.query("$orderby").map(field::order).transpose().map_err(wrong("$orderby"))?;
    let top = call.query("$top").map(top).transpose()?;
    let token = call.query("$skiptoken").map(|token| open(call, token)).transpose()?;
    Ok(ListQuery { filter, order, top, token })
}

fn top(text: &str) -> Result<usize, ApiError> {
    let number = text.parse::<u32>().ok().and_then(|top| usize::try_from(top).ok());
    number.ok_or_else(|| ApiError::Query { name: "$top", reason: "must be a whole number, 0 or more".into() })
}

fn open(call: &Call, token: &str) -> Result<String, ApiError> {
    skip::open(&call.api.auth.keys, &list_identity(call), token)
        .ok_or_else(|| ApiError::Query { name: "$skiptoken", reason: "is not a token of this list".into() })
}

/// A token continues the list of this path, filter and order, and no other.
fn list_identity(call: &Call) -> String {
    let part = |key| call.query(key).unwrap_or_default();
    format!("{}\n{}\n{}", call.path.to_lowercase(), part("$filter"), part("$orderby"))
}

/// The answer to a list.
pub(crate) fn answer<T>(call: &Call, page: &Page<T>, write: impl Fn(&T) -> Value) -> Answer {
    let mut document = Map::new();
    document.insert("value".into(), page.items.iter().map(write).collect());
    if let Some(place) = &page.next {
        document.insert("@odata.nextLink".into(), next_link(call, place).into());
    }
    Answer::ok(document.into())
}

/// The address of the next page, by the host that the client used: clients follow it as it is.
fn next_link(call: &Call, place: &str) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("api-version", call.version());
    for key in ["$filter", "$orderby"] {
        if let Some(value) = call.query(key) {
            query.append_pair(key, value);
        }
    }
    query.append_pair("$skiptoken", &skip::seal(&call.api.auth.keys, &list_identity(call), place));
    // Some clients decode `+` in a query and some do not; none mistakes %20.
    let query = query.finish().replace('+', "%20");
    format!("{}{}?{query}", call.base, call.path)
}
