//! Request bodies: bounded in size and depth before anything else looks at them.

use axum::body::Body;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;

use super::ApiError;

/// Largest JSON body. A job with 50 inputs of 100 clips stays far below it.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Deepest nesting of a JSON body. The deepest documented one, a preset inside a job's output, has nine levels.
pub(crate) const MAX_BODY_DEPTH: usize = 32;

/// Reads a JSON body. `None` when it is empty.
///
/// # Errors
/// [`ApiError::MediaType`], [`ApiError::TooLarge`] or [`ApiError::Body`].
pub(crate) async fn json(headers: &HeaderMap, body: Body) -> Result<Option<Value>, ApiError> {
    let bytes = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            ApiError::TooLarge { limit: MAX_BODY_BYTES }
        } else {
            ApiError::Body("the connection ended before the body did".into())
        }
    })?;
    let bytes = bytes.to_bytes();
    if bytes.is_empty() {
        return Ok(None);
    }
    require_json(headers)?;
    parse(&bytes).map(Some)
}

fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let given = headers.get(header::CONTENT_TYPE).map_or(Ok(""), |value| value.to_str()).unwrap_or("?");
    let essence = given.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if essence == "application/json" || essence == "text/json" || essence.ends_with("+json") {
        return Ok(());
    }
    Err(ApiError::MediaType(given.chars().take(100).collect()))
}

/// Parses JSON text whose nesting is at most [`MAX_BODY_DEPTH`].
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, ApiError> {
    if depth(bytes) > MAX_BODY_DEPTH {
        return Err(ApiError::Body(format!("it is nested deeper than {MAX_BODY_DEPTH} levels")));
    }
    // Some clients of the .NET family begin a body with a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| ApiError::Body(error.to_string()))
}

/// The deepest nesting of brackets outside strings, without parsing.
fn depth(bytes: &[u8]) -> usize {
    let (mut now, mut most, mut quoted, mut escaped) = (0usize, 0usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                now += 1;
                most = most.max(now);
            }
            b'}' | b']' if !quoted => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        for (text, expected) in
            [("1", 0), ("{}", 1), (r#"{"a":[{"b":1}]}"#, 3), (r#"{"a":"[[[[\"[["}"#, 1), (r#"["\\",[]]"#, 2)]
        {
            assert_eq!(depth(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_deep_body_is_refused_before_it_is_parsed() {
        let deep = format!("{}{}", "[".repeat(MAX_BODY_DEPTH + 1), "]".repeat(MAX_BODY_DEPTH + 1));
        assert!(matches!(parse(deep.as_bytes()), Err(ApiError::Body(_))));
        let allowed = format!("{}{}", "[".repeat(MAX_BODY_DEPTH), "]".repeat(MAX_BODY_DEPTH));
        assert!(parse(allowed.as_bytes()).is_ok());
    }

    #[tokio::test]
    async fn size_and_type_are_checked() {
        let mut headers = HeaderMap::new();
        let none = json(&headers, Body::empty()).await;
        assert_eq!(none, Ok(None));
        let untyped = json(&headers, Body::from("{}")).await;
        assert_eq!(untyped, Err(ApiError::MediaType(String::new())));
        headers
            .insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json; charset=utf-8"));
        assert!(json(&headers, Body::from("{}")).await.is_ok());
        assert!(matches!(json(&headers, Body::from("{")).await, Err(ApiError::Body(_))));
        let large = json(&headers, Body::from(vec![b' '; MAX_BODY_BYTES + 1])).await;
        assert_eq!(large, Err(ApiError::TooLarge { limit: MAX_BODY_BYTES }));
    }
}
