//! Streaming locators and policies.

use crate::house::House;
use serde_json::{Value, json};

const CLEAR: &str = "Predefined_ClearStreamingOnly";
const ID: &str = "11111111-2222-3333-4444-555555555555";

fn locator(id: Option<&str>) -> Value {
    let mut body = json!({ "properties": { "assetName": "a", "streamingPolicyName": CLEAR } });
    if let Some(id) = id {
        body["properties"]["streamingLocatorId"] = id.into();
    }
    body
}

#[tokio::test]
async fn a_locator_keeps_the_clients_guid() {
    let house = House::new().await;
    house.asset("a").await;
    let made = house.expect("PUT", "/streamingLocators/l", Some(locator(Some(ID))), 201).await.body;
    let properties = &made["properties"];
    assert_eq!(properties["streamingLocatorId"], ID);
    assert_eq!(properties["assetName"], "a");
    assert_eq!(properties["endTime"], "9999-12-31T23:59:59.999999Z");
    assert_eq!(house.expect("GET", "/streaminglocators/l", None, 200).await.body, made);
    house.refuse("PUT", "/streamingLocators/l", Some(locator(None)), (409, "Conflict", None)).await;
    house.refuse("PUT", "/streamingLocators/m", Some(locator(Some(ID))), (409, "Conflict", None)).await;

    let listed = house.expect("POST", "/assets/a/listStreamingLocators", None, 200).await.body;
    assert_eq!(listed["streamingLocators"][0]["name"], "l");
    assert_eq!(listed["streamingLocators"][0]["streamingLocatorId"], ID);
    let paths = house.expect("POST", "/streamingLocators/l/listPaths", None, 200).await.body;
    assert_eq!(paths, json!({ "streamingPaths": [], "downloadPaths": [] }));
    let keys = house.expect("POST", "/streamingLocators/l/listContentKeys", None, 200).await.body;
    assert_eq!(keys, json!({ "contentKeys": [] }));

    house.expect("DELETE", "/streamingLocators/l", None, 200).await;
    house.expect("DELETE", "/streamingLocators/l", None, 204).await;
    house.refuse("POST", "/streamingLocators/l/listPaths", None, (404, "ResourceNotFound", Some("l"))).await;
    house
        .refuse("POST", "/streamingLocators/l/listContentKeys", None, (404, "ResourceNotFound", Some("l")))
        .await;
}

#[tokio::test]
async fn a_wrong_locator_is_told_what_is_wrong() {
    let house = House::new().await;
    house.asset("a").await;
    for (member, value, target) in [
        ("assetName", json!(null), "properties.assetName"),
        ("assetName", json!("absent"), "properties.assetName"),
        ("streamingPolicyName", json!(null), "properties.streamingPolicyName"),
        ("streamingPolicyName", json!("Predefined_ClearKey"), "properties.streamingPolicyName"),
        ("streamingLocatorId", json!("x"), "properties.streamingLocatorId"),
        ("startTime", json!("now"), "properties.startTime"),
        ("defaultContentKeyPolicyName", json!("k"), "properties.defaultContentKeyPolicyName"),
        ("contentKeys", json!([{ "id": ID }]), "properties.contentKeys"),
    ] {
        let mut body = locator(None);
        body["properties"][member] = value;
        house.refuse("PUT", "/streamingLocators/l", Some(body), (400, "InvalidProperty", Some(target))).await;
    }
}

#[tokio::test]
async fn policies() {
    let house = House::new().await;
    let found = house.expect("GET", "/streamingPolicies", None, 200).await.body;
    assert_eq!(found["value"].as_array().map(Vec::len), Some(3));
    let clear = house.expect("GET", &format!("/streamingPolicies/{CLEAR}"), None, 200).await.body;
    let protocols = json!({ "download": false, "dash": true, "hls": true, "smoothStreaming": true });
    assert_eq!(clear["properties"]["noEncryption"]["enabledProtocols"], protocols);

    let body = json!({ "properties": { "noEncryption": { "enabledProtocols":
        { "download": false, "dash": false, "hls": true, "smoothStreaming": false } } } });
    house.expect("PUT", "/streamingPolicies/p", Some(body.clone()), 201).await;
    house.refuse("PUT", "/streamingPolicies/p", Some(body), (409, "Conflict", None)).await;
    house.expect("DELETE", "/streamingPolicies/p", None, 200).await;
    house.expect("DELETE", "/streamingPolicies/p", None, 204).await;
    house.refuse("DELETE", &format!("/streamingPolicies/{CLEAR}"), None, (409, "Conflict", None)).await;

    let secret = json!({ "properties": { "envelopeEncryption": {} } });
    let target = Some("properties.envelopeEncryption");
    house.refuse("PUT", "/streamingPolicies/q", Some(secret), (400, "InvalidProperty", target)).await;
    let partial = json!({ "properties": { "noEncryption": { "enabledProtocols": { "hls": true } } } });
    let target = Some("properties.noEncryption.enabledProtocols.download");
    house.refuse("PUT", "/streamingPolicies/q", Some(partial), (400, "InvalidProperty", target)).await;
}
