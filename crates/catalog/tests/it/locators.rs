//! Locators and filters as resources.

use millrace_blob::{BlobName, Put};
use millrace_catalog::filter::{Condition, FilterRules, TimeRange};
use millrace_catalog::list::{Filter, ListQuery};
use millrace_catalog::locator::{INDEX_TASK, LocatorDraft, MAX_LOCATORS, Protocol};
use millrace_catalog::policy::Protocols;
use millrace_catalog::{Error, Kind};
use millrace_ledger::Cmp;
use millrace_package::Pointer;
use uuid::Uuid;

use crate::house::{House, refused};

pub(crate) fn draft(policy: &str) -> LocatorDraft {
    LocatorDraft { asset: "film".into(), policy: format!("Predefined_{policy}"), ..Default::default() }
}

#[tokio::test]
async fn a_locator_is_made_once_with_the_id_that_the_client_chose() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let asset = house.asset("film").await;
    let id = Uuid::new_v4();
    let chosen = LocatorDraft { id: Some(id), ..draft("ClearStreamingOnly") };
    let made = catalog.create_locator("L", &chosen).await.unwrap();
    assert_eq!((made.id, made.asset_id, made.start, made.end), (id, asset.id, None, None));
    refused!(catalog.create_locator("l", &chosen).await, Error::AlreadyExists { .. });
    refused!(catalog.create_locator("other", &chosen).await, Error::AlreadyExists { name, .. } if *name == id.to_string());
    let free = catalog.create_locator("other", &draft("ClearStreamingOnly")).await.unwrap();
    assert_ne!(free.id, id);
    assert_eq!(catalog.asset_locators("film").await.unwrap().len(), 2);
    assert!(catalog.delete_locator("l").await.unwrap());
    assert!(!catalog.delete_locator("l").await.unwrap());
    catalog.create_locator("again", &chosen).await.unwrap();
    let task = catalog.ledger().task_by_key(INDEX_TASK, &asset.id.to_string()).await.unwrap();
    assert!(task.is_some(), "an asset without a presentation waits to be indexed");
}

#[tokio::test]
async fn of_many_that_want_an_id_one_gets_it() {
    let house = House::new().await;
    house.asset("film").await;
    let chosen = LocatorDraft { id: Some(Uuid::new_v4()), ..draft("ClearStreamingOnly") };
    let attempts = (0..8).map(|index| {
        let (catalog, chosen) = (house.catalog.clone(), chosen.clone());
        tokio::spawn(async move { catalog.create_locator(&format!("l{index}"), &chosen).await })
    });
    let mut won = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.unwrap() {
            Ok(_) => won += 1,
            Err(error) => assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}"),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn what_is_no_locator_is_refused() {
    let house = House::new().await;
    let catalog = &house.catalog;
    house.asset("film").await;
    let nowhere = LocatorDraft { asset: "nowhere".into(), ..draft("ClearStreamingOnly") };
    refused!(catalog.create_locator("l", &nowhere).await, Error::Invalid { field, .. } if field == "assetName");
    let lawless = LocatorDraft { policy: "none".into(), ..draft("") };
    refused!(catalog.create_locator("l", &lawless).await, Error::Invalid { field, .. } if field == "streamingPolicyName");
    for protected in ["ClearKey", "MultiDrmCencStreaming", "MultiDrmStreaming"] {
        refused!(catalog.create_locator("l", &draft(protected)).await, Error::Unsupported { .. });
    }
    let time = |text: &str| Some(text.parse().unwrap());
    let backwards = LocatorDraft {
        start: time("2026-02-01T00:00:00Z"),
        end: time("2026-01-01T00:00:00Z"),
        ..draft("ClearStreamingOnly")
    };
    refused!(catalog.create_locator("l", &backwards).await, Error::Invalid { field, .. } if field == "endTime");
    let filtered = LocatorDraft { filters: vec!["none".into()], ..draft("ClearStreamingOnly") };
    refused!(catalog.create_locator("l", &filtered).await, Error::Invalid { field, .. } if field == "filters[0]");
    let many = LocatorDraft { filters: vec!["f".into(); 11], ..draft("ClearStreamingOnly") };
    refused!(catalog.create_locator("l", &many).await, Error::Invalid { field, .. } if field == "filters");
}

#[tokio::test]
async fn an_asset_has_a_hundred_locators_at_most() {
    let house = House::new().await;
    house.asset("film").await;
    for index in 0..MAX_LOCATORS {
        house.catalog.create_locator(&format!("l{index}"), &draft("DownloadOnly")).await.unwrap();
    }
    refused!(
        house.catalog.create_locator("more", &draft("DownloadOnly")).await,
        Error::Quota { limit: MAX_LOCATORS, .. }
    );
    assert!(house.catalog.delete_asset("film").await.unwrap());
    assert!(house.catalog.locators(&ListQuery::default()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn paths_follow_the_policy_and_the_presentation() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let asset = house.asset("film").await;
    let storage = catalog.storage(&asset).unwrap();
    let put = async |name: &str, bytes: Vec<u8>| {
        storage.put(&asset.container, &BlobName::new(name).unwrap(), bytes, Put::default()).await.unwrap();
    };
    put("my film #1.mp4", b"x".to_vec()).await;
    let both = catalog.create_locator("both", &draft("DownloadAndClearStreaming")).await.unwrap();
    let paths = catalog.locator_paths("both").await.unwrap();
    assert!(paths.streaming.is_empty(), "nothing to stream yet");
    assert_eq!(paths.download, [format!("/{}/my%20film%20%231.mp4", both.id)]);

    put("_millrace/presentation.json", Pointer::new("my film").to_json()).await;
    let paths = catalog.locator_paths("both").await.unwrap();
    let title = format!("/{}/my%20film.ism/manifest", both.id);
    let found: Vec<_> = paths.streaming.iter().map(|path| (path.protocol, path.paths.clone())).collect();
    let wanted = [
        (Protocol::Hls, vec![format!("{title}(format=m3u8-cmaf)"), format!("{title}(format=m3u8-aapl)")]),
        (
            Protocol::Dash,
            vec![format!("{title}(format=mpd-time-cmaf)"), format!("{title}(format=mpd-time-csf)")],
        ),
        (Protocol::SmoothStreaming, vec![title]),
    ];
    assert_eq!(found, wanted);
    assert_eq!(paths.download.len(), 1, "what the service keeps for itself is no download");

    let hls = Protocols { hls: true, ..Default::default() };
    catalog.create_policy("hls", hls).await.unwrap();
    let only = LocatorDraft { policy: "hls".into(), ..draft("") };
    catalog.create_locator("only", &only).await.unwrap();
    let paths = catalog.locator_paths("only").await.unwrap();
    assert_eq!((paths.streaming.len(), paths.download.len()), (1, 0));
    refused!(catalog.delete_policy("hls").await, Error::InUse { .. });
    catalog.delete_locator("only").await.unwrap();
    assert!(catalog.delete_policy("hls").await.unwrap());
}

#[tokio::test]
async fn locators_are_listed_by_their_end() {
    let house = House::new().await;
    house.asset("film").await;
    let ends = LocatorDraft { end: Some("2026-06-01T00:00:00Z".parse().unwrap()), ..draft("DownloadOnly") };
    house.catalog.create_locator("ends", &ends).await.unwrap();
    house.catalog.create_locator("stays", &draft("DownloadOnly")).await.unwrap();
    let list = async |cmp| {
        let value = "2026-07-01T00:00:00Z".to_owned();
        let filter = Filter::Is { property: "properties/endTime".into(), cmp, value };
        let page =
            house.catalog.locators(&ListQuery { filter: Some(filter), ..Default::default() }).await.unwrap();
        page.items.into_iter().map(|locator| locator.name).collect::<Vec<_>>()
    };
    assert_eq!(list(Cmp::Lt).await, ["ends"]);
    assert_eq!(list(Cmp::Gt).await, ["stays"]);
}

#[tokio::test]
async fn filters_are_checked_kept_and_deleted() {
    let house = House::new().await;
    let catalog = &house.catalog;
    house.asset("film").await;
    let condition = |property: &str, operation: &str, value: &str| Condition {
        property: property.into(),
        operation: operation.into(),
        value: value.into(),
    };
    let good = FilterRules {
        first_quality: Some(128_000),
        time_range: Some(TimeRange { start: Some(0), end: Some(100_000_000), ..Default::default() }),
        tracks: vec![vec![condition("Type", "Equal", "Audio"), condition("Bitrate", "NotEqual", "0-64000")]],
    };
    let (made, new) = catalog.put_account_filter("f", &good).await.unwrap();
    assert!(new && made.rules == good);
    let (_, new) = catalog.put_account_filter("F", &FilterRules::default()).await.unwrap();
    assert!(!new);
    assert_eq!(catalog.account_filter("f").await.unwrap().rules, FilterRules::default());
    catalog.put_asset_filter("film", "f", &good).await.unwrap();
    assert_eq!(catalog.asset_filter("film", "f").await.unwrap().rules, good);
    refused!(catalog.put_asset_filter("none", "f", &good).await, Error::NotFound { kind: Kind::Asset, .. });

    let range = |range| FilterRules { time_range: Some(range), ..Default::default() };
    let tracks = |tracks| FilterRules { tracks, ..Default::default() };
    let second = TimeRange { timescale: Some(1), ..Default::default() };
    let bad = [
        ("firstQuality.bitrate", FilterRules { first_quality: Some(0), ..Default::default() }),
        ("presentationTimeRange.endTimestamp", range(TimeRange { start: Some(5), end: Some(5), ..second })),
        ("presentationTimeRange.timescale", range(TimeRange { timescale: Some(0), ..second })),
        ("presentationTimeRange.presentationWindowDuration", range(TimeRange { window: Some(59), ..second })),
        ("presentationTimeRange.liveBackoffDuration", range(TimeRange { backoff: Some(301), ..second })),
        ("presentationTimeRange.forceEndTimestamp", range(TimeRange { force_end: true, ..second })),
        ("tracks[0].trackSelections", tracks(vec![Vec::new()])),
        ("tracks[0].trackSelections[0]", tracks(vec![vec![condition("Colour", "Equal", "red")]])),
        ("tracks[0].trackSelections[0]", tracks(vec![vec![condition("Type", "Like", "video")]])),
        ("tracks[0].trackSelections[0].value", tracks(vec![vec![condition("Name", "Equal", "")]])),
    ];
    for (path, rules) in bad {
        let answer = catalog.put_account_filter("bad", &rules).await;
        refused!(answer, Error::Invalid { field, .. } if field == path);
    }
    assert!(catalog.delete_asset_filter("film", "f").await.unwrap());
    assert!(!catalog.delete_asset_filter("film", "f").await.unwrap());
    assert!(!catalog.delete_asset_filter("none", "f").await.unwrap());
    assert!(catalog.delete_account_filter("f").await.unwrap());
}
