//! Files that another service left behind become a presentation.

use std::process::Command;

use millrace_blob::{BlobName, Put};
use millrace_catalog::Catalog;
use millrace_catalog::asset::Asset;
use millrace_catalog::locator::{INDEX_TASK, IndexError};
use millrace_ledger::runner::Runner;
use millrace_package::{Pointer, PointerState};
use tokio_util::sync::CancellationToken;

use crate::house::{House, refused};

/// Two seconds of picture and sound as a progressive MP4.
fn film() -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("film.mp4");
    let made = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=160x90:r=25:d=2",
            "-f",
            "lavfi",
            "-i",
            "sine=d=2",
        ])
        .args(["-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "25", "-c:a", "aac", "-shortest"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    std::fs::read(path).unwrap()
}

async fn upload(catalog: &Catalog, asset: &Asset, name: &str, bytes: Vec<u8>) {
    let storage = catalog.storage(asset).unwrap();
    storage.put(&asset.container, &BlobName::new(name).unwrap(), bytes, Put::default()).await.unwrap();
}

#[tokio::test]
async fn an_mp4_becomes_tracks_once() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let asset = house.asset("film").await;
    assert_eq!(catalog.index_asset(&asset).await.unwrap(), 0, "there is nothing yet");
    upload(catalog, &asset, "My film.mp4", film()).await;
    upload(catalog, &asset, "notes.txt", b"x".to_vec()).await;
    assert_eq!(catalog.index_asset(&asset).await.unwrap(), 2);
    let pointer = catalog.presentation(&asset).await.unwrap().unwrap();
    assert_eq!((pointer.name.as_str(), pointer.state), ("My film", PointerState::Complete));
    let tracks = catalog.asset_tracks("film").await.unwrap();
    let seconds: Vec<_> =
        tracks.iter().map(|track| track.end() / u64::from(track.timescale().get())).collect();
    assert_eq!(seconds, [2, 2]);
    let name = pointer.tracks[0].name.to_uppercase();
    assert_eq!(catalog.asset_track("film", &name).await.unwrap().key(), tracks[0].key());
    assert_eq!(catalog.index_asset(&asset).await.unwrap(), 0, "it stays as it is");
    assert_eq!(catalog.presentation(&asset).await.unwrap().unwrap(), pointer);
}

#[tokio::test]
async fn a_server_manifest_chooses_and_names() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let asset = house.asset("film").await;
    upload(catalog, &asset, "film.mp4", film()).await;
    upload(catalog, &asset, "broken.mp4", b"not a film".to_vec()).await;
    let ism = r#"<smil><body><switch><video src="film.mp4"/></switch></body></smil>"#;
    upload(catalog, &asset, "title.ism", ism.into()).await;
    assert_eq!(catalog.index_asset(&asset).await.unwrap(), 1);
    assert_eq!(catalog.presentation(&asset).await.unwrap().unwrap().name, "title");
}

#[tokio::test]
async fn what_is_no_media_is_said_and_leaves_nothing() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let asset = house.asset("film").await;
    upload(catalog, &asset, "film.mp4", b"this is not a film at all".to_vec()).await;
    refused!(catalog.index_asset(&asset).await, IndexError::Unusable(_));
    assert_eq!(catalog.presentation(&asset).await.unwrap(), None);
}

#[tokio::test]
async fn an_encoders_presentation_is_never_replaced() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let asset = house.asset("film").await;
    let encoded = Pointer::new("encoded");
    upload(catalog, &asset, "_millrace/presentation.json", encoded.to_json()).await;
    upload(catalog, &asset, "film.mp4", film()).await;
    assert_eq!(catalog.index_asset(&asset).await.unwrap(), 0);
    assert_eq!(catalog.presentation(&asset).await.unwrap(), Some(encoded));
}

#[tokio::test]
async fn media_that_came_after_the_locator_is_indexed_when_its_paths_are_asked_for() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let asset = house.asset("film").await;
    catalog.create_locator("l", &crate::locators::draft("ClearStreamingOnly")).await.unwrap();
    run_index(catalog).await;
    upload(catalog, &asset, "film.mp4", film()).await;
    assert!(catalog.locator_paths("l").await.unwrap().streaming.is_empty());
    run_index(catalog).await;
    assert_eq!(catalog.locator_paths("l").await.unwrap().streaming.len(), 3);
}

/// Runs the catalog's tasks until no indexing waits.
async fn run_index(catalog: &Catalog) {
    let shutdown = CancellationToken::new();
    let mut changes = catalog.ledger().subscribe();
    let running = tokio::spawn(catalog.register(Runner::new(catalog.ledger().clone())).run(shutdown.clone()));
    let key = catalog.asset("film").await.unwrap().id.to_string();
    while !catalog.ledger().task_by_key(INDEX_TASK, &key).await.unwrap().unwrap().state.is_finished() {
        changes.next().await.unwrap();
    }
    shutdown.cancel();
    running.await.unwrap();
}
