//! A secret text: compared in constant time, never printed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// A secret that clients must know.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text`.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Whether `given` is the secret, in a time that does not depend on where they differ. An empty secret matches
    /// nothing.
    pub fn matches(&self, given: &str) -> bool {
        // Both sides are hashed under a key nobody knows beforehand, so neither length nor content shows in the time.
        let key: [u8; 32] = rand::random();
        let Ok(mut own) = Hmac::<Sha256>::new_from_slice(&key) else { return false };
        let Ok(mut other) = Hmac::<Sha256>::new_from_slice(&key) else { return false };
        own.update(self.0.as_bytes());
        other.update(given.as_bytes());
        let own = own.finalize().into_bytes();
        !self.0.is_empty() && other.verify_slice(&own).is_ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_matches() {
        let secret = Secret::new("correct horse".into());
        assert!(secret.matches("correct horse"));
        for wrong in ["", "correct", "correct horsf", "correct horse "] {
            assert!(!secret.matches(wrong), "{wrong}");
        }
        assert!(!Secret::new(String::new()).matches(""));
        assert_eq!(format!("{secret:?}"), "Secret");
    }
}
