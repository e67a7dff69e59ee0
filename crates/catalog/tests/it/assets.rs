//! Assets and their containers.

use millrace_blob::{BlobName, ContainerName, Put};
use millrace_catalog::asset::{AssetDraft, ERASE_TASK};
use millrace_catalog::filter::FilterRules;
use millrace_catalog::locator::LocatorDraft;
use millrace_catalog::{Catalog, Error, Kind};
use millrace_ledger::runner::Runner;
use tokio_util::sync::CancellationToken;

use crate::house::{House, refused};

fn in_container(name: &str) -> AssetDraft {
    AssetDraft { container: Some(name.into()), ..Default::default() }
}

#[tokio::test]
async fn put_makes_then_merges_and_the_container_stays() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let draft = AssetDraft {
        alternate_id: Some("alt".into()),
        description: Some("first".into()),
        ..Default::default()
    };
    let (made, new) = catalog.put_asset("Film", &draft).await.unwrap();
    assert!(new);
    assert_eq!(made.container.as_str(), format!("asset-{}", made.id));
    assert!(catalog.storage(&made).unwrap().container_exists(&made.container).await.unwrap());

    let change = AssetDraft {
        description: Some("second".into()),
        container: Some(made.container.to_string()),
        ..Default::default()
    };
    let (changed, new) = catalog.put_asset("fILM", &change).await.unwrap();
    assert!(!new);
    assert_eq!((changed.id, changed.name.as_str()), (made.id, "Film"));
    assert_eq!(changed.alternate_id.as_deref(), Some("alt"));
    assert_eq!(changed.description.as_deref(), Some("second"));

    refused!(
        catalog.put_asset("film", &in_container("another")).await,
        Error::Immutable { field: "container", .. }
    );
    let elsewhere = AssetDraft { storage_account: Some("other".into()), ..Default::default() };
    refused!(
        catalog.patch_asset("film", &elsewhere).await,
        Error::Immutable { field: "storageAccountName", .. }
    );
    refused!(catalog.put_asset("new", &elsewhere).await, Error::Invalid { .. });
    let empty = AssetDraft { description: Some(String::new()), ..Default::default() };
    assert_eq!(catalog.patch_asset("film", &empty).await.unwrap().description, None);
    refused!(catalog.patch_asset("nothing", &empty).await, Error::NotFound { kind: Kind::Asset, .. });
    refused!(catalog.put_asset("a/b", &empty).await, Error::Invalid { .. });
}

#[tokio::test]
async fn a_container_belongs_to_one_asset() {
    let house = House::new().await;
    let catalog = &house.catalog;
    // What users bring from elsewhere: a container with media in it becomes an asset as it is.
    let storage = catalog.blobs().primary().unwrap();
    let container = ContainerName::new("brought").unwrap();
    storage.ensure_container(&container).await.unwrap();
    let film = BlobName::new("film.mp4").unwrap();
    storage.put(&container, &film, "bytes", Put::default()).await.unwrap();
    let (asset, _) = catalog.put_asset("a", &in_container("brought")).await.unwrap();
    assert!(storage.exists(&asset.container, &film).await.unwrap());
    refused!(
        catalog.put_asset("b", &in_container("brought")).await,
        Error::AlreadyExists { kind: Kind::Container, .. }
    );
    refused!(catalog.asset("b").await, Error::NotFound { .. });
    refused!(catalog.put_asset("c", &in_container("Not_Legal")).await, Error::Invalid { .. });
}

#[tokio::test]
async fn of_many_that_want_a_container_one_gets_it() {
    let house = House::new().await;
    let attempts = (0..8).map(|index| {
        let catalog = house.catalog.clone();
        tokio::spawn(async move { catalog.put_asset(&format!("a{index}"), &in_container("wanted")).await })
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
async fn deletion_takes_everything_and_survives_a_crash_before_the_bytes_are_gone() {
    let house = House::new().await;
    let asset = house.catalog.put_asset("film", &in_container("film")).await.unwrap().0;
    let film = BlobName::new("film.mp4").unwrap();
    let storage = house.catalog.storage(&asset).unwrap();
    storage.put(&asset.container, &film, "bytes", Put::default()).await.unwrap();
    house.catalog.put_asset_filter("film", "f", &FilterRules::default()).await.unwrap();
    let draft = LocatorDraft {
        asset: "film".into(),
        policy: "Predefined_ClearStreamingOnly".into(),
        filters: vec!["f".into()],
        ..Default::default()
    };
    house.catalog.create_locator("l", &draft).await.unwrap();

    assert!(house.catalog.delete_asset("FILM").await.unwrap());
    let house = house.reopen().await;
    let catalog = &house.catalog;
    refused!(catalog.asset("film").await, Error::NotFound { .. });
    refused!(catalog.locator("l").await, Error::NotFound { .. });
    assert!(!catalog.delete_asset("film").await.unwrap());
    // The name is free, the container is not, until nothing of the old asset is left in it.
    refused!(
        catalog.put_asset("film", &in_container("film")).await,
        Error::AlreadyExists { kind: Kind::Container, .. }
    );
    assert!(catalog.storage(&asset).unwrap().exists(&asset.container, &film).await.unwrap());

    // A worker that deleted the container and crashed before it could say so: the next one is not confused.
    catalog.storage(&asset).unwrap().delete_container(&asset.container).await.unwrap();
    until_idle(catalog, "store/film").await;
    let (again, new) = catalog.put_asset("film", &in_container("film")).await.unwrap();
    assert!(new && again.id != asset.id);
    refused!(catalog.asset_filter("film", "f").await, Error::NotFound { kind: Kind::AssetFilter, .. });
    assert!(!catalog.storage(&again).unwrap().exists(&again.container, &film).await.unwrap());
}

/// Runs the catalog's own tasks until the erasure of `key` is done.
async fn until_idle(catalog: &Catalog, key: &str) {
    let shutdown = CancellationToken::new();
    let runner = catalog.register(Runner::new(catalog.ledger().clone()));
    let mut changes = catalog.ledger().subscribe();
    let running = tokio::spawn(runner.run(shutdown.clone()));
    while !catalog.ledger().task_by_key(ERASE_TASK, key).await.unwrap().unwrap().state.is_finished() {
        changes.next().await.unwrap();
    }
    shutdown.cancel();
    running.await.unwrap();
}
