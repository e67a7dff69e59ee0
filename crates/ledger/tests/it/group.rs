//! Concurrent callers share transactions and nothing else.

use futures_util::future::join_all;
use millrace_ledger::{Commit, CommitError, Expect, Query};

use crate::support::{asset, create, fresh};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_refusal_fails_no_neighbour() {
    let (_place, ledger) = fresh().await;
    ledger.commit(create("taken")).await.unwrap();
    let outcomes = join_all((0..300).map(|number| {
        let ledger = ledger.clone();
        async move {
            let last = if number % 3 == 0 { asset("taken") } else { asset(&format!("b{number}")) };
            let commit = Commit::new()
                .put(asset(&format!("a{number}")).expect(Expect::Absent))
                .put(last.expect(Expect::Absent));
            ledger.commit(commit).await
        }
    }))
    .await;
    for (number, outcome) in outcomes.iter().enumerate() {
        let present = ledger.get("asset", "media", &format!("a{number}")).await.unwrap().is_some();
        match outcome {
            Ok(_) => assert!(present && number % 3 != 0),
            Err(CommitError::Precondition { step: 1, .. }) => assert!(!present && number % 3 == 0),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(ledger.count(&Query::new("asset", "media")).await.unwrap(), 1 + 2 * 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_expect_the_same_version_one_wins() {
    let (_place, ledger) = fresh().await;
    ledger.commit(create("counter")).await.unwrap();
    for round in 1..=20 {
        let wins = join_all((0..16).map(|_| {
            let commit = Commit::new().put(asset("counter").expect(Expect::Version(round)));
            let ledger = ledger.clone();
            async move { ledger.commit(commit).await.is_ok() }
        }))
        .await;
        assert_eq!(wins.iter().filter(|won| **won).count(), 1, "round {round}");
    }
}
