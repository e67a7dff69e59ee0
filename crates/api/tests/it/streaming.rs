//! The streaming endpoint, and long-running operations.

use crate::house::{House, account};
use serde_json::json;

#[tokio::test]
async fn the_default_endpoint_starts_and_stops() {
    let house = House::new().await;
    let found = house.expect("GET", "/streamingEndpoints", None, 200).await.body;
    assert_eq!(found["value"].as_array().map(Vec::len), Some(1));
    let endpoint = house.expect("GET", "/streamingendpoints/Default", None, 200).await.body;
    assert_eq!(endpoint["properties"]["hostName"], "127.0.0.1:8080");
    assert_eq!(endpoint["location"], "local");
    for (verb, state) in [("stop", "Stopped"), ("start", "Running")] {
        let reply = house.expect("POST", &format!("/streamingEndpoints/default/{verb}"), None, 202).await;
        assert_eq!(reply.header("retry-after"), "0");
        let relative = |url: &str| {
            url.strip_prefix("https://api.test:8443").expect("the client's own address").to_owned()
        };
        let status = house.raw("GET", &relative(reply.header("azure-asyncoperation")), None).await;
        assert_eq!((status.status.as_u16(), &status.body["status"]), (200, &json!("Succeeded")));
        let result = house.raw("GET", &relative(reply.header("location")), None).await;
        assert_eq!(
            (result.status.as_u16(), &result.body["properties"]["resourceState"]),
            (200, &json!(state))
        );
    }
    for unknown in ["/streamingEndpointOperations/", "/streamingEndpoints/default/operationLocations/"] {
        let path = format!("{unknown}11111111-2222-3333-4444-555555555555");
        let target = Some("11111111-2222-3333-4444-555555555555");
        house.refuse("GET", &path, None, (404, "ResourceNotFound", target)).await;
    }
}

#[tokio::test]
async fn the_default_endpoint_changes_and_others_are_not_made() {
    let house = House::new().await;
    let body = json!({ "location": "local", "tags": { "a": "b" }, "properties": { "description": "d", "customHostNames": ["tv.test"] } });
    let put =
        house.expect("PUT", "/streamingEndpoints/default?autoStart=true", Some(body.clone()), 200).await.body;
    assert_eq!(put["properties"]["customHostNames"], json!(["tv.test"]));
    assert_eq!(put["tags"], json!({ "a": "b" }));
    assert_eq!(put["properties"]["resourceState"], "Running");
    let patch = json!({ "properties": { "maxCacheAge": 60 } });
    let patched = house.expect("PATCH", "/streamingEndpoints/default", Some(patch), 200).await.body;
    assert_eq!(patched["properties"]["maxCacheAge"], 60);
    assert_eq!(patched["properties"]["description"], "d");
    house.expect("POST", "/streamingEndpoints/default/scale", Some(json!({ "scaleUnit": 1 })), 202).await;
    house.expect("GET", "/streamingEndpoints/default/skus", None, 200).await;
    house.refuse("PUT", "/streamingEndpoints/other", Some(body), (501, "NotSupported", None)).await;
    house.refuse("DELETE", "/streamingEndpoints/default", None, (409, "Conflict", None)).await;
    house.expect("DELETE", "/streamingEndpoints/other", None, 204).await;
    house
        .refuse("POST", "/streamingEndpoints/other/start", None, (404, "ResourceNotFound", Some("other")))
        .await;
    let cdn = json!({ "properties": { "cdnEnabled": true } });
    let target = Some("properties.cdnEnabled");
    house.refuse("PATCH", "/streamingEndpoints/default", Some(cdn), (400, "InvalidProperty", target)).await;
    let closed = json!({ "properties": { "accessControl": { "ip": { "allow": [] } } } });
    let target = Some("properties.accessControl");
    house
        .refuse("PATCH", "/streamingEndpoints/default", Some(closed), (400, "InvalidProperty", target))
        .await;
}

#[tokio::test]
async fn ids_of_operations_are_absolute_urls_of_the_account() {
    let house = House::new().await;
    let reply = house.expect("POST", "/streamingEndpoints/default/start", None, 202).await;
    let url = reply.header("azure-asyncoperation").to_lowercase();
    let account = account().to_lowercase();
    assert!(
        url.starts_with(&format!("https://api.test:8443{account}/streamingendpointoperations/")),
        "{url}"
    );
}
