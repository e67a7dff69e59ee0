//! The account.

use crate::house::{House, SUBSCRIPTION, VERSION};
use serde_json::json;

#[tokio::test]
async fn the_account_is_read_and_listed() {
    let house = House::new().await;
    let account = house.expect("GET", "", None, 200).await.body;
    assert_eq!(account["name"], "acct");
    assert_eq!(account["type"], "Microsoft.Media/mediaservices");
    assert_eq!(account["properties"]["provisioningState"], "Succeeded");
    assert_eq!(account["properties"]["storageAccounts"][0]["type"], "Primary");
    for path in [
        "/resourceGroups/rg/providers/Microsoft.Media/mediaservices",
        "/providers/microsoft.media/mediaServices",
    ] {
        let list = house.raw("GET", &format!("/subscriptions/{SUBSCRIPTION}{path}?{VERSION}"), None).await;
        assert_eq!(list.body, json!({ "value": [account] }), "{path}");
    }
    for empty in ["/privateEndpointConnections", "/privateLinkResources"] {
        assert_eq!(house.expect("GET", empty, None, 200).await.body, json!({ "value": [] }));
    }
}

#[tokio::test]
async fn tags_change_and_configuration_does_not() {
    let house = House::new().await;
    let account = house.expect("GET", "", None, 200).await.body;
    let mut sent = account.clone();
    sent["tags"] = json!({ "a": "b" });
    let put = house.expect("PUT", "", Some(sent), 200).await.body;
    assert_eq!(put["tags"], json!({ "a": "b" }));
    let patch = house.expect("PATCH", "", Some(json!({ "tags": { "c": "d" } })), 202).await;
    for header in ["azure-asyncoperation", "location"] {
        let url = patch.header(header).strip_prefix("https://api.test:8443").expect("an own URL").to_owned();
        assert_eq!(house.raw("GET", &url, None).await.status, 200, "{header}");
    }
    assert_eq!(house.expect("GET", "", None, 200).await.body["tags"], json!({ "c": "d" }));

    let storage = json!({ "location": "local", "properties": { "storageAccounts": [{ "id": "/x/other", "type": "Primary" }] } });
    house
        .refuse("PUT", "", Some(storage), (400, "InvalidProperty", Some("properties.storageAccounts")))
        .await;
    let keys = json!({ "properties": { "encryption": { "type": "CustomerKey" } } });
    house.refuse("PATCH", "", Some(keys), (400, "InvalidProperty", Some("properties.encryption"))).await;
    house.refuse("PUT", "", Some(json!({})), (400, "InvalidProperty", Some("location"))).await;
    house.refuse("DELETE", "", None, (501, "NotSupported", None)).await;
}

#[tokio::test]
async fn storage_keys_and_names() {
    let house = House::new().await;
    house
        .expect(
            "POST",
            "/syncStorageKeys",
            Some(json!({ "id": "/subscriptions/s/storageAccounts/store" })),
            200,
        )
        .await;
    house
        .refuse(
            "POST",
            "/syncStorageKeys",
            Some(json!({ "id": "other" })),
            (404, "ResourceNotFound", Some("other")),
        )
        .await;
    let path = format!(
        "/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Media/locations/x/checkNameAvailability?{VERSION}"
    );
    for (name, available) in [("acct", false), ("other", true), ("No Name", false)] {
        let reply = house.raw("POST", &path, Some(json!({ "name": name, "type": "mediaservices" }))).await;
        assert_eq!((reply.status.as_u16(), &reply.body["nameAvailable"]), (200, &json!(available)), "{name}");
    }
    let operations =
        house.raw("GET", &format!("/providers/Microsoft.Media/operations?{VERSION}"), None).await;
    assert!(operations.body["value"].as_array().is_some_and(|list| list.len() > 50));
}
