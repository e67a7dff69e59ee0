//! The output asset's container as the encoder sees it: finished files, and a private corner for work in progress.

use bytes::Bytes;
use millrace_blob::{Account, BlobName, ContainerName, Error, Head, Put, Writer};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::{Code, Failure, Problem};

/// Plans and records are small: an hour of one rendition is about 100 KB of rows.
const MAX_RECORD: u64 = 64 << 20;

/// A container to write to, and the prefix of one plan's work in it.
#[derive(Debug, Clone)]
pub struct Store {
    account: Account,
    container: ContainerName,
    prefix: String,
}

impl Store {
    /// The work of one output under the plan with this hash. Two jobs never share work, or one would sweep up the other's.
    pub fn new(account: Account, container: ContainerName, output: &str, plan_hash: &str) -> Store {
        let prefix = format!("{}work/{output}/{plan_hash}/", millrace_package::pointer::PRIVATE_PREFIX);
        Store { account, container, prefix }
    }

    /// Full blob name of a piece of work.
    pub fn work(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Prefix of all work.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The account, for listing and reading.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The container.
    pub fn container(&self) -> &ContainerName {
        &self.container
    }

    /// Opens a blob for writing; it appears when it is finished.
    pub async fn writer(&self, name: &str, put: Put) -> Result<Writer, Failure> {
        Ok(self.account.writer(&self.container, &blob_name(name)?, put).await.map_err(write_problem)?)
    }

    /// Writes a blob in one piece.
    pub async fn put(&self, name: &str, bytes: impl Into<Bytes>, put: Put) -> Result<Head, Failure> {
        Ok(self.account.put(&self.container, &blob_name(name)?, bytes, put).await.map_err(write_problem)?)
    }

    /// Writes a record.
    pub async fn put_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Failure> {
        let json = serde_json::to_vec(value)
            .map_err(|error| Problem::service(format!("A record cannot be written: {error}.")))?;
        self.put(name, json, Put::of_type("application/json")).await.map(drop)
    }

    /// Reads a record; `None` if there is none, or none that this release can read.
    pub async fn get_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        match self.account.get(&self.container, &blob_name(name)?, MAX_RECORD).await {
            Ok((_, bytes)) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(Error::BlobNotFound) => Ok(None),
            Err(error) => Err(read_problem(error).into()),
        }
    }

    /// What is known of a blob; `None` if there is none.
    pub async fn head(&self, name: &str) -> Result<Option<Head>, Failure> {
        match self.account.head(&self.container, &blob_name(name)?).await {
            Ok(head) => Ok(Some(head)),
            Err(Error::BlobNotFound) => Ok(None),
            Err(error) => Err(read_problem(error).into()),
        }
    }

    /// Deletes a blob, if it is there.
    pub async fn delete(&self, name: &str) -> Result<(), Failure> {
        match self.account.delete(&self.container, &blob_name(name)?, Default::default()).await {
            Ok(()) | Err(Error::BlobNotFound) => Ok(()),
            Err(error) => Err(write_problem(error).into()),
        }
    }
}

/// A name that blobs can have.
pub fn blob_name(name: &str) -> Result<BlobName, Failure> {
    BlobName::new(name)
        .map_err(|error| Problem::configuration(format!("'{name}' cannot be a file name: {error}.")).into())
}

/// A failed write of the output.
pub fn write_problem(error: Error) -> Problem {
    match error {
        Error::Full => Problem::disk_full("writing the output"),
        Error::ContainerNotFound => Problem::new(
            Code::UploadNotAccessible,
            "The container of the output asset is gone; was the asset deleted while the job ran?",
        ),
        Error::Io(error) => Problem::io("Writing the output", &error),
        other => Problem::new(Code::UploadTransientError, format!("Writing the output failed: {other}.")),
    }
}

/// A failed read of the encoder's own blobs.
pub fn read_problem(error: Error) -> Problem {
    match error {
        Error::ContainerNotFound => write_problem(Error::ContainerNotFound),
        other => {
            Problem::new(Code::ServiceTransientError, format!("Reading work in progress failed: {other}."))
        }
    }
}
