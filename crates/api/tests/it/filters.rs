//! Account and asset filters.

use crate::house::House;
use serde_json::json;

#[tokio::test]
async fn filters_read_back_as_written() {
    let house = House::new().await;
    house.asset("a").await;
    let body = json!({ "properties": {
        "presentationTimeRange": { "startTimestamp": 0, "endTimestamp": 170000000, "timescale": 10000000, "forceEndTimestamp": false },
        "firstQuality": { "bitrate": 128000 },
        "tracks": [{ "trackSelections": [
            { "property": "Type", "value": "Audio", "operation": "Equal" },
            { "property": "Language", "value": "en", "operation": "NotEqual" },
        ] }],
    } });
    for path in ["/accountFilters/f", "/assets/a/assetFilters/f"] {
        let made = house.expect("PUT", path, Some(body.clone()), 201).await.body;
        assert_eq!(made["properties"], body["properties"], "{path}");
        house.expect("PUT", path, Some(body.clone()), 200).await;
        let patch = json!({ "properties": { "firstQuality": { "bitrate": 64000 } } });
        let patched = house.expect("PATCH", path, Some(patch), 200).await.body;
        assert_eq!(patched["properties"]["firstQuality"]["bitrate"], 64000);
        assert_eq!(patched["properties"]["tracks"], body["properties"]["tracks"]);
        assert_eq!(house.expect("GET", path, None, 200).await.body, patched);
        let list = path.trim_end_matches("/f");
        assert_eq!(house.expect("GET", list, None, 200).await.body["value"], json!([patched]));
        house.expect("DELETE", path, None, 200).await;
        house.expect("DELETE", path, None, 204).await;
        house.refuse("GET", path, None, (404, "ResourceNotFound", Some("f"))).await;
    }
    house.refuse("PUT", "/assets/x/assetFilters/f", Some(body), (404, "ResourceNotFound", Some("x"))).await;
}

#[tokio::test]
async fn wrong_filters_are_refused() {
    let house = House::new().await;
    for (properties, target) in [
        (json!({ "firstQuality": {} }), "properties.firstQuality.bitrate"),
        (json!({ "firstQuality": { "bitrate": -1 } }), "properties.firstQuality.bitrate"),
        (
            json!({ "presentationTimeRange": { "startTimestamp": "0" } }),
            "properties.presentationTimeRange.startTimestamp",
        ),
        (json!({ "tracks": [{}] }), "properties.tracks[0].trackSelections"),
        (
            json!({ "tracks": [{ "trackSelections": [{ "property": "Type", "operation": "Equal" }] }] }),
            "properties.tracks[0].trackSelections[0].value",
        ),
    ] {
        let body = json!({ "properties": properties });
        house.refuse("PUT", "/accountFilters/f", Some(body), (400, "InvalidProperty", Some(target))).await;
    }
}
