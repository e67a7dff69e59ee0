//! Assets.

use crate::house::{House, SUBSCRIPTION, VERSION, account};
use serde_json::json;

#[tokio::test]
async fn an_asset_is_made_read_changed_and_deleted() {
    let house = House::new().await;
    let body = json!({ "properties": { "alternateId": "a1", "description": "d" } });
    let made = house.expect("PUT", "/assets/MyAsset", Some(body.clone()), 201).await.body;
    assert_eq!(made["name"], "MyAsset");
    assert_eq!(
        made["id"],
        format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Media/mediaservices/acct/assets/MyAsset"
        )
    );
    assert_eq!(made["type"], "Microsoft.Media/mediaservices/assets");
    let properties = &made["properties"];
    assert_eq!(properties["alternateId"], "a1");
    assert_eq!(properties["storageAccountName"], "store");
    assert_eq!(properties["storageEncryptionFormat"], "None");
    assert_eq!(properties["created"], "2026-11-22T12:00:00Z");
    assert_eq!(properties["container"], format!("asset-{}", properties["assetId"].as_str().expect("an id")));

    let again = house.expect("PUT", "/assets/myasset", Some(body), 200).await.body;
    assert_eq!(again["properties"]["assetId"], properties["assetId"]);
    let patch = json!({ "properties": { "description": "e" } });
    let patched = house.expect("PATCH", "/assets/MyAsset", Some(patch), 200).await.body;
    assert_eq!(patched["properties"]["description"], "e");
    assert_eq!(patched["properties"]["alternateId"], "a1");
    let read = house.expect("GET", "/Assets/MyAsset", None, 200).await.body;
    assert_eq!(read, patched);

    house.expect("DELETE", "/assets/MyAsset", None, 200).await;
    house.expect("DELETE", "/assets/MyAsset", None, 204).await;
    house.refuse("GET", "/assets/MyAsset", None, (404, "ResourceNotFound", Some("MyAsset"))).await;
}

#[tokio::test]
async fn an_asset_without_any_property_is_lawful() {
    let house = House::new().await;
    house.expect("PUT", "/assets/a", Some(json!({})), 201).await;
    house.expect("PUT", "/assets/b", Some(json!({ "properties": null, "unknown": 1 })), 201).await;
}

#[tokio::test]
async fn a_container_is_shared_by_no_two_assets() {
    let house = House::new().await;
    let body = json!({ "properties": { "container": "films" } });
    house.expect("PUT", "/assets/a", Some(body.clone()), 201).await;
    house.refuse("PUT", "/assets/b", Some(body), (409, "Conflict", None)).await;
    let other = json!({ "properties": { "container": "other" } });
    house
        .refuse("PATCH", "/assets/a", Some(other), (400, "InvalidProperty", Some("properties.container")))
        .await;
    let bad = json!({ "properties": { "container": "../x" } });
    house.refuse("PUT", "/assets/c", Some(bad), (400, "InvalidProperty", Some("properties.container"))).await;
}

#[tokio::test]
async fn container_urls_open_the_container() {
    let house = House::new().await;
    house.expect("PUT", "/assets/a", Some(json!({ "properties": { "container": "films" } })), 201).await;
    for (permissions, letters) in [("Read", "rl"), ("ReadWrite", "rcwl"), ("readwritedelete", "rcwdl")] {
        let body = json!({ "permissions": permissions, "expiryTime": "2030-01-01T00:00:00.000Z" });
        let urls = house.expect("POST", "/assets/a/listContainerSas", Some(body), 200).await.body;
        let urls = urls["assetContainerSasUrls"].as_array().expect("a list").clone();
        assert_eq!(urls.len(), 2);
        assert_ne!(urls[0], urls[1]);
        for url in urls {
            let url = url.as_str().expect("a URL");
            assert!(url.starts_with("https://blob.test:10000/films?"), "{url}");
            assert!(url.contains(&format!("sp={letters}&")), "{url}");
            assert!(url.contains("se=2030-01-01T00%3A00%3A00Z"), "{url}");
            assert!(url.contains("sig="), "{url}");
        }
    }
    let plain = format!("http://127.0.0.1:8080{}/assets/a/listContainerSas?{VERSION}", account());
    let urls = house.raw("POST", &plain, None).await.body;
    let url = urls["assetContainerSasUrls"][0].as_str().expect("a URL");
    assert!(url.starts_with("http://blob.test:10000/films?"), "a client in plain http: {url}");
    assert!(!url.contains("spr=https&"), "{url}");
    let past = json!({ "permissions": "Read", "expiryTime": "2020-01-01T00:00:00Z" });
    house
        .refuse(
            "POST",
            "/assets/a/listContainerSas",
            Some(past),
            (400, "InvalidProperty", Some("expiryTime")),
        )
        .await;
    let all = json!({ "permissions": "All" });
    house
        .refuse(
            "POST",
            "/assets/a/listContainerSas",
            Some(all),
            (400, "InvalidProperty", Some("permissions")),
        )
        .await;
    house.refuse("POST", "/assets/x/listContainerSas", None, (404, "ResourceNotFound", Some("x"))).await;
}

#[tokio::test]
async fn what_hangs_on_an_asset() {
    let house = House::new().await;
    house.asset("a").await;
    let none = house.expect("POST", "/assets/a/listStreamingLocators", None, 200).await.body;
    assert_eq!(none, json!({ "streamingLocators": [] }));
    let tracks = house.expect("GET", "/assets/a/tracks", None, 200).await.body;
    assert_eq!(tracks, json!({ "value": [] }));
    house.refuse("GET", "/assets/a/tracks/x", None, (404, "ResourceNotFound", Some("x"))).await;
    house.refuse("POST", "/assets/a/getEncryptionKey", None, (400, "BadRequest", None)).await;
    house.refuse("PUT", "/assets/a/tracks/x", Some(json!({})), (501, "NotSupported", None)).await;
}
