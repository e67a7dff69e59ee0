//! What the domain refuses, as the caller is told it: the one match from its errors to ours.

use super::ApiError;
use millrace_catalog::{Error, Kind};
use millrace_ledger::{CommitError, Fault};

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let sentence = error.to_string();
        match error {
            Error::NotFound { kind, name } => Self::NotFound { kind: kind_name(kind), name },
            Error::Invalid { field, why } => at(field, why),
            Error::Unsupported { field, why } => at(field, why),
            Error::Immutable { field, .. } => {
                at(field.to_owned(), "cannot be changed once the resource exists".into())
            }
            Error::AlreadyExists { .. }
            | Error::InUse { .. }
            | Error::WrongState { .. }
            | Error::Quota { .. }
            | Error::Contended { .. } => Self::Conflict(sentence),
            error @ (Error::LeaseLost | Error::Unreadable { .. } | Error::Ledger(_) | Error::Blob(_)) => {
                failed(&error)
            }
        }
    }
}

/// A fault is logged with its causes here, where it is still whole; the caller gets a sentence without them.
fn failed(error: &Error) -> ApiError {
    let causes: Vec<String> = chain(error).map(ToString::to_string).collect();
    tracing::error!(causes = causes.join(": "), "a call failed");
    if chain(error).any(is_full) {
        ApiError::Unavailable("its disk is full".into())
    } else {
        ApiError::Internal
    }
}

/// An error and what caused it.
fn chain(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| error.source())
}

/// A full disk is a pause to the caller, not a defect.
fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(millrace_blob::Error::Full))
        || matches!(error.downcast_ref(), Some(Fault::NoSpace))
        || matches!(error.downcast_ref(), Some(CommitError::Fault(Fault::NoSpace)))
}

/// The domain names properties by their path below `properties`.
fn at(field: String, why: String) -> ApiError {
    match field.as_str() {
        "$filter" => ApiError::Query { name: "$filter", reason: format!("is wrong: {why}") },
        "$orderby" => ApiError::Query { name: "$orderby", reason: format!("is wrong: {why}") },
        "$top" => ApiError::Query { name: "$top", reason: format!("is wrong: {why}") },
        "$skiptoken" => ApiError::Query { name: "$skiptoken", reason: format!("is wrong: {why}") },
        "name" => ApiError::Name { reason: why },
        path if path.starts_with("properties") => {
            ApiError::Property { path: field, reason: format!("is wrong: {why}") }
        }
        path => ApiError::Property { path: format!("properties.{path}"), reason: format!("is wrong: {why}") },
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Account => "media services account",
        Kind::StorageAccount => "storage account",
        Kind::Asset => "asset",
        Kind::Container => "container",
        Kind::AccountFilter => "account filter",
        Kind::AssetFilter => "asset filter",
        Kind::Track => "track",
        Kind::Transform => "transform",
        Kind::Job => "job",
        Kind::StreamingLocator => "streaming locator",
        Kind::StreamingPolicy => "streaming policy",
        Kind::StreamingEndpoint => "streaming endpoint",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: Error, status: u16, target: Option<&str>) {
        let error = ApiError::from(error);
        assert_eq!((error.status().as_u16(), error.target()), (status, target), "{error}");
    }

    #[test]
    fn faults_are_not_told_apart_but_for_a_full_disk() {
        check(Error::Ledger(Box::new(Fault::NoSpace)), 503, None);
        check(Error::Ledger(Box::new(CommitError::Fault(Fault::NoSpace))), 503, None);
        check(Error::Blob(Box::new(millrace_blob::Error::Full)), 503, None);
        check(Error::Ledger(Box::new(Fault::Busy)), 500, None);
        check(Error::LeaseLost, 500, None);
        let secret =
            Error::Unreadable { kind: Kind::Job, name: "j".into(), why: "at /var/lib/secret".into() };
        assert!(!ApiError::from(secret).to_string().contains("secret"));
    }

    #[test]
    fn refusals_name_the_property_as_the_body_does() {
        check(Error::invalid("outputs[0].preset", "why"), 400, Some("properties.outputs[0].preset"));
        check(Error::invalid("properties.outputs[0]", "why"), 400, Some("properties.outputs[0]"));
        check(Error::invalid("$filter", "why"), 400, Some("$filter"));
        check(Error::invalid("name", "why"), 400, Some("name"));
        check(Error::unsupported("input", "why"), 400, Some("properties.input"));
        check(Error::Quota { what: "assets", limit: 1 }, 409, None);
    }
}
