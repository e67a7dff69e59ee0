//! `credentials.json`: everything a client needs to talk to this server, for its operator's eyes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::secrets::{random_key, write_private};

/// The file's name inside the data directory.
pub const FILE: &str = "credentials.json";

/// Base URLs, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// API, console and streaming over TLS.
    pub https: String,
    /// Streaming in plain; on loopback also API and console.
    pub http: String,
    /// Azure-Blob-compatible endpoint.
    pub blob: String,
}

/// Written at every start with mode 0600; identities stay, endpoints follow the listeners and paths the directory.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// Where the listeners are.
    pub endpoints: Endpoints,
    /// Directory (tenant) id in token URLs.
    pub tenant_id: String,
    /// Application id for the client credentials flow.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Works as a bearer token on every API call.
    pub api_key: String,
    /// ARM subscription id.
    pub subscription_id: String,
    /// ARM resource group.
    pub resource_group: String,
    /// Media account.
    pub account_name: String,
    /// Storage account.
    pub storage_account_name: String,
    /// Certificate authority to trust, PEM.
    pub ca_file: PathBuf,
}

impl Credentials {
    /// Reads a file written by a server.
    ///
    /// # Errors
    /// The file is absent, unreadable or damaged.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("cannot read {}; is a server running with this data directory?", path.display())
        })?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
    }

    /// The identities of an earlier start, or new ones.
    ///
    /// # Errors
    /// The file exists and is damaged.
    pub fn load_or_create(data_dir: &Path, endpoints: Endpoints) -> Result<Self> {
        let path = data_dir.join(FILE);
        if path.exists() {
            // The directory may have been moved, or restored elsewhere.
            let ca_file = data_dir.join("ca.pem");
            return Ok(Credentials { endpoints, ca_file, ..Self::read(&path)? });
        }
        Ok(Credentials {
            endpoints,
            tenant_id: Uuid::new_v4().to_string(),
            client_id: Uuid::new_v4().to_string(),
            client_secret: random_key(32),
            api_key: random_key(32),
            subscription_id: Uuid::new_v4().to_string(),
            resource_group: "millrace".into(),
            account_name: "millrace".into(),
            storage_account_name: "millrace".into(),
            ca_file: data_dir.join("ca.pem"),
        })
    }

    /// Writes the file for its owner alone.
    ///
    /// # Errors
    /// The data directory cannot be written.
    pub fn write(&self, data_dir: &Path) -> Result<()> {
        write_private(&data_dir.join(FILE), &serde_json::to_vec_pretty(self)?)
    }

    /// ARM id of the media account, the prefix of every API path.
    #[must_use]
    pub fn account_path(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Media/mediaServices/{}",
            self.subscription_id, self.resource_group, self.account_name
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_directory_keeps_its_identities_and_names_its_new_place() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let endpoints = Endpoints { https: "a".into(), http: "b".into(), blob: "c".into() };
        let before = Credentials::load_or_create(old.path(), endpoints.clone()).unwrap();
        before.write(old.path()).unwrap();
        std::fs::copy(old.path().join(FILE), new.path().join(FILE)).unwrap();
        let after = Credentials::load_or_create(new.path(), endpoints).unwrap();
        assert_eq!(after.api_key, before.api_key);
        assert_eq!(after.ca_file, new.path().join("ca.pem"));
    }
}
