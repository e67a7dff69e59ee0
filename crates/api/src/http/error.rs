//! What a caller is told when a call fails: one enum, one match to (status, code), and the ARM error document.
//!
//! Sentences are for the caller and never hold a secret; what only an operator should see is logged where it happens.

use axum::body::Body;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};

/// A refused call. Every variant has one status and one code, see [`ApiError::status`] and [`ApiError::code`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ApiError {
    /// The body is not JSON, is nested too deeply, or is missing.
    #[error("The request content was invalid and could not be deserialized: {0}")]
    Body(String),
    /// A member of the body has a wrong value; `path` is where, as `properties.outputs[0].preset`.
    #[error("The property '{path}' {reason}.")]
    Property {
        /// JSON path of the member.
        path: String,
        /// A clause that follows the path, without a full stop.
        reason: String,
    },
    /// A query parameter has a wrong value.
    #[error("The query parameter '{name}' {reason}.")]
    Query {
        /// The parameter, as `$filter`.
        name: &'static str,
        /// A clause that follows the name, without a full stop.
        reason: String,
    },
    /// A name in the path breaks the rules for names.
    #[error("The resource's name is not valid: {reason}.")]
    Name {
        /// What is wrong with it, in a clause.
        reason: String,
    },
    /// A rule of the service refuses the request as it stands.
    #[error("{0}")]
    Invalid(String),
    /// No `api-version` query parameter.
    #[error("The api-version query parameter (?api-version=) is required for all requests.")]
    NoVersion,
    /// An `api-version` that this service does not speak.
    #[error("The api-version '{given}' is invalid. The supported versions are '{}'.", known.join(", "))]
    Version {
        /// What was asked for.
        given: String,
        /// What may be asked for.
        known: &'static [&'static str],
    },
    /// No credential, or one that is not valid.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// A valid credential, for another account than the one in the path.
    #[error("The client does not have authorization to perform this action over scope '{scope}'.")]
    Forbidden {
        /// The path that was asked for.
        scope: String,
    },
    /// The resource does not exist.
    #[error("The {kind} '{name}' was not found.")]
    NotFound {
        /// Kind in words, as `asset`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// The path names no operation of this service.
    #[error("No operation of this service has the path '{0}'.")]
    NoRoute(String),
    /// The path exists but not with this method.
    #[error("The method is not allowed on this path; allowed: {0}.")]
    Method(String),
    /// The request disagrees with what exists.
    #[error("{0}")]
    Conflict(String),
    /// The body is larger than `limit`.
    #[error("The request body is larger than the limit of {limit} bytes.")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The body is not declared as JSON.
    #[error("The content type '{0}' is not supported; send application/json.")]
    MediaType(String),
    /// The caller must slow down.
    #[error("Too many requests; try again in {retry_after_seconds} s.")]
    Throttled {
        /// Pause asked for, in seconds.
        retry_after_seconds: u32,
    },
    /// An operation of the contract that this service does not have, with the reason.
    #[error("{0}")]
    NotSupported(String),
    /// A store that is needed does not answer now.
    #[error("The service cannot answer now: {0}.")]
    Unavailable(String),
    /// A fault of the service; details are in its log.
    #[error("The service failed to process the request; its log holds the reason under the request id.")]
    Internal,
}

impl ApiError {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Body(_)
            | Self::Property { .. }
            | Self::Query { .. }
            | Self::Name { .. }
            | Self::Invalid(_)
            | Self::NoVersion
            | Self::Version { .. } => StatusCode::BAD_REQUEST,
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::NotFound { .. } | Self::NoRoute(_) => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NotSupported(_) => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable code of the error document.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Body(_) => "InvalidRequestContent",
            Self::Property { .. } => "InvalidProperty",
            Self::Query { .. } => "InvalidQueryParameterValue",
            Self::Name { .. } => "InvalidResourceName",
            Self::Invalid(_) => "BadRequest",
            Self::NoVersion => "MissingApiVersionParameter",
            Self::Version { .. } => "InvalidApiVersionParameter",
            Self::Unauthenticated(_) => "AuthenticationFailed",
            Self::Forbidden { .. } => "AuthorizationFailed",
            Self::NotFound { .. } => "ResourceNotFound",
            Self::NoRoute(_) => "InvalidResourceType",
            Self::Method(_) => "MethodNotAllowed",
            Self::Conflict(_) => "Conflict",
            Self::TooLarge { .. } => "RequestEntityTooLarge",
            Self::MediaType(_) => "UnsupportedMediaType",
            Self::Throttled { .. } => "TooManyRequests",
            Self::NotSupported(_) => "NotSupported",
            Self::Unavailable(_) => "ServiceUnavailable",
            Self::Internal => "InternalServerError",
        }
    }

    /// What the error is about: a JSON path, a query parameter or a name.
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Property { path, .. } => Some(path),
            Self::Query { name, .. } => Some(name),
            Self::Name { .. } => Some("name"),
            Self::NotFound { name, .. } => Some(name),
            Self::NoVersion | Self::Version { .. } => Some("api-version"),
            _ => None,
        }
    }

    /// The ARM error document: `{"error": {"code", "message", "target"?, "details"}}`.
    pub fn document(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".into(), self.code().into());
        error.insert("message".into(), self.to_string().into());
        if let Some(target) = self.target() {
            error.insert("target".into(), target.into());
        }
        error.insert("details".into(), json!([]));
        json!({ "error": error })
    }

    /// The headers that the status asks for.
    fn header(&self) -> Option<(HeaderName, String)> {
        match self {
            Self::Unauthenticated(_) => {
                Some((header::WWW_AUTHENTICATE, "Bearer realm=\"millrace\", error=\"invalid_token\"".into()))
            }
            Self::Method(allowed) => Some((header::ALLOW, allowed.clone())),
            Self::Throttled { retry_after_seconds } => {
                Some((header::RETRY_AFTER, retry_after_seconds.to_string()))
            }
            Self::Unavailable(_) => Some((header::RETRY_AFTER, "1".into())),
            _ => None,
        }
    }

    /// The whole answer.
    pub fn response(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.document().to_string()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        if let Some((name, value)) = self.header()
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            headers.insert(name, value);
        }
        response
    }
}
