//! Jobs: one transform applied to one input.
//!
//! `machine` says what may follow what, as a pure function; the verbs load a job, ask the machine, and commit the job with its
//! events. `encode` drives jobs through the verbs of `drive`, each fenced by its ledger lease.

mod cancel;
mod create;
mod drive;
mod error;
mod events;
mod input;
mod machine;
mod verbs;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use create::{JobDraft, OutputDraft};
pub use drive::{Input, OutputWork, Work};
pub use error::{ErrorCategory, ErrorCode, JobError, Retry};
pub use input::{Clip, ClipTime, JobInput, MAX_CLIPS, MAX_INPUTS, Source};
pub use machine::JobStep;
pub use verbs::JobPatch;

use crate::Kind;
use crate::preset::Preset;
use crate::preset::codec_choices as choices;
use crate::record::{Record, attach};
use crate::transform::{OnError, Priority};

/// Ledger task that encodes a job: key and group are the job's id, body is `{"job": id}`.
pub const ENCODE_TASK: &str = "encode.job";
/// Ledger task that sees a cancelled job to its end, once no other task of it runs.
pub const CANCEL_TASK: &str = "job.cancel";

/// A stored job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Unique in the transform.
    #[serde(skip)]
    pub name: String,
    /// Given by the service; also the group of the job's ledger tasks.
    #[serde(skip)]
    pub id: Uuid,
    /// When it was made.
    #[serde(skip)]
    pub created: Timestamp,
    /// When it last changed.
    #[serde(skip)]
    pub modified: Timestamp,
    /// The transform's name.
    pub transform: String,
    /// Where it stands.
    pub state: JobState,
    /// Free text.
    pub description: Option<String>,
    /// Against other jobs.
    pub priority: Priority,
    /// Echoed in events.
    pub correlation_data: BTreeMap<String, String>,
    /// What is encoded.
    pub input: JobInput,
    /// One per output of the transform, in its order.
    pub outputs: Vec<JobOutput>,
    /// When it began to be processed.
    pub started: Option<Timestamp>,
    /// When it reached a final state.
    pub ended: Option<Timestamp>,
}

/// One output of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobOutput {
    /// Name of the asset that it goes to.
    pub asset: String,
    /// Default `{presetName}_{outputIndex}`.
    pub label: String,
    /// What is made: the override, or the transform's preset as it was when the job was made.
    pub preset: Preset,
    /// Whether `preset` is the job's own.
    pub overridden: bool,
    /// The transform's, as it was when the job was made.
    pub on_error: OnError,
    /// The transform's, as it was when the job was made.
    pub relative_priority: Priority,
    /// Where it stands.
    pub state: JobState,
    /// 0 to 100; never falls.
    pub progress: u8,
    /// Why it failed.
    pub error: Option<JobError>,
    /// When it began to be processed.
    pub started: Option<Timestamp>,
    /// When it reached a final state.
    pub ended: Option<Timestamp>,
    /// What the last progress event said, and when.
    pub(crate) announced: Option<(u8, Timestamp)>,
}

choices! {
    /// Where a job, or one of its outputs, stands.
    JobState {
        /// Accepted.
        #[default]
        Queued = "Queued",
        /// Given to a worker.
        Scheduled = "Scheduled",
        /// Being encoded.
        Processing = "Processing",
        /// All went well.
        Finished = "Finished",
        /// It failed.
        Error = "Error",
        /// Asked to stop.
        Canceling = "Canceling",
        /// Stopped because it was asked to.
        Canceled = "Canceled",
    }
}

impl JobState {
    /// Whether nothing follows.
    pub fn is_final(self) -> bool {
        matches!(self, JobState::Finished | JobState::Error | JobState::Canceled)
    }
}

impl Record for Job {
    const KIND: &'static str = "job";
    const NAMED: Kind = Kind::Job;
    const VERSION: u64 = 1;
    attach!();

    fn columns(&self) -> (String, String, Option<Timestamp>) {
        (String::new(), self.state.as_str().into(), None)
    }
}
