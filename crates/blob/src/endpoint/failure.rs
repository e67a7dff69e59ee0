//! Errors as Azure Blob says them: status, code in a header and in XML, a sentence.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderName, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};

use super::xml;
use crate::error::Error;
use crate::name::NameError;
use crate::sas::Refusal;

/// A refusal for a client ("Blob service error codes", "Common REST API error codes").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    status: StatusCode,
    code: &'static str,
    message: String,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Failure {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), header: None }
    }

    pub(super) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    pub(super) fn not_implemented(what: &str) -> Self {
        let message = format!("This service does not implement the requested operation: {what}.");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    pub(super) fn header(name: &str) -> Self {
        Self::bad(
            "InvalidHeaderValue",
            format!("The value for HTTP header {name} is not in the correct format."),
        )
    }

    pub(super) fn query(name: &str) -> Self {
        let message = format!("The value of the query parameter {name} in the request URI is invalid.");
        Self::bad("InvalidQueryParameterValue", message)
    }

    pub(super) fn missing_header(name: &str) -> Self {
        let message = format!("An HTTP header that's mandatory for this request is not specified: {name}.");
        Self::bad("MissingRequiredHeader", message)
    }

    pub(super) fn unauthenticated() -> Self {
        let message = "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.";
        let mut failure = Self::new(StatusCode::UNAUTHORIZED, "NoAuthenticationInformation", message);
        failure.header = Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        failure
    }

    pub(super) fn respond(self, method: &Method, request_id: &str) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert("x-ms-error-code", HeaderValue::from_static(self.code));
        if let Some((name, value)) = self.header {
            headers.insert(name, value);
        }
        if method == Method::HEAD || self.status == StatusCode::NOT_MODIFIED {
            return response;
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        let message = format!("{}\nRequestId:{request_id}", self.message);
        *response.body_mut() = Body::from(xml::error(self.code, &message));
        response
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let (status, code) = match &error {
            Error::ContainerNotFound => (StatusCode::NOT_FOUND, "ContainerNotFound"),
            Error::ContainerAlreadyExists => (StatusCode::CONFLICT, "ContainerAlreadyExists"),
            Error::BlobNotFound => (StatusCode::NOT_FOUND, "BlobNotFound"),
            Error::BlobAlreadyExists => (StatusCode::CONFLICT, "BlobAlreadyExists"),
            Error::ConditionNotMet { not_modified: true } => (StatusCode::NOT_MODIFIED, "ConditionNotMet"),
            Error::ConditionNotMet { not_modified: false } => {
                (StatusCode::PRECONDITION_FAILED, "ConditionNotMet")
            }
            Error::InvalidRange { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange"),
            Error::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "RequestBodyTooLarge"),
            Error::InvalidBlockList => (StatusCode::BAD_REQUEST, "InvalidBlockList"),
            Error::InvalidBlockId => (StatusCode::BAD_REQUEST, "InvalidBlobOrBlock"),
            Error::TooManyBlocks => (StatusCode::CONFLICT, "BlockCountExceedsLimit"),
            Error::Md5Mismatch => (StatusCode::BAD_REQUEST, "Md5Mismatch"),
            Error::Crc64Mismatch => (StatusCode::BAD_REQUEST, "Crc64Mismatch"),
            Error::LengthMismatch { .. } | Error::Body(_) => (StatusCode::BAD_REQUEST, "IncompleteBody"),
            Error::Full => (StatusCode::INSUFFICIENT_STORAGE, "InsufficientStorage"),
            Error::Damaged(_) | Error::Io(_) | Error::Store(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a blob request failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalError")
            }
        };
        let mut failure = match status {
            StatusCode::INTERNAL_SERVER_ERROR => {
                Self::new(status, code, "The server encountered an internal error.")
            }
            _ => Self::new(status, code, message),
        };
        if let Error::InvalidRange { length } = error {
            failure.header =
                HeaderValue::try_from(format!("bytes */{length}")).ok().map(|value| (CONTENT_RANGE, value));
        }
        failure
    }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        Self::bad("InvalidResourceName", format!("The specified resource name is not valid: {error}."))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::Protocol => "AuthorizationProtocolMismatch",
            Refusal::Address => "AuthorizationSourceIPMismatch",
            Refusal::Service => "AuthorizationServiceMismatch",
            _ => "AuthenticationFailed",
        };
        Self::forbidden(code, refusal.to_string())
    }
}
