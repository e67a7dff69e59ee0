//! Notifications.

use millrace_ledger::{Change, Commit, Event, Expect, Touched};
use serde_json::json;

use crate::support::{asset, create, fresh, soon, task};

#[tokio::test]
async fn a_commit_tells_what_it_touched_and_a_refused_one_nothing() {
    let (_place, ledger) = fresh().await;
    ledger.commit(create("taken")).await.unwrap();
    let mut changes = ledger.subscribe();
    let refused = Commit::new().put(asset("a")).put(asset("taken").expect(Expect::Absent));
    ledger.commit(refused).await.unwrap_err();
    let commit = Commit::new()
        .put(asset("b"))
        .delete_scope("asset", "MEDIA")
        .enqueue(task("k").group("job"))
        .announce(Event::new("t", "s", "p", json!(1)));
    let receipt = ledger.commit(commit).await.unwrap();
    let Some(Change::Touched(touched)) = soon("a change", changes.next()).await else { panic!("no change") };
    let resource = |scope: &str, name: Option<&str>| Touched::Resource {
        kind: "asset".into(),
        scope: scope.into(),
        name: name.map(str::to_owned),
    };
    let id = receipt.tasks().next().unwrap();
    let task = Touched::Task { kind: "work".into(), id, group: "job".into(), cancel: false, queued: true };
    let expected =
        [resource("media", Some("b")), resource("MEDIA", None), task, Touched::Events { last_seq: 1 }];
    assert_eq!(*touched, expected);
}

#[tokio::test]
async fn a_slow_reader_is_told_to_look_again() {
    let (_place, ledger) = fresh().await;
    let mut changes = ledger.subscribe();
    // One after the other, so that each is a group of its own.
    for number in 0..1100 {
        ledger.commit(Commit::new().put(asset(&format!("a{}", number % 10)))).await.unwrap();
    }
    assert!(matches!(changes.next().await, Some(Change::Anything)));
    assert!(matches!(changes.next().await, Some(Change::Touched(_))), "and then goes on");
}

#[tokio::test]
async fn the_end_of_the_ledger_ends_the_changes() {
    let (_place, ledger) = fresh().await;
    let mut changes = ledger.subscribe();
    ledger.close().await;
    assert!(soon("the end", changes.next()).await.is_none());
    assert!(soon("the end", ledger.subscribe().next()).await.is_none());
}
