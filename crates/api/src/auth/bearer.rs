//! The bearer token of a call.

use super::AuthConfig;
use super::grant::Claims;
use crate::http::ApiError;
use http::{HeaderMap, header};
use jiff::Timestamp;

/// Longest bearer token; ours have about 700 bytes.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Clocks of client and server need not agree better than this, in seconds.
const CLOCK_LEEWAY_S: i64 = 60;

/// Accepts an issued token within its time, or the API key.
pub(crate) fn authenticate(auth: &AuthConfig, headers: &HeaderMap, now: Timestamp) -> Result<(), ApiError> {
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or(ApiError::Unauthenticated("Authentication failed. The 'Authorization' header is missing."))?;
    let token = value.to_str().ok().and_then(bearer).ok_or(ApiError::Unauthenticated(
        "Authentication failed. The 'Authorization' header is provided in an invalid format.",
    ))?;
    if auth.api_key.matches(token) {
        return Ok(());
    }
    let claims: Claims = auth
        .keys
        .verify(token)
        .filter(|claims: &Claims| claims.tid == auth.tenant && claims.appid == auth.client_id)
        .ok_or(ApiError::Unauthenticated("The access token is invalid."))?;
    let now = now.as_second();
    if claims.exp + CLOCK_LEEWAY_S <= now || claims.nbf - CLOCK_LEEWAY_S > now {
        return Err(ApiError::Unauthenticated("The access token expiry time has passed or lies ahead."));
    }
    Ok(())
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    let fits = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= MAX_TOKEN_BYTES;
    fits.then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::TokenKeys;
    use http::HeaderValue;

    fn check(auth: &AuthConfig, header: Option<&str>, now: i64) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(text) = header {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(text).expect("a header"));
        }
        authenticate(auth, &headers, Timestamp::from_second(now).expect("a time")).is_ok()
    }

    #[test]
    fn tokens_and_keys() {
        let keys = TokenKeys::generate().expect("randomness");
        let auth = AuthConfig::new("tenant", "client", "secret", "the-key", keys.clone());
        let claims = |tenant: &str| Claims::new(tenant, "client", "aud", "https://x", 1000);
        let token = |claims: &Claims| format!("Bearer {}", keys.sign(claims).expect("a token"));
        assert!(check(&auth, Some("Bearer the-key"), 0));
        assert!(check(&auth, Some("bearer the-key"), 0));
        assert!(check(&auth, Some(&token(&claims("tenant"))), 1001));
        assert!(!check(&auth, Some(&token(&claims("tenant"))), 1000 + 3600 + 61));
        assert!(!check(&auth, Some(&token(&claims("tenant"))), 900));
        assert!(!check(&auth, Some(&token(&claims("other"))), 1001));
        for wrong in ["", "Bearer", "Bearer ", "Basic the-key", "the-key", "Bearer the-keys", "Bearer a.b.c"]
        {
            assert!(!check(&auth, Some(wrong), 1001), "{wrong}");
        }
        assert!(!check(&auth, None, 1001));
    }
}
