//! Long-running operations.
//!
//! What the contract calls long-running is durable here before it is answered, so an operation's outcome is known when
//! its id is given out. The id itself proves that: it is a nonce with the service's seal on it, shaped as the GUID that
//! clients expect, and needs no record.

use crate::auth::TokenKeys;
use crate::http::{Answer, ApiError, Call};
use serde_json::{Value, json};
use uuid::Uuid;

/// An id for a finished operation on `subject`, a lower-case path.
fn new_id(keys: &TokenKeys, subject: &str) -> Uuid {
    let nonce: [u8; 8] = rand::random();
    let seal = keys.seal(subject, &nonce);
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(nonce.into_iter().chain(seal)) {
        *to = from;
    }
    Uuid::from_bytes(bytes)
}

/// Whether [`new_id`] made this id for this subject.
fn is_known(keys: &TokenKeys, subject: &str, id: &str) -> bool {
    let Ok(id) = Uuid::try_parse(id) else { return false };
    let (nonce, seal) = id.as_bytes().split_at(8);
    keys.sealed(subject, nonce, seal)
}

/// Where the status and the result of an operation are asked for.
pub(crate) struct Links<'a> {
    /// Collection of statuses below the account, as `streamingEndpointOperations`.
    pub(crate) statuses: &'a str,
    /// The resource, as `["streamingEndpoints", "default"]`.
    pub(crate) resource: &'a [&'a str],
}

/// 202 for an operation on a resource of the account.
pub(crate) fn accepted(call: &Call, links: &Links<'_>, document: Option<Value>) -> Answer {
    let id = new_id(&call.api.auth.keys, &links.statuses.to_lowercase()).to_string();
    let status = call.link(&[links.statuses, &id]);
    let result = call.link(&[links.resource, &["operationLocations", &id]].concat());
    Answer::accepted(document, status, result)
}

/// 202 for an operation on the account itself, whose statuses live beside it.
pub(crate) fn account_accepted(call: &Call, document: Option<Value>) -> Answer {
    let id = new_id(&call.api.auth.keys, "account").to_string();
    let account = &call.api.account;
    let link = |collection: &str| {
        format!(
            "{}/subscriptions/{}/providers/Microsoft.Media/locations/{}/{collection}/{id}?api-version={}",
            call.base,
            account.subscription,
            account.location,
            call.version()
        )
    };
    Answer::accepted(document, link("mediaServicesOperationStatuses"), link("mediaServicesOperationResults"))
}

/// The status document of `{operationId}` in the collection `statuses` (or `account`).
pub(crate) fn status(call: &Call, statuses: &str) -> Result<Answer, ApiError> {
    let id = require(call, statuses)?;
    Ok(Answer::ok(json!({
        "name": id,
        "id": call.path,
        "status": "Succeeded",
        "startTime": crate::wire::time::format_timestamp(call.now),
        "endTime": crate::wire::time::format_timestamp(call.now),
    })))
}

/// Checks `{operationId}` and returns it.
pub(crate) fn require(call: &Call, statuses: &str) -> Result<String, ApiError> {
    let id = call.name("operationId");
    if is_known(&call.api.auth.keys, &statuses.to_lowercase(), id) {
        return Ok(id.to_owned());
    }
    Err(ApiError::NotFound { kind: "operation", name: crate::wire::echo(id) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_given_ids_are_known() {
        let keys = TokenKeys::generate().expect("randomness");
        let id = new_id(&keys, "account").to_string();
        assert!(is_known(&keys, "account", &id));
        assert!(is_known(&keys, "account", &id.to_uppercase()));
        assert!(!is_known(&keys, "streamingendpointoperations", &id));
        assert!(!is_known(&keys, "account", &Uuid::new_v4().to_string()));
        assert!(!is_known(&keys, "account", "x"));
    }
}
