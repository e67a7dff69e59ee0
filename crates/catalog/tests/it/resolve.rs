//! What the origin is told of a locator, from memory and yet never after the fact.

use jiff::Timestamp;
use millrace_catalog::filter::FilterRules;
use millrace_catalog::locator::{Located, LocatorDraft, LocatorError};
use uuid::Uuid;

use crate::house::{House, refused};
use crate::locators::draft;

const NOW: Timestamp = Timestamp::constant(1_767_225_600, 0);

fn quality(bitrate: u32) -> FilterRules {
    FilterRules { first_quality: Some(bitrate), ..Default::default() }
}

fn qualities(located: std::sync::Arc<Located>, named: &[&str]) -> Vec<Option<u64>> {
    located.filters(named).unwrap().iter().map(|filter| filter.first_quality).collect()
}

#[tokio::test]
async fn only_inside_its_window() {
    let house = House::new().await;
    house.asset("film").await;
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let (start, end) = (time("2026-01-01T00:00:00Z"), time("2026-01-02T00:00:00Z"));
    let limited = LocatorDraft { start: Some(start), end: Some(end), ..draft("ClearStreamingOnly") };
    let id = house.catalog.create_locator("l", &limited).await.unwrap().id;
    let at = async |text: &str| house.catalog.resolve_locator(id, time(text)).await;
    refused!(at("2025-12-31T23:59:59.999Z").await, LocatorError::NotYet { start: found } if *found == start);
    at("2026-01-01T00:00:00Z").await.unwrap();
    at("2026-01-01T23:59:59.999Z").await.unwrap();
    refused!(at("2026-01-02T00:00:00Z").await, LocatorError::Expired { end: found } if *found == end);
    refused!(house.catalog.resolve_locator(Uuid::new_v4(), NOW).await, LocatorError::NotFound);
}

#[tokio::test]
async fn nothing_is_served_once_its_deletion_was_answered() {
    let house = House::new().await;
    let catalog = &house.catalog;
    for round in 0..50 {
        house.asset("film").await;
        let id = catalog.create_locator("l", &draft("ClearStreamingOnly")).await.unwrap().id;
        let first = catalog.resolve_locator(id, NOW).await.unwrap();
        let again = catalog.resolve_locator(id, NOW).await.unwrap();
        assert!(std::sync::Arc::ptr_eq(&first, &again), "the second answer comes from memory");
        if round % 2 == 0 {
            catalog.delete_locator("L").await.unwrap();
        } else {
            catalog.delete_asset("film").await.unwrap();
        }
        refused!(catalog.resolve_locator(id, NOW).await, LocatorError::NotFound);
    }
}

/// A task that never waits uses up its budget with the runtime, which must not hide a deletion from it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_that_races_with_a_deletion_is_not_remembered() {
    let house = House::new().await;
    house.asset("film").await;
    for _ in 0..50 {
        let id = house.catalog.create_locator("l", &draft("ClearStreamingOnly")).await.unwrap().id;
        let looking = {
            let catalog = house.catalog.clone();
            tokio::spawn(async move { while catalog.resolve_locator(id, NOW).await.is_ok() {} })
        };
        house.catalog.delete_locator("l").await.unwrap();
        looking.await.unwrap();
        refused!(house.catalog.resolve_locator(id, NOW).await, LocatorError::NotFound);
    }
}

#[tokio::test]
async fn filters_of_the_asset_go_first_and_changes_are_seen() {
    let house = House::new().await;
    let catalog = &house.catalog;
    house.asset("film").await;
    catalog.put_account_filter("f", &quality(1)).await.unwrap();
    catalog.put_account_filter("g", &quality(2)).await.unwrap();
    let with = LocatorDraft { filters: vec!["f".into()], ..draft("ClearStreamingOnly") };
    let id = catalog.create_locator("l", &with).await.unwrap().id;
    let located = async || catalog.resolve_locator(id, NOW).await.unwrap();
    assert_eq!(qualities(located().await, &["G"]), [Some(1), Some(2)]);
    catalog.put_asset_filter("film", "F", &quality(3)).await.unwrap();
    assert_eq!(qualities(located().await, &[]), [Some(3)]);
    catalog.delete_asset_filter("film", "f").await.unwrap();
    assert_eq!(qualities(located().await, &[]), [Some(1)]);
    assert_eq!(located().await.filters(&["none"]), Err("none"));
}

#[tokio::test]
async fn a_stopped_endpoint_serves_nothing() {
    let house = House::new().await;
    house.asset("film").await;
    let id = house.catalog.create_locator("l", &draft("ClearStreamingOnly")).await.unwrap().id;
    house.catalog.resolve_locator(id, NOW).await.unwrap();
    house.catalog.stop_endpoint("default").await.unwrap();
    refused!(house.catalog.resolve_locator(id, NOW).await, LocatorError::Stopped);
    house.catalog.start_endpoint("default").await.unwrap();
    house.catalog.resolve_locator(id, NOW).await.unwrap();
}
