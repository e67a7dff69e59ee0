//! First start, later starts, and what only the service may change.

use std::collections::BTreeMap;

use millrace_catalog::Error;
use millrace_catalog::endpoint::{EndpointPatch, EndpointState};
use millrace_catalog::list::ListQuery;
use millrace_catalog::policy::Protocols;

use crate::house::{House, refused};

#[tokio::test]
async fn the_first_start_makes_the_account_and_later_ones_keep_it() {
    let house = House::new().await;
    let first = house.catalog.account().await.unwrap();
    let tags = BTreeMap::from([("team".to_owned(), "video".to_owned())]);
    house.catalog.set_account_tags(tags.clone()).await.unwrap();
    house.catalog.stop_endpoint("default").await.unwrap();
    let house = house.reopen().await;
    let again = house.catalog.account().await.unwrap();
    assert_eq!((again.id, again.tags), (first.id, tags));
    let endpoint = house.catalog.endpoint("DEFAULT").await.unwrap();
    assert_eq!(endpoint.state, EndpointState::Stopped);
    assert_eq!(endpoint.host_name, "127.0.0.1:8080");
}

#[tokio::test]
async fn the_default_endpoint_runs_at_first_and_can_be_stopped_started_and_changed() {
    let house = House::new().await;
    let catalog = &house.catalog;
    assert_eq!(catalog.endpoint("default").await.unwrap().state, EndpointState::Running);
    assert_eq!(catalog.stop_endpoint("default").await.unwrap().state, EndpointState::Stopped);
    assert_eq!(catalog.start_endpoint("default").await.unwrap().state, EndpointState::Running);
    let patch = EndpointPatch { max_cache_age_s: Some(30), ..Default::default() };
    assert_eq!(catalog.patch_endpoint("default", &patch).await.unwrap().max_cache_age_s, Some(30));
    let bad = EndpointPatch { custom_host_names: Some(vec!["a b".into()]), ..Default::default() };
    refused!(catalog.patch_endpoint("default", &bad).await, Error::Invalid { field, .. } if field == "customHostNames[0]");
    refused!(catalog.start_endpoint("other").await, Error::NotFound { .. });
    assert_eq!(catalog.endpoints(&ListQuery::default()).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn predefined_policies_are_there_and_stay() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let names: Vec<_> = catalog.policies(&ListQuery::default()).await.unwrap().items;
    let names: Vec<_> = names.into_iter().map(|policy| policy.name).collect();
    let clear = ["ClearStreamingOnly", "DownloadAndClearStreaming", "DownloadOnly"];
    assert_eq!(names, clear.map(|name| format!("Predefined_{name}")));
    refused!(catalog.delete_policy("predefined_downloadonly").await, Error::InUse { .. });
    let all = Protocols { download: true, dash: true, hls: true, smooth: true };
    refused!(catalog.create_policy("Predefined_Mine", all).await, Error::Invalid { .. });
    refused!(catalog.create_policy("none", Protocols::default()).await, Error::Invalid { .. });
    let hls = Protocols { hls: true, ..Default::default() };
    assert_eq!(catalog.create_policy("mine", hls).await.unwrap().protocols, hls);
    refused!(catalog.create_policy("Mine", all).await, Error::AlreadyExists { .. });
    assert!(catalog.delete_policy("mine").await.unwrap());
    assert!(!catalog.delete_policy("mine").await.unwrap());
}
