//! Opening, closing, and what is in the way of it.

use std::time::{Duration, Instant};

use millrace_ledger::{Commit, CommitError, Fault, Ledger, OpenError, Query};

use crate::support::{Place, asset, create, fresh};

#[tokio::test]
async fn a_second_opening_is_refused_until_the_first_is_closed() {
    let (place, ledger) = fresh().await;
    let refused = Ledger::open(place.config()).await.err().unwrap();
    let message = refused.to_string();
    assert!(matches!(refused, OpenError::InUse { .. }), "{message}");
    assert!(message.contains(&format!("pid {}", std::process::id())), "{message}");
    ledger.close().await;
    drop(place.open().await);
}

#[tokio::test]
async fn a_closed_ledger_refuses_and_has_lost_nothing() {
    let (place, ledger) = fresh().await;
    let id = ledger.database_id();
    ledger.commit(create("a")).await.unwrap();
    ledger.close().await;
    ledger.close().await;
    assert!(matches!(ledger.commit(create("b")).await, Err(CommitError::Fault(Fault::Closed))));
    assert!(ledger.get("asset", "media", "a").await.is_err());
    let ledger = place.open().await;
    assert_eq!(ledger.database_id(), id);
    assert_eq!(ledger.count(&Query::new("asset", "media")).await.unwrap(), 1);
}

#[tokio::test]
async fn what_is_no_database_is_called_damaged() {
    let place = Place::new();
    std::fs::write(place.path(), vec![b'x'; 10_000]).unwrap();
    let refused = Ledger::open(place.config()).await.err().unwrap();
    assert!(matches!(refused, OpenError::Fault(Fault::Corrupt(_))), "{refused:?}");
}

#[tokio::test]
async fn ten_thousand_assets_open_quickly_and_list_by_page() {
    let (place, ledger) = fresh().await;
    for thousand in 0..10 {
        let commit =
            (0..1000).fold(Commit::new(), |all, number| all.put(asset(&format!("a{thousand}-{number}"))));
        ledger.commit(commit).await.unwrap();
    }
    ledger.close().await;
    let begin = Instant::now();
    let ledger = place.open().await;
    let page = ledger.list(&Query::new("asset", "media").limit(10)).await.unwrap();
    assert_eq!(page.items.len(), 10);
    // Ten times what it takes on an idle machine in a debug build; reading all rows would take longer still.
    assert!(begin.elapsed() < Duration::from_millis(500), "{:?}", begin.elapsed());
}
