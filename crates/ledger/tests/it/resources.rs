//! Versions, expectations, names, ids.

use jiff::Timestamp;
use millrace_ledger::{Commit, CommitError, Done, Expect, Put};
use serde_json::json;

use crate::support::{asset, create, fresh};

#[tokio::test]
async fn a_put_is_read_back_whole() {
    let (place, ledger) = fresh().await;
    let ends = Timestamp::from_second(4_000_000_000).unwrap();
    let put = asset("Intro").id("id-1").alt("other").state("new").ends(Some(ends));
    let receipt = ledger.commit(Commit::new().put(put)).await.unwrap();
    let read = ledger.get("asset", "media", "Intro").await.unwrap().unwrap();
    assert_eq!(receipt.steps, [Done::Put { id: "id-1".into(), version: 1 }]);
    assert_eq!((read.id.as_str(), read.alt.as_str(), read.state.as_str()), ("id-1", "other", "new"));
    assert_eq!((read.version, read.ends, read.body), (1, Some(ends), json!({"name": "Intro"})));
    assert_eq!((read.created, read.modified), (receipt.at, receipt.at));
    assert_eq!(ledger.get_by_id("asset", "id-1").await.unwrap().unwrap().name, "Intro");
    assert_eq!(ledger.get_by_id("job", "id-1").await.unwrap(), None);
    drop(place);
}

#[tokio::test]
async fn names_ignore_case_and_are_kept_as_first_given() {
    let (_place, ledger) = fresh().await;
    ledger.commit(create("Straße É")).await.unwrap();
    let read = ledger.get("asset", "MEDIA", "STRASSE É").await.unwrap();
    assert_eq!(read, None, "ß is not ss: lower-casing, not full folding");
    ledger.commit(Commit::new().put(asset("straße é").body(json!(2)))).await.unwrap();
    let read = ledger.get("asset", "MEDIA", "STRAßE é").await.unwrap().unwrap();
    assert_eq!((read.name.as_str(), read.scope.as_str(), read.version), ("Straße É", "media", 2));
    assert_eq!(ledger.get("Asset", "media", "straße é").await.unwrap(), None, "kinds compare exactly");
}

#[tokio::test]
async fn expectations() {
    use Expect::*;
    let table = [
        // (exists, expectation, holds)
        (false, Absent, true),
        (false, Exists, false),
        (false, Version(1), false),
        (false, Any, true),
        (true, Absent, false),
        (true, Exists, true),
        (true, Version(1), true),
        (true, Version(2), false),
        (true, Any, true),
    ];
    for (exists, expect, holds) in table {
        let (_place, ledger) = fresh().await;
        if exists {
            ledger.commit(create("a")).await.unwrap();
        }
        let found = exists.then_some(1);
        let check = |what: &str, outcome: Result<_, CommitError>| match outcome {
            Ok(_) => assert!(holds, "{what} {expect:?} with exists={exists} must be refused"),
            Err(CommitError::Precondition { step, expected, found: seen, .. }) => {
                assert!(!holds, "{what} {expect:?} with exists={exists} must be allowed");
                assert_eq!((step, expected, seen), (0, expect, found));
            }
            Err(other) => panic!("{other}"),
        };
        check("require", ledger.commit(Commit::new().require("asset", "media", "A", expect)).await);
        check("put", ledger.commit(Commit::new().put(asset("A").expect(expect))).await);
        let (_place, ledger) = fresh().await;
        if exists {
            ledger.commit(create("a")).await.unwrap();
        }
        check("delete", ledger.commit(Commit::new().delete("asset", "media", "A", expect)).await);
    }
}

#[tokio::test]
async fn all_steps_or_none() {
    let (_place, ledger) = fresh().await;
    ledger.commit(create("taken")).await.unwrap();
    let refused = ledger
        .commit(
            Commit::new()
                .put(asset("one"))
                .enqueue(crate::support::task("t"))
                .announce(millrace_ledger::Event::new("t", "s", "p", json!(null)))
                .put(asset("TAKEN").expect(Expect::Absent)),
        )
        .await;
    assert!(matches!(refused, Err(CommitError::Precondition { step: 3, .. })), "{refused:?}");
    assert_eq!(ledger.get("asset", "media", "one").await.unwrap(), None);
    assert_eq!(ledger.task_by_key("work", "t").await.unwrap(), None);
    assert_eq!(ledger.events(0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn steps_see_those_before_them() {
    let (_place, ledger) = fresh().await;
    let commit = Commit::new()
        .put(asset("a").expect(Expect::Absent))
        .put(asset("a").expect(Expect::Version(1)))
        .delete("asset", "media", "a", Expect::Version(2))
        .put(asset("a").expect(Expect::Absent));
    let receipt = ledger.commit(commit).await.unwrap();
    assert_eq!(receipt.version(3), Some(1));
}

#[tokio::test]
async fn ids_are_unique_in_their_kind_and_do_not_change() {
    let (_place, ledger) = fresh().await;
    ledger.commit(Commit::new().put(asset("a").id("x"))).await.unwrap();
    let taken = |outcome| matches!(outcome, Err(CommitError::IdTaken { step: 0, .. }));
    assert!(taken(ledger.commit(Commit::new().put(asset("b").id("x"))).await));
    assert!(taken(ledger.commit(Commit::new().put(asset("a").id("y"))).await));
    ledger.commit(Commit::new().put(asset("a").id("x"))).await.unwrap();
    ledger.commit(Commit::new().put(asset("a"))).await.unwrap();
    ledger.commit(Commit::new().put(Put::new("job", "t", "b", json!(1)).id("x"))).await.unwrap();
    // In a commit of several steps, what came before the taken id is undone.
    let refused = ledger.commit(Commit::new().put(asset("c")).put(asset("d").id("x"))).await;
    assert!(matches!(refused, Err(CommitError::IdTaken { step: 1, .. })));
    assert_eq!(ledger.get("asset", "media", "c").await.unwrap(), None);
}

#[tokio::test]
async fn a_scope_is_deleted_whole_and_alone() {
    let (_place, ledger) = fresh().await;
    let filter = |scope: &str, name: &str| Put::new("filter", scope, name, json!({}));
    ledger
        .commit(Commit::new().put(filter("a", "x")).put(filter("A", "y")).put(filter("b", "x")))
        .await
        .unwrap();
    let receipt = ledger.commit(Commit::new().delete_scope("filter", "a")).await.unwrap();
    assert_eq!(receipt.steps, [Done::Deleted(2)]);
    assert_eq!(ledger.get("filter", "a", "x").await.unwrap(), None);
    assert!(ledger.get("filter", "b", "x").await.unwrap().is_some());
}

#[tokio::test]
async fn a_version_read_replaced_and_lost() {
    let (_place, ledger) = fresh().await;
    ledger.commit(create("a")).await.unwrap();
    let read = ledger.get("asset", "media", "a").await.unwrap().unwrap();
    ledger.commit(Commit::new().put(Put::replacing(&read).state("first"))).await.unwrap();
    let second = ledger.commit(Commit::new().put(Put::replacing(&read).state("second"))).await;
    assert!(matches!(second, Err(CommitError::Precondition { found: Some(2), .. })));
    assert_eq!(ledger.get("asset", "media", "a").await.unwrap().unwrap().state, "first");
}

#[tokio::test]
async fn too_large_is_refused_before_it_waits() {
    let (_place, ledger) = fresh().await;
    let huge = "x".repeat(17 << 20);
    let refused = ledger.commit(Commit::new().put(asset("a").body(json!(huge)))).await;
    assert!(matches!(refused, Err(CommitError::TooLarge { .. })));
    let many = (0..20_001).fold(Commit::new(), |all, _| all.delete_scope("asset", "x"));
    assert!(matches!(ledger.commit(many).await, Err(CommitError::TooLarge { .. })));
}
