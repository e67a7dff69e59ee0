//! Who may call: the token endpoint and its discovery documents, and the check of every call's bearer token.
//!
//! There is one principal, the account's own. Its secret buys short-lived tokens signed with ES256 by a key that the
//! server keeps ([`TokenKeys`]); its API key is a token that does not expire.

mod bearer;
mod discovery;
mod grant;
mod keys;
mod secret;

pub use keys::{BadKey, TokenKeys};

pub(crate) use bearer::authenticate;
pub(crate) use discovery::{instances, jwks, openid_configuration};
pub(crate) use grant::token;

pub use secret::Secret;

/// The credentials of the one principal.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// The directory's GUID, the first part of the token endpoint's path.
    pub tenant: String,
    /// The application's GUID.
    pub client_id: String,
    /// Buys tokens at the token endpoint.
    pub client_secret: Secret,
    /// A bearer token that does not expire.
    pub api_key: Secret,
    /// Sign tokens.
    pub keys: TokenKeys,
}

impl AuthConfig {
    /// The credentials as kept in `credentials.json`.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        api_key: impl Into<String>,
        keys: TokenKeys,
    ) -> Self {
        Self {
            tenant: tenant.into(),
            client_id: client_id.into(),
            client_secret: Secret::new(client_secret.into()),
            api_key: Secret::new(api_key.into()),
            keys,
        }
    }
}
