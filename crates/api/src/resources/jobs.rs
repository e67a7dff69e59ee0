//! Jobs.

use super::envelope::{page_schema, read_properties, resource, resource_schema};
use super::paging::{self, FILTER_ORDER};
use super::{JOB, JOBS};
use crate::http::{Answer, ApiError, Call, Method, Route, route};
use crate::wire::{Node, Schemas, Wire, odata_type, refuse_type, tagged, wire_choice_for, wire_object};
use jiff::Timestamp;
use millrace_catalog::job::{
    ErrorCategory, ErrorCode, Job, JobDraft, JobError, JobInput, JobOutput, JobPatch, JobState, OutputDraft,
    Retry,
};
use millrace_catalog::preset::Preset;
use millrace_catalog::transform::Priority;
use serde_json::Value;
use std::collections::BTreeMap;

wire_choice_for!(
    JobState as "JobState",
    ErrorCode as "JobErrorCode",
    ErrorCategory as "JobErrorCategory",
    Retry as "JobRetry",
);

wire_object! {
    /// `JobProperties`.
    JobProperties {
        created: Option<Timestamp> = "created",
        state: Option<JobState> = "state",
        /// Free text.
        description: Option<String> = "description",
        input: Option<JobInput> = "input",
        modified: Option<Timestamp> = "lastModified",
        /// One per output of the transform, in its order.
        outputs: Option<Vec<WireOutput>> = "outputs",
        priority: Option<Priority> = "priority",
        /// Echoed in events.
        correlation_data: Option<BTreeMap<String, String>> = "correlationData",
        started: Option<Timestamp> = "startTime",
        ended: Option<Timestamp> = "endTime",
    }
}

wire_object! {
    /// The members of `JobOutputAsset`.
    OutputAsset {
        /// An asset that exists.
        asset: String = "assetName",
        label: Option<String> = "label",
        preset_override: Option<Preset> = "presetOverride",
        state: Option<JobState> = "state",
        progress: Option<u32> = "progress",
        error: Option<WireError> = "error",
        started: Option<Timestamp> = "startTime",
        ended: Option<Timestamp> = "endTime",
    }
}

wire_object! {
    /// `JobError`.
    WireError {
        code: ErrorCode = "code",
        /// What was wrong with which file.
        message: String = "message",
        category: ErrorCategory = "category",
        retry: Retry = "retry",
        details: Vec<ErrorDetail> = "details",
    }
}

wire_object! {
    /// `JobErrorDetail`.
    ErrorDetail {
        code: String = "code",
        message: String = "message",
    }
}

/// A job output, of which the contract has one kind.
#[derive(Debug, Clone, PartialEq)]
struct WireOutput(OutputAsset);

impl Wire for WireOutput {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        const KNOWN: &[&str] = &["JobOutputAsset"];
        node.object()?;
        let tag = node.member("@odata.type");
        let given = odata_type(&tag, KNOWN)?;
        if !given.eq_ignore_ascii_case("JobOutputAsset") {
            return Err(refuse_type(&tag, given, KNOWN));
        }
        OutputAsset::read(node).map(Self)
    }

    fn write(&self) -> Value {
        tagged("#Microsoft.Media.JobOutputAsset", self.0.write())
    }

    fn schema(schemas: &mut Schemas) -> Value {
        schemas.named("JobOutput", |schemas| {
            let mut union = crate::wire::UnionSchema::default();
            let asset = OutputAsset::schema(schemas);
            union.variant("JobOutput", "JobOutputAsset", asset, schemas);
            union.finish()
        })
    }
}

impl From<&JobOutput> for WireOutput {
    fn from(output: &JobOutput) -> Self {
        Self(OutputAsset {
            asset: output.asset.clone(),
            label: Some(output.label.clone()),
            preset_override: output.overridden.then(|| output.preset.clone()),
            state: Some(output.state),
            progress: Some(output.progress.into()),
            error: output.error.as_ref().map(WireError::from),
            started: output.started,
            ended: output.ended,
        })
    }
}

impl From<&JobError> for WireError {
    fn from(error: &JobError) -> Self {
        let detail =
            |(code, message): &(String, String)| ErrorDetail { code: code.clone(), message: message.clone() };
        Self {
            code: error.code,
            message: error.message.clone(),
            category: error.category(),
            retry: error.retry,
            details: error.details.iter().map(detail).collect(),
        }
    }
}

impl From<WireOutput> for OutputDraft {
    fn from(WireOutput(output): WireOutput) -> Self {
        Self { asset: output.asset, label: output.label, preset_override: output.preset_override }
    }
}

fn schema(schemas: &mut Schemas) -> Value {
    resource_schema::<JobProperties>("Job", schemas)
}

/// The table's rows.
pub(super) const ROUTES: &[Route] = &[
    route("Jobs_List", Method::Get, JOBS, &[200], |call| Box::pin(list(call)))
        .asks(FILTER_ORDER)
        .gives(|schemas| page_schema::<JobProperties>("Job", schemas)),
    route("Jobs_Get", Method::Get, JOB, &[200], |call| Box::pin(get(call))).gives(schema),
    route("Jobs_Create", Method::Put, JOB, &[201], |call| Box::pin(create(call))).takes(schema).gives(schema),
    route("Jobs_Update", Method::Patch, JOB, &[200], |call| Box::pin(patch(call)))
        .takes(schema)
        .gives(schema),
    route("Jobs_Delete", Method::Delete, JOB, &[200, 204], |call| Box::pin(delete(call))),
    route("Jobs_CancelJob", Method::Post, super::CANCEL_JOB, &[200], |call| Box::pin(cancel(call))),
];

fn write(call: &Call, job: &Job) -> Value {
    let properties = JobProperties {
        created: Some(job.created),
        state: Some(job.state),
        description: job.description.clone(),
        input: Some(job.input.clone()),
        modified: Some(job.modified),
        outputs: Some(job.outputs.iter().map(WireOutput::from).collect()),
        priority: Some(job.priority),
        correlation_data: Some(job.correlation_data.clone()),
        started: job.started,
        ended: job.ended,
    };
    resource(call, &["transforms", &job.transform, "jobs", &job.name], &properties)
}

/// The transform and job that the path names.
fn names(call: &Call) -> (&str, &str) {
    (call.name("transformName"), call.name("jobName"))
}

async fn list(call: Call) -> Result<Answer, ApiError> {
    let page = call.api.catalog.jobs(call.name("transformName"), &paging::query(&call)?).await?;
    Ok(paging::answer(&call, &page, |job| write(&call, job)))
}

async fn get(call: Call) -> Result<Answer, ApiError> {
    let (transform, name) = names(&call);
    let job = call.api.catalog.job(transform, name).await?;
    Ok(Answer::ok(write(&call, &job)))
}

async fn create(call: Call) -> Result<Answer, ApiError> {
    let properties: JobProperties = read_properties(&call)?;
    let required = |member: &str| ApiError::Property {
        path: format!("properties.{member}"),
        reason: "is required".into(),
    };
    let draft = JobDraft {
        description: properties.description,
        priority: properties.priority.unwrap_or_default(),
        correlation_data: properties.correlation_data.unwrap_or_default(),
        input: properties.input.ok_or_else(|| required("input"))?,
        outputs: properties
            .outputs
            .ok_or_else(|| required("outputs"))?
            .into_iter()
            .map(OutputDraft::from)
            .collect(),
    };
    let (transform, name) = names(&call);
    let job = call.api.catalog.create_job(transform, name, draft).await?;
    Ok(Answer::created(write(&call, &job)))
}

/// Description and priority only: input and outputs, which clients send along, must not differ from what is there.
async fn patch(call: Call) -> Result<Answer, ApiError> {
    let sent: JobProperties = read_properties(&call)?;
    let (transform, name) = names(&call);
    let present = call.api.catalog.job(transform, name).await?;
    if sent.input.as_ref().is_some_and(|input| input.write() != present.input.write()) {
        return Err(fixed("input"));
    }
    let same = |outputs: &Vec<WireOutput>| {
        outputs.len() == present.outputs.len()
            && outputs
                .iter()
                .zip(&present.outputs)
                .all(|(sent, own)| sent.0.asset.eq_ignore_ascii_case(&own.asset))
    };
    if sent.outputs.as_ref().is_some_and(|outputs| !same(outputs)) {
        return Err(fixed("outputs"));
    }
    if sent.correlation_data.as_ref().is_some_and(|data| *data != present.correlation_data) {
        return Err(fixed("correlationData"));
    }
    let patch = JobPatch { description: sent.description, priority: sent.priority };
    let job = call.api.catalog.patch_job(transform, name, &patch).await?;
    Ok(Answer::ok(write(&call, &job)))
}

fn fixed(member: &str) -> ApiError {
    let reason = "cannot be changed once the job exists; only description and priority can".into();
    ApiError::Property { path: format!("properties.{member}"), reason }
}

async fn delete(call: Call) -> Result<Answer, ApiError> {
    let (transform, name) = names(&call);
    Ok(Answer::deleted(call.api.catalog.delete_job(transform, name).await?))
}

async fn cancel(call: Call) -> Result<Answer, ApiError> {
    let (transform, name) = names(&call);
    call.api.catalog.cancel_job(transform, name).await?;
    Ok(Answer::done())
}
