//! Making jobs.

use std::collections::BTreeMap;

use millrace_ledger::{Commit, Expect, NewTask};
use serde_json::json;
use uuid::Uuid;

use super::{ENCODE_TASK, Job, JobInput, JobOutput, JobState, Source};
use crate::asset::Asset;
use crate::catalog::contend;
use crate::preset::{self, Preset};
use crate::record::Record;
use crate::transform::{Priority, Transform, TransformOutput};
use crate::{Catalog, Error, Kind, Result, name};

/// Members of `correlationData`; every event repeats them.
const MAX_CORRELATION: usize = 50;
/// Attempts of the job's own task: workers may vanish, and their chunks are kept.
const ATTEMPTS: u32 = 5;

/// What a client says of a job. All but description and priority is fixed once the job exists.
#[derive(Debug, Clone, PartialEq)]
pub struct JobDraft {
    /// Free text.
    pub description: Option<String>,
    /// Against other jobs.
    pub priority: Priority,
    /// Echoed in events.
    pub correlation_data: BTreeMap<String, String>,
    /// What is encoded.
    pub input: JobInput,
    /// One per output of the transform, in its order.
    pub outputs: Vec<OutputDraft>,
}

/// What a client says of an output.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OutputDraft {
    /// Name of an asset that exists. Several outputs may share one.
    pub asset: String,
    /// Default `{presetName}_{outputIndex}`.
    pub label: Option<String>,
    /// Instead of the transform's preset.
    pub preset_override: Option<Preset>,
}

impl Catalog {
    /// Makes a job and puts it into the queue, in one commit. The presets are copied: a later change of the transform does not
    /// change the job. The transform and all assets must exist; a job of that name must not. Nothing is announced yet: to subscribers
    /// Queued is only ever a previous state.
    pub async fn create_job(&self, transform: &str, name: &str, draft: JobDraft) -> Result<Job> {
        name::check("name", name)?;
        check(&draft)?;
        let id = Uuid::new_v4();
        let _child = self.parents().read().await;
        contend!(Kind::Job, name, async {
            let (stored, found) = self.found::<Transform>("", transform).await?;
            let job = new_job(id, name, &found, &draft)?;
            let scope = found.id.to_string();
            if self.stored::<Job>(&scope, name).await?.is_some() {
                return Err(exists(name));
            }
            let put = job.put(&scope, name)?.id(id.to_string()).expect(Expect::Absent);
            let guarded =
                Commit::new().require(Transform::KIND, "", stored.name, Expect::Version(stored.version));
            let commit = self.require_assets(&draft, guarded).await?.put(put).enqueue(task(&job));
            let done = self.attempt(commit).await?;
            Ok(done.map(|receipt| Job { created: receipt.at, modified: receipt.at, ..job }))
        })
    }

    /// Every asset that the job names exists, and still does in the commit.
    async fn require_assets(&self, draft: &JobDraft, mut commit: Commit) -> Result<Commit> {
        let inputs = draft.input.clips();
        let inputs = inputs.iter().enumerate().filter_map(|(index, clip)| match &clip.source {
            Source::Asset { name } => Some((format!("input.inputs[{index}].assetName"), name.as_str())),
            Source::Http { .. } => None,
        });
        let outputs = draft.outputs.iter().enumerate();
        let outputs =
            outputs.map(|(index, output)| (format!("outputs[{index}].assetName"), output.asset.as_str()));
        let mut seen: Vec<&str> = Vec::new();
        for (field, asset) in inputs.chain(outputs) {
            if seen.contains(&asset) {
                continue;
            }
            seen.push(asset);
            if self.stored::<Asset>("", asset).await?.is_none() {
                return Err(Error::invalid(field, format!("there is no asset '{asset}'")));
            }
            commit = commit.require(Asset::KIND, "", asset, Expect::Exists);
        }
        Ok(commit)
    }
}

fn exists(name: &str) -> Error {
    let why = "the input and outputs of a job cannot be changed; choose another name, or PATCH its description or priority".into();
    Error::AlreadyExists { kind: Kind::Job, name: name.into(), why }
}

fn task(job: &Job) -> NewTask {
    NewTask::new(ENCODE_TASK, job.id.to_string(), json!({"job": job.id}))
        .group(job.id.to_string())
        .priority(job.priority.rank())
        .retry(ATTEMPTS, Default::default())
}

fn check(draft: &JobDraft) -> Result<()> {
    name::check_text("description", draft.description.as_deref())?;
    if draft.correlation_data.len() > MAX_CORRELATION {
        return Err(Error::invalid(
            "correlationData",
            format!("at most {MAX_CORRELATION} members are allowed"),
        ));
    }
    for (key, value) in &draft.correlation_data {
        name::check_text("correlationData", Some(key))?;
        name::check_text("correlationData", Some(value))?;
    }
    draft.input.check("input")
}

fn new_job(id: Uuid, name: &str, transform: &Transform, draft: &JobDraft) -> Result<Job> {
    if draft.outputs.len() != transform.outputs.len() {
        let why = format!(
            "the transform has {} outputs and the job has {}; they must correspond, in order",
            transform.outputs.len(),
            draft.outputs.len()
        );
        return Err(Error::invalid("outputs", why));
    }
    let pairs = draft.outputs.iter().zip(&transform.outputs).enumerate();
    Ok(Job {
        name: name.into(),
        id,
        created: Default::default(),
        modified: Default::default(),
        transform: transform.name.clone(),
        state: JobState::Queued,
        description: draft.description.clone(),
        priority: draft.priority,
        correlation_data: draft.correlation_data.clone(),
        input: draft.input.clone(),
        outputs: pairs
            .map(|(index, (draft, recipe))| new_output(index, draft, recipe))
            .collect::<Result<_>>()?,
        started: None,
        ended: None,
    })
}

fn new_output(index: usize, draft: &OutputDraft, recipe: &TransformOutput) -> Result<JobOutput> {
    let field = format!("outputs[{index}]");
    name::check(&format!("{field}.assetName"), &draft.asset)?;
    name::check_text(&format!("{field}.label"), draft.label.as_deref())?;
    if let Some(preset) = &draft.preset_override {
        preset::check(&format!("{field}.presetOverride"), preset)?;
    }
    let label = draft.label.clone().filter(|label| !label.is_empty());
    Ok(JobOutput {
        asset: draft.asset.clone(),
        label: label.unwrap_or_else(|| format!("{}_{index}", recipe.preset.label_stem())),
        preset: draft.preset_override.clone().unwrap_or_else(|| recipe.preset.clone()),
        overridden: draft.preset_override.is_some(),
        on_error: recipe.on_error,
        relative_priority: recipe.relative_priority,
        state: JobState::Queued,
        progress: 0,
        error: None,
        started: None,
        ended: None,
        announced: None,
    })
}
