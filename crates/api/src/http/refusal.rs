//! What the domain refuses, as the caller is told it: the one match from its errors to ours.

use super::ApiError;
use millrace_catalog::{Error, Kind};

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
    let mut causes = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        causes.push_str(": ");
        causes.push_str(&cause.to_string());
        source = cause.source();
    }
    tracing::error!(causes, "a call failed");
    // Both stores say a full disk in words of their own; to the caller it is a pause, not a defect.
    let full = ["no space", "disk is full", "storage full"]
        .iter()
        .any(|words| causes.to_lowercase().contains(words));
    if full { ApiError::Unavailable("its disk is full".into()) } else { ApiError::Internal }
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
