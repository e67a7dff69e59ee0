//! Enqueueing, order, retries, deadlines, groups, progress, retention.

use std::time::Duration;

use millrace_ledger::{
    Backoff, Commit, CommitError, Done, Due, GroupSummary, IfExists, Outcome, Retention, TaskState,
};
use serde_json::json;

use crate::support::{LEASE, claim, claim_one, enqueue, fresh, soon, task, text};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_finished_task_never_runs_again() {
    let (place, ledger) = fresh().await;
    for (number, outcome) in
        [Outcome::Done(json!(7)), Outcome::Fail(text("no")), Outcome::Cancelled].into_iter().enumerate()
    {
        enqueue(&ledger, task(&format!("t{number}"))).await;
        let lease = claim_one(&ledger).await;
        ledger.commit(Commit::new().finish(&lease, outcome)).await.unwrap();
        place.clock.advance(Duration::from_secs(1 << 30));
        assert_eq!(claim(&ledger, 10).await, []);
        let done = ledger.task(lease.task.id).await.unwrap().unwrap();
        assert!(done.state.is_finished() && done.finished.is_some());
    }
    let done = ledger.task_by_key("work", "t0").await.unwrap().unwrap();
    assert_eq!((done.result, done.progress, done.attempt), (Some(json!(7)), 1.0, 1));
    let failed = ledger.task_by_key("work", "t1").await.unwrap().unwrap();
    assert_eq!((failed.result, failed.error), (None, Some(text("no"))));
}

#[tokio::test]
async fn what_exists_already() {
    use IfExists::*;
    for (choice, unfinished, finished) in [
        // What each choice does beside an unfinished and a finished task of the same key: Some(fresh) or refused.
        (Refuse, None, Some(true)),
        (Keep, Some(false), Some(true)),
        (RunAgain, Some(false), Some(true)),
        (Once, Some(false), Some(false)),
    ] {
        let (_place, ledger) = fresh().await;
        enqueue(&ledger, task("k")).await;
        let again = async || match ledger.commit(Commit::new().enqueue(task("k").if_exists(choice))).await {
            Ok(receipt) => match receipt.steps.as_slice() {
                [Done::Enqueued { fresh, .. }] => Some(*fresh),
                other => panic!("{other:?}"),
            },
            Err(CommitError::TaskExists { step: 0, .. }) => None,
            Err(other) => panic!("{other}"),
        };
        assert_eq!(again().await, unfinished, "{choice:?} while queued");
        let lease = claim_one(&ledger).await;
        assert_eq!(claim(&ledger, 1).await, [], "{choice:?}: one task, not two");
        ledger.commit(Commit::new().finish(&lease, Outcome::Done(json!(1)))).await.unwrap();
        assert_eq!(again().await, finished, "{choice:?} when done");
    }
}

#[tokio::test]
async fn run_again_means_after_this_commit() {
    let (_place, ledger) = fresh().await;
    enqueue(&ledger, task("k")).await;
    let first = claim_one(&ledger).await;
    for _ in 0..3 {
        enqueue(&ledger, task("k").if_exists(IfExists::RunAgain)).await;
    }
    assert_eq!(claim(&ledger, 1).await, [], "not beside the run that is under way");
    ledger.commit(Commit::new().finish(&first, Outcome::Done(json!(1)))).await.unwrap();
    let second = claim_one(&ledger).await;
    assert_ne!(second.task.id, first.task.id, "the finished one stays finished");
    assert_eq!(second.task.attempt, 1);
    ledger.commit(Commit::new().finish(&second, Outcome::Done(json!(2)))).await.unwrap();
    assert_eq!(claim(&ledger, 1).await, [], "once, not three times");
}

#[tokio::test]
async fn run_again_hastens_one_that_waits() {
    let (place, ledger) = fresh().await;
    let later = place_now(&place).checked_add(SECOND * 3600).unwrap();
    enqueue(&ledger, task("k").run_at(later)).await;
    assert_eq!(claim(&ledger, 1).await, []);
    enqueue(&ledger, task("k").if_exists(IfExists::RunAgain)).await;
    assert_eq!(claim_one(&ledger).await.task.key, "k");
}

fn place_now(place: &crate::support::Place) -> jiff::Timestamp {
    use millrace_ledger::Clock as _;
    place.clock.now()
}

#[tokio::test]
async fn best_first() {
    let (place, ledger) = fresh().await;
    let now = place_now(&place);
    for (key, priority, delay) in [("d", 0, 5), ("c", 0, 0), ("b", 1, 9), ("a", 2, 5), ("future", 9, 99)] {
        let at = now.checked_add(SECOND * delay).unwrap();
        enqueue(&ledger, task(key).priority(priority).run_at(at)).await;
    }
    place.clock.advance(SECOND * 10);
    let three: Vec<String> = claim(&ledger, 3).await.into_iter().map(|lease| lease.task.key).collect();
    assert_eq!(three, ["a", "b", "c"]);
    let rest: Vec<String> = claim(&ledger, 10).await.into_iter().map(|lease| lease.task.key).collect();
    assert_eq!(rest, ["d"]);
    let due = ledger.next_due(&["work"]).await.unwrap().unwrap();
    assert_eq!(due, place_now(&place).checked_add(LEASE).unwrap(), "the leases lapse before the future one");
}

#[tokio::test]
async fn retries_back_off_and_end() {
    let (place, ledger) = fresh().await;
    let backoff = Backoff { first: SECOND * 4, most: SECOND * 6 };
    enqueue(&ledger, task("k").retry(3, backoff)).await;
    for (attempt, least, most) in [(1, 2, 4), (2, 3, 6)] {
        let lease = claim_one(&ledger).await;
        assert_eq!((lease.task.attempt, lease.due), (attempt, Due::Run));
        let retry = Outcome::Retry { error: text("later"), after: None };
        let receipt = ledger.commit(Commit::new().finish(&lease, retry)).await.unwrap();
        assert_eq!(receipt.steps, [Done::Finished(TaskState::Queued)]);
        let waiting = ledger.task(lease.task.id).await.unwrap().unwrap();
        let wait = Duration::try_from(waiting.run_at.duration_since(receipt.at)).unwrap();
        assert!(wait >= SECOND * least && wait <= SECOND * most, "{wait:?} after attempt {attempt}");
        assert_eq!(waiting.error, Some(text("later")));
        assert_eq!(claim(&ledger, 1).await, [], "not before its time");
        place.clock.advance(wait);
    }
    let last = claim_one(&ledger).await;
    assert!(last.task.is_last_attempt());
    let retry = Outcome::Retry { error: text("never"), after: Some(SECOND) };
    let receipt = ledger.commit(Commit::new().finish(&last, retry)).await.unwrap();
    assert_eq!(receipt.steps, [Done::Finished(TaskState::Failed)]);
}

#[tokio::test]
async fn giving_back_is_not_an_attempt() {
    let (_place, ledger) = fresh().await;
    enqueue(&ledger, task("k").retry(1, Backoff::default())).await;
    for _ in 0..5 {
        let lease = claim_one(&ledger).await;
        assert_eq!((lease.task.attempt, lease.due), (1, Due::Run));
        ledger.commit(Commit::new().finish(&lease, Outcome::Release { run_at: None })).await.unwrap();
    }
}

#[tokio::test]
async fn a_passed_deadline_is_handed_out_to_be_ended() {
    let (place, ledger) = fresh().await;
    let now = place_now(&place);
    let (deadline, run_at) = (now.checked_add(SECOND * 10).unwrap(), now.checked_add(SECOND * 100).unwrap());
    enqueue(&ledger, task("k").deadline(deadline).run_at(run_at)).await;
    assert_eq!(ledger.next_due(&["work"]).await.unwrap(), Some(deadline));
    assert_eq!(claim(&ledger, 1).await, []);
    place.clock.advance(SECOND * 10);
    assert_eq!(claim_one(&ledger).await.due, Due::DeadlinePassed);
}

#[tokio::test]
async fn a_group_is_cancelled() {
    let (_place, ledger) = fresh().await;
    for key in ["running", "queued"] {
        enqueue(&ledger, task(key).group("job").priority((key == "running").into())).await;
    }
    enqueue(&ledger, task("other").group("job2")).await;
    let running = claim_one(&ledger).await;
    let receipt = ledger.commit(Commit::new().cancel_group("job")).await.unwrap();
    assert_eq!(receipt.steps, [Done::Cancelled { queued: 1, running: 1 }]);
    assert!(ledger.extend(&running, LEASE).await.unwrap().task.cancel, "its runner sees it");
    let state = async |key: &str| ledger.task_by_key("work", key).await.unwrap().unwrap().state;
    assert_eq!(state("queued").await, TaskState::Cancelled);
    assert_eq!(state("running").await, TaskState::Running);
    assert_eq!(state("other").await, TaskState::Queued);
    // However the run ends but well, the task is only handed out to be ended as cancelled.
    let retry = Outcome::Retry { error: text("killed"), after: None };
    ledger.commit(Commit::new().finish(&running, retry)).await.unwrap();
    let ending = ledger.claim(&["work"], "test", LEASE, 10).await.unwrap();
    let due: Vec<_> = ending.iter().map(|lease| (lease.task.key.as_str(), lease.due)).collect();
    assert_eq!(due, [("running", Due::Cancelled), ("other", Due::Run)]);
    ledger.commit(Commit::new().finish(&ending[0], Outcome::Cancelled)).await.unwrap();
    let summary = ledger.group("job").await.unwrap();
    assert_eq!(summary, GroupSummary { cancelled: 2, ..GroupSummary::default() });
    let keys: Vec<_> = ledger.tasks("job", None).await.unwrap().into_iter().map(|task| task.key).collect();
    assert_eq!(keys, ["running", "queued"]);
    assert_eq!(ledger.tasks("", None).await.unwrap(), [], "no group is not a group");
}

#[tokio::test]
async fn one_task_is_cancelled_by_its_key() {
    let (_place, ledger) = fresh().await;
    enqueue(&ledger, task("a")).await;
    enqueue(&ledger, task("b")).await;
    ledger.commit(Commit::new().cancel("work", "a").cancel("work", "none")).await.unwrap();
    let left: Vec<_> = claim(&ledger, 9).await.into_iter().map(|lease| lease.task.key).collect();
    assert_eq!(left, ["b"]);
}

#[tokio::test]
async fn progress_is_written_seldom_and_never_falls() {
    let (place, ledger) = fresh().await;
    enqueue(&ledger, task("k").group("job")).await;
    let lease = claim_one(&ledger).await;
    let mut changes = ledger.subscribe();
    ledger.progress(&lease, 0.5);
    ledger.progress(&lease, 0.25);
    soon("the progress is told", changes.next()).await.unwrap();
    let stored = async || ledger.task(lease.task.id).await.unwrap().unwrap().progress;
    assert_eq!(stored().await, 0.5);
    ledger.progress(&lease, 0.75);
    ledger.commit(Commit::new().cancel("work", "none")).await.unwrap();
    assert_eq!(stored().await, 0.5, "a second write so soon would be an fsync per percent");
    place.clock.advance(SECOND);
    soon("the next progress is told", changes.next()).await.unwrap();
    assert_eq!(stored().await, 0.75);
    // A retry begins from nothing and shows it to nobody.
    let retry = Outcome::Retry { error: text("x"), after: Some(Duration::ZERO) };
    ledger.commit(Commit::new().finish(&lease, retry)).await.unwrap();
    let second = claim_one(&ledger).await;
    place.clock.advance(SECOND);
    ledger.progress(&second, 0.1);
    ledger.progress(&lease, 0.9);
    ledger.commit(Commit::new().finish(&second, Outcome::Fail(text("x")))).await.unwrap();
    assert_eq!(stored().await, 0.75, "neither the lower nor the fenced one");
    assert_eq!(ledger.group("job").await.unwrap().progress, 0.75);
}

#[tokio::test]
async fn checkpoints_are_seen_by_the_next_run() {
    let (_place, ledger) = fresh().await;
    enqueue(&ledger, task("k")).await;
    let lease = claim_one(&ledger).await;
    ledger.commit(Commit::new().save(&lease, json!({"done": 3}))).await.unwrap();
    ledger.commit(Commit::new().finish(&lease, Outcome::Release { run_at: None })).await.unwrap();
    assert_eq!(claim_one(&ledger).await.task.body, json!({"done": 3}));
}

#[tokio::test]
async fn retention_removes_what_is_finished_and_old() {
    let (place, ledger) = fresh().await;
    for key in ["old", "young", "queued"] {
        enqueue(&ledger, task(key)).await;
    }
    let (old, young) = (claim_one(&ledger).await, claim_one(&ledger).await);
    ledger.commit(Commit::new().finish(&old, Outcome::Done(json!(1)))).await.unwrap();
    place.clock.advance(SECOND * 10);
    ledger.commit(Commit::new().finish(&young, Outcome::Done(json!(1)))).await.unwrap();
    let retention = Retention { tasks_before: Some(place_now(&place)), events_before: None };
    assert_eq!(ledger.purge(retention).await.unwrap().tasks, 1);
    assert_eq!(ledger.task_by_key("work", "old").await.unwrap(), None);
    assert!(ledger.task_by_key("work", "young").await.unwrap().is_some());
    assert!(ledger.task_by_key("work", "queued").await.unwrap().is_some());
}
