//! Files of the asset as they are.

use axum::{body::Body, response::Response};
use http::header;
use millrace_blob::{BlobName, ByteRange, Condition, Error, Head};
use millrace_package::pointer::PRIVATE_PREFIX;

use super::{
    Visit,
    answer::{Facts, Lifetime, insert},
};
use crate::{
    http::{Stored, Wanted},
    problem::Problem,
};

/// Seconds that others may keep a file: its name may come to mean another one.
const SECONDS: u64 = 60;

pub(super) async fn serve(visit: &Visit<'_>, file: &str) -> Result<Response, Problem> {
    let located = &visit.located;
    if !located.protocols.download {
        return Err(Problem::Blocked);
    }
    if file.starts_with(PRIVATE_PREFIX) {
        return Err(Problem::NoFile);
    }
    let name = BlobName::new(file).map_err(|_| Problem::NoFile)?;
    let head = located.store.head(&located.container, &name).await.map_err(problem)?;
    let content_type = content_type(&head, file);
    let facts = Facts {
        content_type: &content_type,
        tag: head.etag.as_str(),
        lifetime: Lifetime::Seconds(SECONDS).cache_control(visit),
        length: head.length,
    };
    let Some(wanted) = facts.wanted(visit.headers)? else { return Ok(facts.not_modified()) };
    // The version that the facts are of, or none: a file may be replaced in between.
    let condition = Condition::matches(head.etag.clone());
    let range = match &wanted {
        Wanted::Part(range) => ByteRange::from(range.clone()),
        Wanted::All | Wanted::Beyond => ByteRange::All,
    };
    let read = located.store.read_if(&located.container, &name, range, &condition).await.map_err(problem)?;
    let mut response = facts.respond(&wanted, Body::new(Stored::of_blob(read)));
    let headers = response.headers_mut();
    insert(headers, header::LAST_MODIFIED, &http_date(&head));
    // The type is the uploader's word. A page among the files must not run as one of this server's own, which hold
    // the tokens of whoever is signed in.
    insert(headers, header::CONTENT_SECURITY_POLICY, "sandbox");
    insert(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    Ok(response)
}

fn problem(error: Error) -> Problem {
    match error {
        Error::BlobNotFound | Error::ContainerNotFound => Problem::NoFile,
        Error::InvalidRange { length } => Problem::Range { length },
        Error::ConditionNotMet { .. } => Problem::Precondition,
        error => {
            tracing::error!(error = &error as &dyn std::error::Error, "a file cannot be read");
            Problem::Storage
        }
    }
}

/// The type that the uploader gave, unless it says nothing; then that of the name's extension.
fn content_type(head: &Head, file: &str) -> String {
    const NOTHING: &str = "application/octet-stream";
    const TYPES: [(&str, &str); 9] = [
        ("mp4", "video/mp4"),
        ("m4a", "audio/mp4"),
        ("m4v", "video/mp4"),
        ("ts", "video/mp2t"),
        ("webm", "video/webm"),
        ("jpg", "image/jpeg"),
        ("png", "image/png"),
        ("vtt", "text/vtt"),
        ("json", "application/json"),
    ];
    let given = head.properties.content_type.as_deref().filter(|given| *given != NOTHING);
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let known = TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension)).map(|(_, name)| *name);
    given.or(known).unwrap_or(NOTHING).to_owned()
}

fn http_date(head: &Head) -> String {
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&head.modified).unwrap_or_default()
}
