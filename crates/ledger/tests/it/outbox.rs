//! Events.

use std::time::Duration;

use millrace_ledger::{Clock as _, Commit, Done, Event, Retention};
use serde_json::json;

use crate::support::fresh;

fn event(subject: &str) -> Event {
    Event::new("Test.Happened", subject, "media", json!({"subject": subject}))
}

#[tokio::test]
async fn events_are_read_in_order_with_what_was_announced() {
    let (_place, ledger) = fresh().await;
    let receipt = ledger.commit(Commit::new().announce(event("a")).announce(event("b"))).await.unwrap();
    ledger.commit(Commit::new().announce(event("c"))).await.unwrap();
    let events = ledger.events(0, 10).await.unwrap();
    let subjects: Vec<_> = events.iter().map(|stored| stored.event.subject.as_str()).collect();
    assert_eq!(subjects, ["a", "b", "c"]);
    assert_eq!(events[0].event, event("a"));
    assert_eq!(events[0].time, receipt.at);
    assert_eq!(receipt.steps[0], Done::Announced { seq: events[0].seq, id: events[0].id });
    assert_eq!(events[0].id.get_version_num(), 7);
    assert_ne!(events[0].id, events[1].id);
    assert_eq!(ledger.events(events[0].seq, 1).await.unwrap(), events[1..2]);
    assert_eq!(ledger.events(events[2].seq, 1).await.unwrap(), []);
}

#[tokio::test]
async fn retention_keeps_the_young_and_never_reuses_a_place() {
    let (place, ledger) = fresh().await;
    let many = (0..2500).fold(Commit::new(), |all, number| all.announce(event(&number.to_string())));
    ledger.commit(many).await.unwrap();
    let last = ledger.events(0, 5000).await.unwrap().pop().unwrap().seq;
    place.clock.advance(Duration::from_secs(1));
    let retention = Retention { tasks_before: None, events_before: Some(place.clock.now()) };
    assert_eq!(ledger.purge(retention).await.unwrap().events, 2500);
    ledger.close().await;
    let ledger = place.open().await;
    ledger.commit(Commit::new().announce(event("next"))).await.unwrap();
    let left = ledger.events(0, 10).await.unwrap();
    assert_eq!(left.iter().map(|stored| stored.seq).collect::<Vec<_>>(), [last + 1]);
}
