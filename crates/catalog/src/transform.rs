//! Transforms: recipes that jobs apply.

use jiff::Timestamp;
use millrace_ledger::{Commit, Expect, Field};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalog::contend;
use crate::job::Job;
use crate::list::{self, Column, ListQuery, Page, column};
use crate::preset::codec_choices as choices;
use crate::preset::{self, Preset};
use crate::record::{Record, attach};
use crate::{Catalog, Error, Kind, Result, name};

/// Transforms of an account (AMS quota).
pub const MAX_TRANSFORMS: usize = 100;
/// Outputs of a transform, and so of a job (AMS quota).
pub const MAX_OUTPUTS: usize = 20;

/// A stored transform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transform {
    /// Unique in the account.
    #[serde(skip)]
    pub name: String,
    /// Given by the service.
    #[serde(skip)]
    pub id: Uuid,
    /// When it was made.
    #[serde(skip)]
    pub created: Timestamp,
    /// When it last changed.
    #[serde(skip)]
    pub modified: Timestamp,
    /// Free text.
    pub description: Option<String>,
    /// 1 to [`MAX_OUTPUTS`].
    pub outputs: Vec<TransformOutput>,
}

/// One output of a transform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransformOutput {
    /// What to make.
    pub preset: Preset,
    /// What its failure means for the job.
    #[serde(default)]
    pub on_error: OnError,
    /// Against the job's other outputs.
    #[serde(default)]
    pub relative_priority: Priority,
}

choices! {
    /// What a failed output means for its job.
    OnError {
        /// The job ends in error.
        #[default]
        StopProcessingJob = "StopProcessingJob",
        /// The other outputs go on, and the job's state does not show the failure (unless no output is left).
        ContinueJob = "ContinueJob",
    }
    /// Which goes first.
    Priority {
        /// After the others.
        Low = "Low",
        /// Usual.
        #[default]
        Normal = "Normal",
        /// Before the others.
        High = "High",
    }
}

impl Priority {
    /// For the ledger's queue: higher runs first.
    pub fn rank(self) -> i32 {
        match self {
            Priority::Low => -10,
            Priority::Normal => 0,
            Priority::High => 10,
        }
    }
}

/// What a client says of a transform. A `PUT` sets all of it; in a `PATCH`, what is `None` (or an empty list) stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TransformDraft {
    /// Free text.
    pub description: Option<String>,
    /// 1 to [`MAX_OUTPUTS`].
    pub outputs: Vec<TransformOutput>,
}

impl TransformDraft {
    pub(crate) fn check(&self) -> Result<()> {
        name::check_text("description", self.description.as_deref())?;
        check_outputs(&self.outputs)
    }
}

pub(crate) fn check_outputs(outputs: &[TransformOutput]) -> Result<()> {
    if outputs.is_empty() {
        return Err(Error::invalid("outputs", "at least one output is needed"));
    }
    if outputs.len() > MAX_OUTPUTS {
        return Err(Error::invalid("outputs", format!("at most {MAX_OUTPUTS} outputs are allowed")));
    }
    let check = |(index, output): (usize, &TransformOutput)| {
        preset::check(&format!("outputs[{index}].preset"), &output.preset)
    };
    outputs.iter().enumerate().try_for_each(check)
}

impl Record for Transform {
    const KIND: &'static str = "transform";
    const NAMED: Kind = Kind::Transform;
    const VERSION: u64 = 1;
    attach!();
}

const COLUMNS: &[Column] = &[
    column("name", Field::Name, list::EQ, true),
    column("properties/created", Field::Created, list::ALL, true),
    column("properties/lastModified", Field::Modified, list::ALL, true),
];

impl Catalog {
    /// A transform by name.
    pub async fn transform(&self, name: &str) -> Result<Transform> {
        Ok(self.found::<Transform>("", name).await?.1)
    }

    /// A page of the account's transforms.
    pub async fn transforms(&self, query: &ListQuery) -> Result<Page<Transform>> {
        self.page("", query, COLUMNS).await
    }

    /// Makes or replaces a transform; whether it is new. Jobs that exist keep the presets they were made with.
    pub async fn put_transform(&self, name: &str, draft: &TransformDraft) -> Result<(Transform, bool)> {
        name::check("name", name)?;
        draft.check()?;
        contend!(Kind::Transform, name, async {
            let stored = self.stored::<Transform>("", name).await?;
            if stored.is_none() {
                self.check_quota::<Transform>("", "transforms", MAX_TRANSFORMS).await?;
            }
            let made = Transform {
                name: String::new(),
                id: Uuid::nil(),
                created: Timestamp::default(),
                modified: Timestamp::default(),
                description: draft.description.clone(),
                outputs: draft.outputs.clone(),
            };
            let put = match &stored {
                Some(stored) => made.replace(stored)?,
                None => made.put("", name)?.id(Uuid::new_v4().to_string()).expect(Expect::Absent),
            };
            match self.attempt(Commit::new().put(put)).await? {
                Some(_) => Ok(Some((self.transform(name).await?, stored.is_none()))),
                None => Ok(None),
            }
        })
    }

    /// Changes what the draft gives.
    pub async fn patch_transform(&self, name: &str, patch: &TransformDraft) -> Result<Transform> {
        name::check_text("description", patch.description.as_deref())?;
        if !patch.outputs.is_empty() {
            check_outputs(&patch.outputs)?;
        }
        contend!(Kind::Transform, name, async {
            let (stored, mut transform) = self.found::<Transform>("", name).await?;
            transform.description = patch.description.clone().or(transform.description);
            if !patch.outputs.is_empty() {
                transform.outputs = patch.outputs.clone();
            }
            Ok(self.attempt(Commit::new().put(transform.replace(&stored)?)).await?.map(|receipt| {
                transform.modified = receipt.at;
                transform
            }))
        })
    }

    /// Deletes a transform with its jobs, none of which may still be at work; whether there was one. What the jobs made stays.
    pub async fn delete_transform(&self, name: &str) -> Result<bool> {
        let _children = self.parents().write().await;
        contend!(Kind::Transform, name, async {
            let Some(stored) = self.stored::<Transform>("", name).await? else { return Ok(Some(false)) };
            if self.has_open_jobs(&stored.id).await? {
                let why =
                    "some of its jobs are not in a final state; wait for them or cancel them first".into();
                return Err(Error::InUse { kind: Kind::Transform, name: stored.name, why });
            }
            let commit = Commit::new()
                .delete(Transform::KIND, "", name, Expect::Version(stored.version))
                .delete_scope(Job::KIND, &stored.id);
            Ok(self.attempt(commit).await?.map(|_| true))
        })
    }
}
