//! The documents by which the official identity libraries find the token endpoint.

use super::AuthConfig;
use serde_json::{Value, json};

/// `/{tenant}/v2.0/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §3), for a client that reached the
/// service at `base`.
pub(crate) fn openid_configuration(auth: &AuthConfig, base: &str) -> Value {
    let tenant = &auth.tenant;
    json!({
        "issuer": format!("{base}/{tenant}/v2.0"),
        "token_endpoint": format!("{base}/{tenant}/oauth2/v2.0/token"),
        // No one signs in interactively; the libraries insist on the member.
        "authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/authorize"),
        "jwks_uri": format!("{base}/{tenant}/discovery/v2.0/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "scopes_supported": [],
        "tenant_region_scope": null,
    })
}

/// `/{tenant}/discovery/v2.0/keys`.
pub(crate) fn jwks(auth: &AuthConfig) -> Value {
    auth.keys.jwks()
}

/// `/common/discovery/instance`: this authority and no other, so a library that asks does not go elsewhere.
pub(crate) fn instances(auth: &AuthConfig, base: &str, host: &str) -> Value {
    json!({
        "tenant_discovery_endpoint": format!("{base}/{}/v2.0/.well-known/openid-configuration", auth.tenant),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    })
}
