//! The key that signs tokens, and the signatures on the service's own opaque values.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// Bytes of a signature on an opaque value: 64 bits, which only guessing against the live service could attack.
pub(crate) const SEAL_BYTES: usize = 8;

const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// A P-256 key pair. Cheap to clone.
#[derive(Clone)]
pub struct TokenKeys(Arc<Inner>);

struct Inner {
    pkcs8: Vec<u8>,
    signing: EncodingKey,
    verifying: DecodingKey,
    /// RFC 7517 members of the public key.
    jwk: Value,
    id: String,
}

/// The bytes are not a P-256 private key, or the system has no randomness.
#[derive(Debug, thiserror::Error)]
#[error("not a usable P-256 key in PKCS #8 form")]
pub struct BadKey;

impl TokenKeys {
    /// Makes a new key pair.
    ///
    /// # Errors
    /// The system's source of randomness fails.
    pub fn generate() -> Result<Self, BadKey> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        Self::from_pkcs8(document.map_err(|_| BadKey)?.as_ref())
    }

    /// Restores a key pair from [`TokenKeys::pkcs8`].
    ///
    /// # Errors
    /// The bytes are not such a key.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, BadKey> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(|_| BadKey)?;
        // SEC 1 §2.3.3: 0x04, then x and y of 32 bytes each.
        let point = pair.public_key().as_ref();
        let (x, y) = match point {
            [4, rest @ ..] if rest.len() == 64 => rest.split_at(32),
            _ => return Err(BadKey),
        };
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        // RFC 7638: the thumbprint names the key, so a restart does not.
        let thumbprint = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(thumbprint));
        let jwk =
            json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": x, "y": y });
        Ok(Self(Arc::new(Inner {
            pkcs8: pkcs8.to_vec(),
            signing: EncodingKey::from_ec_der(pkcs8),
            verifying: DecodingKey::from_ec_components(&x, &y).map_err(|_| BadKey)?,
            jwk,
            id,
        })))
    }

    /// The private key as PKCS #8 DER, to be kept as a secret.
    pub fn pkcs8(&self) -> &[u8] {
        &self.0.pkcs8
    }

    /// The private key as PKCS #8 PEM (RFC 7468 §10), to be kept as a secret.
    pub fn to_pem(&self) -> String {
        let text = STANDARD.encode(&self.0.pkcs8);
        let mut pem = String::from(PEM_BEGIN);
        for (index, character) in text.chars().enumerate() {
            if index % 64 == 0 {
                pem.push('\n');
            }
            pem.push(character);
        }
        pem.push('\n');
        pem.push_str(PEM_END);
        pem.push('\n');
        pem
    }

    /// Restores a key pair from [`TokenKeys::to_pem`].
    ///
    /// # Errors
    /// The text is not such a key.
    pub fn from_pem(pem: &str) -> Result<Self, BadKey> {
        let body =
            pem.trim().strip_prefix(PEM_BEGIN).and_then(|rest| rest.strip_suffix(PEM_END)).ok_or(BadKey)?;
        let text: String = body.chars().filter(|character| !character.is_whitespace()).collect();
        Self::from_pkcs8(&STANDARD.decode(text).map_err(|_| BadKey)?)
    }

    /// The JSON Web Key Set (RFC 7517 §5) with the public key.
    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": [self.0.jwk] })
    }

    /// Signs claims as a compact JWT.
    pub(crate) fn sign<T: Serialize>(&self, claims: &T) -> Result<String, BadKey> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.0.id.clone());
        jsonwebtoken::encode(&header, claims, &self.0.signing).map_err(|_| BadKey)
    }

    /// The claims of a JWT that this key signed. Times are the caller's to check: it knows the clock.
    pub(crate) fn verify<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let mut rules = Validation::new(Algorithm::ES256);
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        jsonwebtoken::decode(token, &self.0.verifying, &rules).ok().map(|data| data.claims)
    }

    /// A short signature over an opaque value that goes out and comes back; `purpose` keeps kinds apart.
    pub(crate) fn seal(&self, purpose: &str, value: &[u8]) -> [u8; SEAL_BYTES] {
        let mac = self.mac(purpose, value).map(|mac| mac.finalize().into_bytes());
        let mut seal = [0; SEAL_BYTES];
        for (to, from) in seal.iter_mut().zip(mac.iter().flatten()) {
            *to = *from;
        }
        seal
    }

    /// Whether [`TokenKeys::seal`] made `seal` over this value.
    pub(crate) fn sealed(&self, purpose: &str, value: &[u8], seal: &[u8]) -> bool {
        seal.len() == SEAL_BYTES
            && self.mac(purpose, value).is_some_and(|mac| mac.verify_truncated_left(seal).is_ok())
    }

    fn mac(&self, purpose: &str, value: &[u8]) -> Option<Hmac<Sha256>> {
        let mut key = Sha256::new();
        key.update(b"millrace opaque value\0");
        key.update(&self.0.pkcs8);
        let mut mac = Hmac::<Sha256>::new_from_slice(&key.finalize()).ok()?;
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(value);
        Some(mac)
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeys").field("id", &self.0.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_key_verifies_what_it_signed_before() {
        let keys = TokenKeys::generate().expect("randomness");
        let token = keys.sign(&json!({ "sub": "x" })).expect("a token");
        let restored = TokenKeys::from_pkcs8(keys.pkcs8()).expect("the same key");
        assert_eq!(restored.jwks(), keys.jwks());
        assert_eq!(restored.verify::<Value>(&token), Some(json!({ "sub": "x" })));
        let other = TokenKeys::generate().expect("randomness");
        assert_eq!(other.verify::<Value>(&token), None);
        let text = TokenKeys::from_pem(&keys.to_pem()).expect("the same key");
        assert_eq!(text.jwks(), keys.jwks());
        assert!(TokenKeys::from_pkcs8(b"no key").is_err());
        assert!(TokenKeys::from_pem("no key").is_err());
        assert!(!format!("{keys:?}").contains("pkcs8"));
    }

    #[test]
    fn an_unsigned_or_changed_token_is_refused() {
        let keys = TokenKeys::generate().expect("randomness");
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let none = format!("{}.{}.", part(json!({ "alg": "none" })), part(json!({ "sub": "x" })));
        assert_eq!(keys.verify::<Value>(&none), None);
        let token = keys.sign(&json!({ "sub": "x" })).expect("a token");
        let parts: Vec<&str> = token.split('.').collect();
        let changed = format!("{}.{}.{}", parts[0], part(json!({ "sub": "y" })), parts[2]);
        assert_eq!(keys.verify::<Value>(&changed), None);
    }

    #[test]
    fn seals_bind_purpose_and_value() {
        let keys = TokenKeys::generate().expect("randomness");
        let seal = keys.seal("page", b"1");
        assert!(keys.sealed("page", b"1", &seal));
        assert!(!keys.sealed("page", b"2", &seal));
        assert!(!keys.sealed("operation", b"1", &seal));
        assert!(!keys.sealed("page", b"1", &seal[..7]));
        assert!(!keys.sealed("page", b"1", &[]));
    }
}
