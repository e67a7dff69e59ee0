//! Why a job ends as an error: the AMS code and hint, and a sentence that names the file.
//!
//! Every failure of this crate that a user can meet ends as a [`Problem`]. The sentence goes to the client, so it holds file
//! names as the user gave them and never a path of this machine.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `JobErrorCode` of AMS v3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Code {
    /// A fault of this service; the same job may fail again.
    ServiceError,
    /// A fault of this service that passes: resources, a full disk.
    ServiceTransientError,
    /// The input cannot be read.
    DownloadNotAccessible,
    /// Reading the input failed for now.
    DownloadTransientError,
    /// The output asset cannot be written.
    UploadNotAccessible,
    /// Writing the output failed for now.
    UploadTransientError,
    /// The transform asks for something that this input or service cannot give.
    ConfigurationUnsupported,
    /// The input is broken.
    ContentMalformed,
    /// The input is whole, but of a kind that cannot be encoded.
    ContentUnsupported,
}

impl Code {
    /// `JobErrorCategory`: the part of the name before the kind of fault.
    pub fn category(self) -> &'static str {
        match self {
            Code::ServiceError | Code::ServiceTransientError => "Service",
            Code::DownloadNotAccessible | Code::DownloadTransientError => "Download",
            Code::UploadNotAccessible | Code::UploadTransientError => "Upload",
            Code::ConfigurationUnsupported => "Configuration",
            Code::ContentMalformed | Code::ContentUnsupported => "Content",
        }
    }

    /// Whether a second try of the same job can end differently.
    pub fn may_retry(self) -> bool {
        matches!(
            self,
            Code::ServiceError
                | Code::ServiceTransientError
                | Code::DownloadTransientError
                | Code::UploadTransientError
        )
    }

    /// Whether this service itself tries again with back-off before it gives up.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Code::ServiceTransientError | Code::DownloadTransientError | Code::UploadTransientError
        )
    }
}

/// A failure with its AMS code and a sentence for the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The AMS code, from which category and retry hint follow.
    pub code: Code,
    /// One or two sentences that say what was wrong with which file.
    pub message: String,
}

impl Problem {
    /// A problem of `code` told by `message`.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message }
    }

    /// The input is broken.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(Code::ContentMalformed, message)
    }

    /// The input is of a kind that cannot be encoded.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Code::ContentUnsupported, message)
    }

    /// The transform asks for something that cannot be done.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(Code::ConfigurationUnsupported, message)
    }

    /// A fault of this service.
    pub fn service(message: impl Into<String>) -> Self {
        Self::new(Code::ServiceError, message)
    }

    /// A fault of this machine's file system; a full disk is told as such, since an operator can mend it.
    pub fn io(doing: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded => Self::disk_full(doing),
            _ => Self::new(Code::ServiceTransientError, format!("{doing} failed: {error}.")),
        }
    }

    /// No space left for scratch files or for the output.
    pub fn disk_full(doing: &str) -> Self {
        Self::new(
            Code::ServiceError,
            format!(
                "The disk is full: {doing} failed. Free some space and submit the job again; nothing accepted before is lost."
            ),
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

/// Why a step of a job did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something is wrong, and the user is told.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The job was cancelled, or the server stops: nothing is wrong.
    #[error("stopped on request")]
    Stopped,
}
