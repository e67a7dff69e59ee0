//! What subscribers are told of a job: the shapes of `Microsoft.Media.Job*` events (ams-v3 §5).

use millrace_ledger::Event;
use serde_json::{Map, Value, json};

use super::machine::Happening;
use super::{Job, JobOutput, JobState};

/// The events of `happened`, in order. `topic` is the account's resource id.
pub(crate) fn events(job: &Job, happened: &[Happening], topic: &str) -> Vec<Event> {
    let subject = format!("transforms/{}/jobs/{}", job.transform, job.name);
    let event =
        |kind: String, data: Value| Event::new(format!("Microsoft.Media.{kind}"), &subject, topic, data);
    let mut events = Vec::new();
    for one in happened {
        match one {
            Happening::Job { from, to } => {
                let data = job_data(job, *from, *to);
                events.push(event("JobStateChange".into(), data.clone()));
                events.push(event(format!("Job{}", past(*to)), with_outputs(job, *to, data)));
            }
            Happening::Output { output, from, to } => {
                let Some(found) = job.outputs.get(*output) else { continue };
                let data = output_data(job, found, *from, *to);
                events.push(event("JobOutputStateChange".into(), data.clone()));
                events.push(event(format!("JobOutput{}", past(*to)), data));
            }
            Happening::Progress { output, percent } => {
                let Some(found) = job.outputs.get(*output) else { continue };
                let data = json!({"label": found.label, "progress": percent, "jobCorrelationData": job.correlation_data});
                events.push(event("JobOutputProgress".into(), data));
            }
        }
    }
    events
}

/// The state in names of events: all but one are the state itself.
fn past(state: JobState) -> &'static str {
    match state {
        JobState::Error => "Errored",
        other => other.as_str(),
    }
}

fn job_data(job: &Job, from: JobState, to: JobState) -> Value {
    json!({"previousState": from.as_str(), "state": to.as_str(), "correlationData": job.correlation_data})
}

/// Final events carry the outputs.
fn with_outputs(job: &Job, to: JobState, mut data: Value) -> Value {
    if let (true, Value::Object(members)) = (to.is_final(), &mut data) {
        let outputs = job.outputs.iter().map(|output| output_value(output, output.state)).collect();
        members.insert("outputs".into(), Value::Array(outputs));
    }
    data
}

fn output_data(job: &Job, output: &JobOutput, from: JobState, to: JobState) -> Value {
    json!({
        "previousState": from.as_str(),
        "output": output_value(output, to),
        "jobCorrelationData": job.correlation_data,
    })
}

/// An output as events show it: in the state of the event, which one commit may have left behind already.
fn output_value(output: &JobOutput, state: JobState) -> Value {
    let mut value = Map::new();
    value.insert("@odata.type".into(), "#Microsoft.Media.JobOutputAsset".into());
    value.insert("assetName".into(), output.asset.clone().into());
    let error = output.error.as_ref().filter(|_| state == JobState::Error).map(|error| {
        let detail = |(code, message): &(String, String)| json!({"code": code, "message": message});
        json!({
            "category": error.category().as_str(),
            "code": error.code.as_str(),
            "details": error.details.iter().map(detail).collect::<Vec<_>>(),
            "message": error.message,
            "retry": error.retry.as_str(),
        })
    });
    value.insert("error".into(), error.unwrap_or(Value::Null));
    value.insert("label".into(), output.label.clone().into());
    value.insert("progress".into(), output.progress.into());
    value.insert("state".into(), state.as_str().into());
    Value::Object(value)
}
