//! Why a job failed, in the words of AMS.

use serde::{Deserialize, Serialize};

use crate::preset::codec_choices as choices;

choices! {
    /// AMS `JobErrorCode`.
    ErrorCode {
        /// Something of ours broke.
        #[default]
        ServiceError = "ServiceError",
        /// Something of ours broke and may heal.
        ServiceTransientError = "ServiceTransientError",
        /// The input is not there or may not be read.
        DownloadNotAccessible = "DownloadNotAccessible",
        /// The input could not be read this time.
        DownloadTransientError = "DownloadTransientError",
        /// The output asset is not there or may not be written.
        UploadNotAccessible = "UploadNotAccessible",
        /// The output asset could not be written this time.
        UploadTransientError = "UploadTransientError",
        /// The preset does not fit the input.
        ConfigurationUnsupported = "ConfigurationUnsupported",
        /// The input is broken.
        ContentMalformed = "ContentMalformed",
        /// The input is of a kind that is not read.
        ContentUnsupported = "ContentUnsupported",
        /// An identity is not accepted.
        IdentityUnsupported = "IdentityUnsupported",
    }
    /// AMS `JobErrorCategory`.
    ErrorCategory {
        /// Ours.
        #[default]
        Service = "Service",
        /// Getting the input.
        Download = "Download",
        /// Writing the output.
        Upload = "Upload",
        /// The preset.
        Configuration = "Configuration",
        /// The input itself.
        Content = "Content",
        /// The account.
        Account = "Account",
    }
    /// AMS `JobRetry`.
    Retry {
        /// The same job would fail again.
        #[default]
        DoNotRetry = "DoNotRetry",
        /// The same job may succeed.
        MayRetry = "MayRetry",
    }
}

impl ErrorCode {
    /// What the code is about.
    pub fn category(self) -> ErrorCategory {
        match self {
            ErrorCode::ServiceError | ErrorCode::ServiceTransientError => ErrorCategory::Service,
            ErrorCode::DownloadNotAccessible | ErrorCode::DownloadTransientError => ErrorCategory::Download,
            ErrorCode::UploadNotAccessible | ErrorCode::UploadTransientError => ErrorCategory::Upload,
            ErrorCode::ConfigurationUnsupported => ErrorCategory::Configuration,
            ErrorCode::ContentMalformed | ErrorCode::ContentUnsupported => ErrorCategory::Content,
            ErrorCode::IdentityUnsupported => ErrorCategory::Account,
        }
    }

    /// Whether the same job may succeed.
    pub fn retry(self) -> Retry {
        match self {
            ErrorCode::ServiceTransientError
            | ErrorCode::DownloadTransientError
            | ErrorCode::UploadTransientError
            | ErrorCode::DownloadNotAccessible
            | ErrorCode::UploadNotAccessible => Retry::MayRetry,
            _ => Retry::DoNotRetry,
        }
    }
}

/// Why a job output failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobError {
    /// The code; category follows from it.
    pub code: ErrorCode,
    /// Whether the same job may succeed.
    pub retry: Retry,
    /// What was wrong with which file, in a sentence.
    pub message: String,
    /// Finer points: (code, sentence).
    pub details: Vec<(String, String)>,
}

/// Longest message kept, in bytes; encoders can be wordy and every event repeats it.
const MAX_MESSAGE: usize = 4096;
/// Most details kept.
const MAX_DETAILS: usize = 20;

impl JobError {
    /// An error with the code's own hint about trying again.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        JobError { code, retry: code.retry(), message: cut(message.into()), details: Vec::new() }
    }

    /// Adds a finer point; beyond twenty they are dropped.
    pub fn detail(mut self, code: impl Into<String>, message: impl Into<String>) -> Self {
        if self.details.len() < MAX_DETAILS {
            self.details.push((cut(code.into()), cut(message.into())));
        }
        self
    }

    /// What it is about.
    pub fn category(&self) -> ErrorCategory {
        self.code.category()
    }
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_MESSAGE {
        let end = (0..=MAX_MESSAGE).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    text
}
