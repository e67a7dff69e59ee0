//! The OpenAPI document.

use crate::house::House;
use axum::body::Body;
use http::Request;
use serde_json::Value;
use std::collections::BTreeSet;

/// Every `$ref` of a document.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(target)) = object.get("$ref") {
                found.insert(target.clone());
            }
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(array) => array.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_whole() {
    let house = House::new().await;
    let request = Request::get("/openapi.json").body(Body::empty()).expect("a request");
    let served = house.send(request).await.body;
    let document = millrace_api::openapi();
    assert_eq!(served, document);
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 30);
    for target in found {
        let schema = document.pointer(target.trim_start_matches('#'));
        assert!(schema.is_some_and(|schema| schema.is_object()), "{target}");
    }
    let mut ids = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id), "{id} twice");
            assert!(operation["responses"]["default"].is_object(), "{method} {path}");
        }
    }
    assert!(ids.contains("Jobs_CancelJob") && ids.len() > 80, "{}", ids.len());
}
