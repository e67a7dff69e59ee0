//! Cancelling jobs, whoever is at work on them.

use millrace_catalog::job::{CANCEL_TASK, ENCODE_TASK, JobState};
use millrace_catalog::{Catalog, Error};
use millrace_ledger::runner::{Context, Runner, Verdict};
use millrace_ledger::{Commit, NewTask, Outcome, TaskState};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::house::{House, refused};

#[tokio::test]
async fn a_job_that_nobody_began_is_canceled_at_once() {
    let house = House::new().await;
    let job = house.job("j", 1).await;
    let canceled = house.catalog.cancel_job("t", "j").await.unwrap();
    assert_eq!(canceled.state, JobState::Canceled);
    assert_eq!(house.catalog.cancel_job("t", "j").await.unwrap().state, JobState::Canceled);
    let task = house.catalog.ledger().task_by_key(ENCODE_TASK, &job.id.to_string()).await.unwrap().unwrap();
    assert_eq!(task.state, TaskState::Cancelled);
    let wanted = [
        "JobOutputStateChange",
        "JobOutputCanceling",
        "JobStateChange",
        "JobCanceling",
        "JobOutputStateChange",
        "JobOutputCanceled",
        "JobStateChange",
        "JobCanceled",
    ];
    assert_eq!(house.event_types().await, wanted);
    let events = house.events().await;
    assert_eq!(events[1].1["output"]["state"], "Canceling", "an event shows the state of its moment");
}

#[tokio::test]
async fn a_worker_learns_of_it_and_cannot_go_on() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let job = house.job("j", 1).await;
    let lease = house.lease().await;
    catalog.job_started(&lease, job.id, Commit::new()).await.unwrap();
    assert_eq!(catalog.cancel_job("t", "j").await.unwrap().state, JobState::Canceling);
    refused!(
        catalog.output_progress(&lease, job.id, 0, 50).await,
        Error::WrongState { state: "Canceling", .. }
    );
    refused!(catalog.output_finished(&lease, job.id, 0, Commit::new()).await, Error::WrongState { .. });
    let also = Commit::new().finish(&lease, Outcome::Cancelled);
    assert_eq!(catalog.job_canceled(&lease, job.id, also).await.unwrap().state, JobState::Canceled);
}

#[tokio::test]
async fn a_job_whose_tasks_only_wait_is_still_brought_to_its_end() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let job = house.job("j", 1).await;
    let lease = house.lease().await;
    // The job's own task waits for its chunks, as encode's does; nobody holds a lease when the request comes.
    let chunk = NewTask::new("chunk", "1", json!({})).group(job.id.to_string());
    let also = Commit::new().enqueue(chunk).finish(&lease, Outcome::Release { run_at: None });
    catalog.job_started(&lease, job.id, also).await.unwrap();
    assert_eq!(catalog.cancel_job("t", "j").await.unwrap().state, JobState::Canceling);
    ended(catalog, Runner::new(catalog.ledger().clone()), &job.id.to_string()).await;
    assert_eq!(catalog.job_by_id(job.id).await.unwrap().state, JobState::Canceled);
}

#[tokio::test]
async fn the_end_waits_for_a_running_chunk() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let job = house.job("j", 1).await;
    let lease = house.lease().await;
    let chunk = NewTask::new("chunk", "1", json!({})).group(job.id.to_string());
    let also = Commit::new().enqueue(chunk).finish(&lease, Outcome::Release { run_at: None });
    catalog.job_started(&lease, job.id, also).await.unwrap();
    let (began, mut begun) = tokio::sync::mpsc::channel(1);
    let chunk = move |context: Context| {
        let began = began.clone();
        async move {
            began.send(()).await.ok();
            context.stopped().await;
            Verdict::from(Outcome::Cancelled)
        }
    };
    let runner = Runner::new(catalog.ledger().clone()).on("chunk", 1, chunk);
    let canceller = {
        let catalog = catalog.clone();
        tokio::spawn(async move {
            begun.recv().await.unwrap();
            catalog.cancel_job("t", "j").await.unwrap().state
        })
    };
    ended(catalog, runner, &job.id.to_string()).await;
    assert_eq!(canceller.await.unwrap(), JobState::Canceling);
    assert_eq!(catalog.job_by_id(job.id).await.unwrap().state, JobState::Canceled);
    let chunk = catalog.ledger().task_by_key("chunk", "1").await.unwrap().unwrap();
    assert_eq!(chunk.state, TaskState::Cancelled);
}

/// Runs the runner with the catalog's tasks until the job's cancelling task is done.
async fn ended(catalog: &Catalog, runner: Runner, job: &str) {
    let shutdown = CancellationToken::new();
    let mut changes = catalog.ledger().subscribe();
    let running = tokio::spawn(catalog.register(runner).run(shutdown.clone()));
    loop {
        let task = catalog.ledger().task_by_key(CANCEL_TASK, job).await.unwrap();
        if task.is_some_and(|task| task.state.is_finished()) {
            break;
        }
        changes.next().await.unwrap();
    }
    shutdown.cancel();
    running.await.unwrap();
}
