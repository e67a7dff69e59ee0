//! What the server must remember and never show: storage keys and the key that signs tokens.
//!
//! `credentials.json` is for the operator; this file is for the server alone.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// Kept at `<data>/secrets.json`, mode 0600.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Secrets {
    /// The storage account's two keys, base64 of 64 bytes each, as Azure gives them.
    pub storage_keys: [String; 2],
    /// PKCS#8 PEM of the key that signs access tokens.
    pub token_key: String,
}

impl Secrets {
    /// Reads the file, or makes it at the first start.
    ///
    /// # Errors
    /// The file exists and cannot be read or parsed, or cannot be written.
    pub fn load_or_create(data_dir: &Path, new_token_key: impl FnOnce() -> Result<String>) -> Result<Self> {
        let path = data_dir.join("secrets.json");
        if path.exists() {
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            return serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()));
        }
        let secrets = Secrets { storage_keys: [random_key(64), random_key(64)], token_key: new_token_key()? };
        write_private(&path, &serde_json::to_vec_pretty(&secrets)?)?;
        Ok(secrets)
    }
}

/// Base64 of `bytes` random bytes.
#[must_use]
pub fn random_key(bytes: usize) -> String {
    let mut key = vec![0u8; bytes];
    rand::fill(&mut key[..]);
    STANDARD.encode(key)
}

/// Writes a file that only its owner may read, whole or not at all.
///
/// # Errors
/// Any file system error, with the path.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let staged = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file =
            std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&staged)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&staged, path)?;
        match path.parent() {
            Some(parent) => std::fs::File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// The first 8 bytes of SHA-256 as hex: tells keys apart, reveals nothing of them.
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
