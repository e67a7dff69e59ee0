//! Why a request is not answered with media: one kind for each thing that its sender could do about it.
//!
//! Clients get a stable code (those of Azure Media Services' streaming endpoints where there is one) and a sentence;
//! what a store said goes to the log.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use millrace_package::{plan::PlanError, present::PresentError};

use crate::url::UrlError;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The URL says nothing.
    #[error("{0}")]
    Url(#[from] UrlError),
    /// Another method than GET, HEAD and OPTIONS.
    #[error("only GET, HEAD and OPTIONS are answered here")]
    Method,
    /// No locator has the id.
    #[error("there is no streaming locator with this id")]
    NoLocator,
    /// The locator is not valid at this time.
    #[error("the streaming locator is not valid at this time")]
    OutsideWindow,
    /// The streaming endpoint is stopped.
    #[error("the streaming endpoint is stopped")]
    Stopped,
    /// The streaming policy of the locator does not have the protocol.
    #[error("the streaming policy of the locator does not allow this protocol")]
    Blocked,
    /// The asset holds nothing that can be streamed.
    #[error("the asset has nothing that can be streamed")]
    NoPresentation,
    /// The asset's presentation has another name.
    #[error("the asset has no presentation named `{0}`")]
    NoName(String),
    /// The presentation has no such track, or filters remove it.
    #[error("there is no such track")]
    NoTrack,
    /// Nothing begins at the time.
    #[error("nothing begins at {0}")]
    NoTime(u64),
    /// It is still being made.
    #[error("what was asked for is not ready yet")]
    NotReady,
    /// Neither the asset nor the account has the filter.
    #[error("there is no filter named `{0}`")]
    NoFilter(String),
    /// Filters leave no track or no time.
    #[error("the filters leave nothing to play")]
    FilteredOut,
    /// The format cannot carry any of the codecs.
    #[error("the media cannot be carried in this format")]
    Unsupported,
    /// The container has no such file for download.
    #[error("there is no such file")]
    NoFile,
    /// The range begins beyond the end.
    #[error("the range begins beyond the {length} bytes that there are")]
    Range {
        /// Bytes that there are.
        length: u64,
    },
    /// A precondition of the request does not hold.
    #[error("a condition of the request does not hold")]
    Precondition,
    /// The store or the database failed.
    #[error("the media could not be read")]
    Storage,
}

impl Problem {
    /// Status and code. The only place that says which.
    pub fn status_and_code(&self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::Url(UrlError::TooManyFilters) => {
                (S::UNSUPPORTED_MEDIA_TYPE, "MPE_FILTER_COMPOSITION_FILTER_COUNT_OVER_LIMIT")
            }
            Self::Url(_) => (S::BAD_REQUEST, "MPE_BAD_URL_SYNTAX"),
            Self::Method => (S::METHOD_NOT_ALLOWED, "MPE_METHOD_NOT_ALLOWED"),
            Self::NoLocator | Self::NoPresentation | Self::NoName(_) => {
                (S::NOT_FOUND, "MPE_RESOURCE_NOT_FOUND")
            }
            Self::OutsideWindow => (S::NOT_FOUND, "MPE_UNAUTHORIZED"),
            Self::Stopped => (S::SERVICE_UNAVAILABLE, "MPE_STREAMING_ENDPOINT_STOPPED"),
            Self::Blocked => (S::FORBIDDEN, "MPE_OUTPUT_FORMAT_BLOCKED"),
            Self::NoTrack => (S::NOT_FOUND, "MPE_EGRESS_TRACK_NOT_FOUND"),
            Self::NoTime(_) => (S::NOT_FOUND, "MPE_FRAGMENT_TIMESTAMP_NOT_FOUND"),
            Self::NotReady => (S::PRECONDITION_FAILED, "MPE_FRAGMENT_NOT_READY"),
            Self::NoFilter(_) => (S::NOT_FOUND, "MPE_EGRESS_FILTER_NOT_FOUND"),
            Self::FilteredOut => (S::UNSUPPORTED_MEDIA_TYPE, "MPE_FILTER_REMOVED_ALL_STREAMS"),
            Self::Unsupported => (S::UNSUPPORTED_MEDIA_TYPE, "MPE_MEDIA_ENCODING_NOT_SUPPORTED"),
            Self::NoFile => (S::NOT_FOUND, "MPE_STORAGE_RESOURCE_NOT_FOUND"),
            Self::Range { .. } => (S::RANGE_NOT_SATISFIABLE, "MPE_STORAGE_INVALID_RANGE"),
            Self::Precondition => (S::PRECONDITION_FAILED, "MPE_STORAGE_PRECONDITION_FAILED"),
            Self::Storage => (S::INTERNAL_SERVER_ERROR, "MPE_STORAGE_FAILURE"),
        }
    }
}

impl From<PresentError> for Problem {
    fn from(error: PresentError) -> Self {
        match error {
            PresentError::NoTracks => Self::NoPresentation,
            PresentError::TooEarly => Self::NotReady,
            PresentError::NoTrackLeft | PresentError::NoSegmentLeft => Self::FilteredOut,
            PresentError::Tracks(_) | PresentError::Timeline(_) => {
                tracing::error!(%error, "an asset's tracks do not make a presentation");
                Self::Storage
            }
        }
    }
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::NotFound { time } | PlanError::NoKeyFrame { time } => Self::NoTime(time),
            PlanError::TooEarly { .. } => Self::NotReady,
            PlanError::Codec { .. } => Self::Unsupported,
            PlanError::TooLarge { .. } => {
                tracing::warn!(%error, "a segment is too large to be converted");
                Self::Unsupported
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        let body = serde_json::json!({ "error": { "code": code, "message": self.to_string() } });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // What is not there now may be there in a second, and a cache must not stand between.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::Range { length } => {
                headers.extend(
                    HeaderValue::try_from(format!("bytes */{length}")).map(|v| (header::CONTENT_RANGE, v)),
                );
            }
            Self::Method => {
                headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
            }
            Self::Stopped | Self::NotReady => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind, so that a new one fails to compile here until it is added.
    fn all() -> Vec<Problem> {
        let kinds = vec![
            Problem::Url(UrlError::Encoding),
            Problem::Url(UrlError::TooManyFilters),
            Problem::Method,
            Problem::NoLocator,
            Problem::OutsideWindow,
            Problem::Stopped,
            Problem::Blocked,
            Problem::NoPresentation,
            Problem::NoName(String::new()),
            Problem::NoTrack,
            Problem::NoTime(0),
            Problem::NotReady,
            Problem::NoFilter(String::new()),
            Problem::FilteredOut,
            Problem::Unsupported,
            Problem::NoFile,
            Problem::Range { length: 0 },
            Problem::Precondition,
            Problem::Storage,
        ];
        for kind in &kinds {
            match kind {
                Problem::Url(_)
                | Problem::Method
                | Problem::NoLocator
                | Problem::OutsideWindow
                | Problem::Stopped => {}
                Problem::Blocked | Problem::NoPresentation | Problem::NoName(_) | Problem::NoTrack => {}
                Problem::NoTime(_) | Problem::NotReady | Problem::NoFilter(_) | Problem::FilteredOut => {}
                Problem::Unsupported | Problem::NoFile | Problem::Range { .. } | Problem::Precondition => {}
                Problem::Storage => {}
            }
        }
        kinds
    }

    #[test]
    fn the_documentation_has_every_code() {
        let page = include_str!("../../../docs/streaming-urls.md");
        for problem in all() {
            let (status, code) = problem.status_and_code();
            let row = format!("| {} | `{code}` |", status.as_u16());
            assert!(page.contains(&row), "{row} is missing");
        }
        let told = page.lines().filter(|line| line.contains("| `MPE_")).count();
        let mut codes: Vec<_> = all().iter().map(|problem| problem.status_and_code().1).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(told, codes.len(), "the page tells codes that do not exist");
    }
}
