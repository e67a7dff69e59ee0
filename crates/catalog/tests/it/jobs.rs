//! Jobs from their making to their end, with what is announced on the way.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use millrace_catalog::Error;
use millrace_catalog::job::{
    ClipTime, ENCODE_TASK, ErrorCategory, ErrorCode, JobDraft, JobError, JobInput, JobPatch, JobState, Source,
};
use millrace_catalog::list::{Filter, ListQuery};
use millrace_catalog::preset::{BuiltIn, BuiltInName, Preset};
use millrace_catalog::transform::{OnError, Priority, TransformDraft};
use millrace_ledger::{Cmp, Commit, Outcome, TaskState};
use serde_json::json;

use crate::house::{House, LEASE, clip, job_draft, ladder, refused};

#[tokio::test]
async fn a_job_is_queued_with_its_task_and_keeps_the_presets_it_was_made_with() {
    let house = House::new().await;
    let job = house.job("J", 2).await;
    assert_eq!(job.state, JobState::Queued);
    let labels: Vec<_> = job.outputs.iter().map(|output| output.label.as_str()).collect();
    assert_eq!(labels, ["AdaptiveStreaming_0", "AdaptiveStreaming_1"]);
    let task = house.catalog.ledger().task_by_key(ENCODE_TASK, &job.id.to_string()).await.unwrap().unwrap();
    assert_eq!((task.group, task.body), (job.id.to_string(), json!({"job": job.id})));

    let other = BuiltIn { name: BuiltInName::H264SingleBitrateSD, configurations: None };
    let mut output = ladder();
    output.preset = Preset::BuiltIn(other);
    let draft = TransformDraft { description: None, outputs: vec![output] };
    house.catalog.put_transform("t", &draft).await.unwrap();
    let work = house.catalog.job_work(job.id).await.unwrap();
    assert_eq!(work.job.outputs[1].preset, ladder().preset);
    assert_eq!(work.inputs[0].asset.as_ref().unwrap().as_ref().unwrap().name, "in");
    assert_eq!(work.outputs[0].asset.as_ref().unwrap().name, "out");

    house.catalog.delete_asset("out").await.unwrap();
    let work = house.catalog.job_work(job.id).await.unwrap();
    assert_eq!(work.outputs[0].asset, Err("out".to_owned()));
}

#[tokio::test]
async fn what_is_no_job_is_refused() {
    let house = House::new().await;
    house.job("taken", 1).await;
    let good = || job_draft("in", &["out"]);
    type Break = fn(&mut JobDraft);
    let cases: &[(&str, Break)] = &[
        ("outputs", |d| d.outputs.clear()),
        ("outputs[0].assetName", |d| d.outputs[0].asset = "nowhere".into()),
        ("input.inputs[0].assetName", |d| d.input = JobInput::Clip(clip("nowhere"))),
        ("input.inputs", |d| d.input = JobInput::Sequence(Vec::new())),
        ("input.inputs", |d| d.input = JobInput::Sequence(vec![clip("in"); 101])),
        ("input.end.time", |d| {
            let mut clip = clip("in");
            clip.start = Some(ClipTime::Absolute(SignedDuration::from_secs(5)));
            clip.end = Some(ClipTime::Absolute(SignedDuration::from_secs(5)));
            d.input = JobInput::Clip(clip);
        }),
        ("input.files[0]", |d| {
            let mut clip = clip("in");
            clip.files = vec!["x".repeat(4001)];
            d.input = JobInput::Clip(clip);
        }),
        ("input.baseUri", |d| {
            let mut clip = clip("in");
            clip.source = Source::Http { base_uri: Some("file:///etc".into()) };
            d.input = JobInput::Clip(clip);
        }),
        ("input.files", |d| {
            let mut clip = clip("in");
            clip.source = Source::Http { base_uri: None };
            d.input = JobInput::Clip(clip);
        }),
        ("correlationData", |d| {
            d.correlation_data = (0..51).map(|index| (index.to_string(), String::new())).collect();
        }),
    ];
    for (path, spoil) in cases {
        let mut draft = good();
        spoil(&mut draft);
        let answer = house.catalog.create_job("t", "j", draft).await;
        refused!(answer, Error::Invalid { field, .. } if field == path);
    }
    let mut overlay = good();
    overlay.input = JobInput::Inputs(vec![JobInput::Clip(clip("in")), JobInput::Clip(clip("in"))]);
    refused!(house.catalog.create_job("t", "j", overlay).await, Error::Unsupported { .. });
    refused!(house.catalog.create_job("t", "TAKEN", good()).await, Error::AlreadyExists { .. });
    refused!(house.catalog.create_job("none", "j", good()).await, Error::NotFound { .. });
    house.catalog.create_job("t", "j", good()).await.unwrap();
}

#[tokio::test]
async fn http_inputs_join_base_and_files() {
    let mut clip = clip("in");
    let urls = |base: Option<&str>, files: &[&str]| {
        clip.source = Source::Http { base_uri: base.map(str::to_owned) };
        clip.files = files.iter().map(|file| (*file).to_owned()).collect();
        clip.urls().map(|urls| urls.iter().map(|url| url.to_string()).collect::<Vec<_>>())
    };
    let mut check = urls;
    let one = |url: &str| Some(vec![url.to_owned()]);
    assert_eq!(check(Some("https://h/a/"), &["/b.mp4?s=1"]), one("https://h/a/b.mp4?s=1"));
    assert_eq!(check(Some("https://h/a.mp4"), &[]), one("https://h/a.mp4"));
    assert_eq!(check(Some("https://h/a"), &["http://x/b.mp4"]), one("http://x/b.mp4"));
    assert_eq!(check(None, &["https://h/a.mp4"]), one("https://h/a.mp4"));
    assert_eq!(check(None, &["a.mp4"]), None);
    assert_eq!(check(Some("ftp://h"), &["a.mp4"]), None);
}

#[tokio::test]
async fn a_job_that_goes_well_tells_each_change_once_and_in_order() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let job = house.job("j", 1).await;
    assert_eq!(house.event_types().await, Vec::<String>::new(), "Queued is only ever a previous state");
    let lease = house.lease().await;
    catalog.job_scheduled(&lease, job.id, Commit::new()).await.unwrap();
    catalog.job_started(&lease, job.id, Commit::new()).await.unwrap();
    catalog.job_started(&lease, job.id, Commit::new()).await.unwrap();
    for percent in [3, 6, 4, 8, 10, 11] {
        catalog.output_progress(&lease, job.id, 0, percent).await.unwrap();
    }
    house.clock.advance(Duration::from_secs(29));
    assert_eq!(catalog.output_progress(&lease, job.id, 0, 12).await.unwrap().outputs[0].progress, 12);
    house.clock.advance(Duration::from_secs(1));
    let at_most = catalog.output_progress(&lease, job.id, 0, 100).await.unwrap();
    assert_eq!(at_most.outputs[0].progress, 99);
    catalog.output_finished(&lease, job.id, 0, Commit::new()).await.unwrap();
    let done = Commit::new().finish(&lease, Outcome::Done(json!(null)));
    let ended = catalog.job_finished(&lease, job.id, done).await.unwrap();
    assert_eq!((ended.state, ended.outputs[0].progress), (JobState::Finished, 100));
    assert!(ended.started < ended.ended);
    let task = catalog.ledger().task(lease.task.id).await.unwrap().unwrap();
    assert_eq!(task.state, TaskState::Done);

    let wanted = [
        "JobOutputStateChange",
        "JobOutputScheduled",
        "JobStateChange",
        "JobScheduled",
        "JobOutputStateChange",
        "JobOutputProcessing",
        "JobStateChange",
        "JobProcessing",
        "JobOutputProgress",
        "JobOutputProgress",
        "JobOutputProgress",
        "JobOutputStateChange",
        "JobOutputFinished",
        "JobStateChange",
        "JobFinished",
    ];
    assert_eq!(house.event_types().await, wanted);
    let events = house.events().await;
    let progress: Vec<_> = events.iter().filter_map(|(_, data)| data.get("progress")?.as_u64()).collect();
    assert_eq!(progress, [6, 11, 99]);
    assert_eq!(
        events[2].1,
        json!({"previousState": "Queued", "state": "Scheduled", "correlationData": {"k": "v"}})
    );
    let output = json!({
        "@odata.type": "#Microsoft.Media.JobOutputAsset", "assetName": "out", "error": null,
        "label": "AdaptiveStreaming_0", "progress": 100, "state": "Finished"
    });
    let last = json!({
        "previousState": "Processing", "state": "Finished", "correlationData": {"k": "v"}, "outputs": [output]
    });
    assert_eq!(events[14].1, last);
}

#[tokio::test]
async fn a_failure_says_why_and_ends_the_other_outputs() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let job = house.job("j", 2).await;
    let lease = house.lease().await;
    let why = JobError::new(ErrorCode::ContentMalformed, "a.mp4 ends in the middle of a frame")
        .detail("moov", "missing");
    catalog.output_failed(&lease, job.id, 0, why.clone(), Commit::new()).await.unwrap();
    let ended = catalog.job_finished(&lease, job.id, Commit::new()).await.unwrap();
    assert_eq!(ended.state, JobState::Error);
    let states: Vec<_> = ended.outputs.iter().map(|output| output.state).collect();
    assert_eq!(states, [JobState::Error, JobState::Canceled]);
    assert_eq!(ended.outputs[0].error.as_ref(), Some(&why));
    assert_eq!(why.category(), ErrorCategory::Content);
    let events = house.events().await;
    let (name, data) = events.last().unwrap();
    assert_eq!(name, "Microsoft.Media.JobErrored");
    let told = json!({
        "category": "Content", "code": "ContentMalformed", "details": [{"code": "moov", "message": "missing"}],
        "message": "a.mp4 ends in the middle of a frame", "retry": "DoNotRetry"
    });
    assert_eq!(data["outputs"][0]["error"], told);
    refused!(catalog.output_progress(&lease, job.id, 0, 5).await, Error::WrongState { state: "Error", .. });
}

#[tokio::test]
async fn continue_job_hides_a_failure_but_not_all_of_them() {
    for (failures, wanted) in [(1, JobState::Finished), (2, JobState::Error)] {
        let house = House::new().await;
        let catalog = &house.catalog;
        house.asset("in").await;
        house.asset("out").await;
        let output =
            millrace_catalog::transform::TransformOutput { on_error: OnError::ContinueJob, ..ladder() };
        let draft = TransformDraft { description: None, outputs: vec![output; 2] };
        catalog.put_transform("t", &draft).await.unwrap();
        let job = catalog.create_job("t", "j", job_draft("in", &["out", "out"])).await.unwrap();
        let lease = house.lease().await;
        let why = || JobError::new(ErrorCode::ContentUnsupported, "no");
        catalog.output_failed(&lease, job.id, 0, why(), Commit::new()).await.unwrap();
        let early = catalog.job_finished(&lease, job.id, Commit::new()).await;
        refused!(early, Error::WrongState { .. });
        if failures == 2 {
            catalog.output_failed(&lease, job.id, 1, why(), Commit::new()).await.unwrap();
        } else {
            catalog.output_finished(&lease, job.id, 1, Commit::new()).await.unwrap();
        }
        assert_eq!(catalog.job_finished(&lease, job.id, Commit::new()).await.unwrap().state, wanted);
    }
}

#[tokio::test]
async fn a_worker_whose_lease_was_lost_changes_nothing() {
    let house = House::new().await;
    let job = house.job("j", 1).await;
    let old = house.lease().await;
    house.clock.advance(LEASE * 2);
    let new = house.lease().await;
    refused!(house.catalog.job_started(&old, job.id, Commit::new()).await, Error::LeaseLost);
    assert_eq!(house.catalog.job_by_id(job.id).await.unwrap().state, JobState::Queued);
    assert_eq!(house.event_types().await, Vec::<String>::new());
    house.catalog.job_started(&new, job.id, Commit::new()).await.unwrap();
}

#[tokio::test]
async fn progress_of_many_outputs_at_once_is_all_kept() {
    let house = House::new().await;
    let job = house.job("j", 8).await;
    let lease = house.lease().await;
    let steps = (0..8).map(|output| {
        let (catalog, lease) = (house.catalog.clone(), lease.clone());
        tokio::spawn(async move { catalog.output_progress(&lease, job.id, output, 50).await })
    });
    for step in steps.collect::<Vec<_>>() {
        step.await.unwrap().unwrap();
    }
    let job = house.catalog.job("t", "j").await.unwrap();
    assert!(job.outputs.iter().all(|output| output.progress == 50));
}

#[tokio::test]
async fn only_description_and_priority_change_and_only_the_ended_are_deleted() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let job = house.job("j", 1).await;
    let patch = JobPatch { description: Some("d".into()), priority: Some(Priority::High) };
    let patched = catalog.patch_job("t", "j", &patch).await.unwrap();
    assert_eq!((patched.description.as_deref(), patched.priority), (Some("d"), Priority::High));
    assert_eq!(patched.outputs, job.outputs);
    refused!(catalog.delete_job("t", "j").await, Error::WrongState { state: "Queued", .. });
    let lease = house.lease().await;
    let why = JobError::new(ErrorCode::ServiceError, "it broke");
    catalog.job_failed(&lease, job.id, why, Commit::new()).await.unwrap();
    assert!(catalog.delete_job("t", "J").await.unwrap());
    assert!(!catalog.delete_job("t", "j").await.unwrap());
    assert!(!catalog.delete_job("none", "j").await.unwrap());
    refused!(catalog.job_started(&lease, job.id, Commit::new()).await, Error::NotFound { .. });
}

#[tokio::test]
async fn jobs_are_listed_by_state() {
    let house = House::new().await;
    let catalog = &house.catalog;
    house.job("a", 1).await;
    catalog.create_job("t", "b", job_draft("in", &["out"])).await.unwrap();
    catalog.cancel_job("t", "b").await.unwrap();
    let list = async |cmp| {
        let filter = Filter::Is { property: "properties/state".into(), cmp, value: "canceled".into() };
        let page =
            catalog.jobs("T", &ListQuery { filter: Some(filter), ..Default::default() }).await.unwrap();
        page.items.into_iter().map(|job| job.name).collect::<Vec<_>>()
    };
    assert_eq!(list(Cmp::Eq).await, ["b"]);
    assert_eq!(list(Cmp::Ne).await, ["a"]);
    let more = JobDraft { correlation_data: BTreeMap::new(), ..job_draft("in", &["out"]) };
    catalog.create_job("t", "c", more).await.unwrap();
}
