//! Fencing: whoever lost a lease writes nothing.

use millrace_ledger::{Commit, CommitError, Due, Event, LeaseLost, Outcome, TaskState};
use serde_json::json;

use crate::support::{LEASE, asset, claim, claim_one, enqueue, fresh, task, text};

#[tokio::test]
async fn a_lapsed_lease_passes_to_another_and_fences_the_first() {
    let (place, ledger) = fresh().await;
    enqueue(&ledger, task("k")).await;
    let paused = claim_one(&ledger).await;
    assert_eq!(claim(&ledger, 1).await, [], "held");
    place.clock.advance(LEASE);
    let second = claim_one(&ledger).await;
    assert_eq!(second.task.id, paused.task.id);
    assert!(second.epoch > paused.epoch);
    assert_eq!(second.task.attempt, 2, "a worker that vanished used its attempt");

    assert!(matches!(ledger.extend(&paused, LEASE).await, Err(LeaseLost::Lost)));
    for fenced in [
        Commit::new().finish(&paused, Outcome::Done(json!("stale"))),
        Commit::new().fence(&paused),
        Commit::new().save(&paused, json!("stale")),
    ] {
        // The fence may stand anywhere in the commit.
        let commit =
            Commit::new().put(asset("stale")).announce(Event::new("t", "s", "p", json!(1))).then(fenced);
        let refused = ledger.commit(commit.put(asset("stale too"))).await;
        assert!(matches!(refused, Err(CommitError::LeaseLost { step: 2, .. })), "{refused:?}");
    }
    assert_eq!(ledger.get("asset", "media", "stale").await.unwrap(), None);
    assert_eq!(ledger.get("asset", "media", "stale too").await.unwrap(), None);
    assert_eq!(ledger.events(0, 9).await.unwrap(), []);

    ledger.commit(Commit::new().fence(&second).save(&second, json!("mine"))).await.unwrap();
    ledger.commit(Commit::new().finish(&second, Outcome::Done(json!("fresh")))).await.unwrap();
    let done = ledger.task(second.task.id).await.unwrap().unwrap();
    assert_eq!((done.state, done.result), (TaskState::Done, Some(json!("fresh"))));
    let twice = ledger.commit(Commit::new().finish(&second, Outcome::Done(json!("again")))).await;
    assert!(matches!(twice, Err(CommitError::LeaseLost { step: 0, .. })));
}

#[tokio::test]
async fn an_extended_lease_does_not_lapse() {
    let (place, ledger) = fresh().await;
    enqueue(&ledger, task("k")).await;
    let mut lease = claim_one(&ledger).await;
    for _ in 0..10 {
        place.clock.advance(LEASE / 3);
        assert_eq!(claim(&ledger, 1).await, []);
        lease = ledger.extend(&lease, LEASE).await.unwrap();
    }
    ledger.commit(Commit::new().finish(&lease, Outcome::Done(json!(1)))).await.unwrap();
}

#[tokio::test]
async fn a_lease_that_lapsed_unclaimed_still_finishes() {
    let (place, ledger) = fresh().await;
    enqueue(&ledger, task("k")).await;
    let lease = claim_one(&ledger).await;
    place.clock.advance(LEASE * 2);
    ledger.commit(Commit::new().finish(&lease, Outcome::Done(json!(1)))).await.unwrap();
}

#[tokio::test]
async fn workers_that_vanish_use_up_the_attempts() {
    let (place, ledger) = fresh().await;
    enqueue(&ledger, task("k").retry(2, Default::default())).await;
    for due in [Due::Run, Due::Run, Due::AttemptsExhausted, Due::AttemptsExhausted] {
        let lease = claim_one(&ledger).await;
        assert_eq!(lease.due, due);
        assert!(lease.task.attempt <= 2);
        place.clock.advance(LEASE);
    }
    let lease = claim_one(&ledger).await;
    ledger.commit(Commit::new().finish(&lease, Outcome::Fail(text("gone")))).await.unwrap();
    assert_eq!(ledger.task(lease.task.id).await.unwrap().unwrap().attempt, 2);
}

#[tokio::test]
async fn a_new_process_voids_all_leases_at_once() {
    let (place, ledger) = fresh().await;
    enqueue(&ledger, task("k").retry(1, Default::default())).await;
    enqueue(&ledger, task("cancelled").group("job").priority(-1)).await;
    let before = claim(&ledger, 2).await;
    ledger.commit(Commit::new().cancel_group("job")).await.unwrap();
    ledger.close().await;
    let ledger = place.open().await;
    let after = claim(&ledger, 9).await;
    let seen: Vec<_> =
        after.iter().map(|lease| (lease.task.key.as_str(), lease.due, lease.task.attempt)).collect();
    assert_eq!(
        seen,
        [("k", Due::Run, 1), ("cancelled", Due::Cancelled, 1)],
        "without waiting, without an attempt"
    );
    let stale = ledger.commit(Commit::new().finish(&before[0], Outcome::Done(json!(1)))).await;
    assert!(matches!(stale, Err(CommitError::LeaseLost { .. })));
}
