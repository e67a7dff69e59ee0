//! Refusals that do not depend on the operation.

use crate::house::{API_KEY, House, VERSION, account};
use axum::body::Body;
use http::Request;
use serde_json::json;

#[tokio::test]
async fn versions() {
    let house = House::new().await;
    let asset = format!("{}/assets", account());
    for (query, expected) in [
        ("", (400, "MissingApiVersionParameter")),
        ("?api-version=", (400, "MissingApiVersionParameter")),
        ("?api-version=2099-01-01", (400, "InvalidApiVersionParameter")),
    ] {
        let reply = house.raw("GET", &format!("{asset}{query}"), None).await;
        let (code, target) = reply.error();
        assert_eq!(
            (reply.status.as_u16(), code, target),
            (expected.0, expected.1, Some("api-version")),
            "{query}"
        );
    }
    for version in millrace_api::API_VERSIONS {
        assert_eq!(house.raw("GET", &format!("{asset}?Api-Version={version}"), None).await.status, 200);
    }
}

#[tokio::test]
async fn paths_and_methods() {
    let house = House::new().await;
    for path in ["/nonsense", "/assets/a/b/c", "/assets//x"] {
        let reply = house.call("GET", path, None).await;
        assert_eq!((reply.status.as_u16(), reply.error().0), (404, "InvalidResourceType"), "{path}");
    }
    let reply = house.refuse("DELETE", "/assets", None, (405, "MethodNotAllowed", None)).await;
    assert_eq!(reply.header("allow"), "GET");
    house.refuse("OPTIONS", "/assets/a", None, (405, "MethodNotAllowed", None)).await;
}

#[tokio::test]
async fn another_account_is_forbidden() {
    let house = House::new().await;
    let own = account();
    for (from, to) in
        [("/acct", "/other"), ("/rg/", "/other/"), ("00000000-0000-0000-0000-000000000001", "x")]
    {
        let path = own.replace(from, to);
        let reply = house.raw("GET", &format!("{path}/assets?{VERSION}"), None).await;
        assert_eq!((reply.status.as_u16(), reply.error().0), (403, "AuthorizationFailed"), "{path}");
    }
    let shouted = own.to_uppercase().replace("/SUBSCRIPTIONS", "/subscriptions");
    assert_eq!(house.raw("GET", &format!("{shouted}/ASSETS?{VERSION}"), None).await.status, 200);
}

#[tokio::test]
async fn bodies() {
    let house = House::new().await;
    let send = async |content_type: Option<&str>, body: Vec<u8>| {
        let mut request = Request::put(format!("{}/assets/a?{VERSION}", account()))
            .header("authorization", format!("Bearer {API_KEY}"));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let reply = house.send(request.body(Body::from(body)).expect("a request")).await;
        (reply.status.as_u16(), reply.body["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let json = Some("application/json");
    assert_eq!(send(json, b"{".to_vec()).await, (400, "InvalidRequestContent".into()));
    assert_eq!(send(json, b"[]".to_vec()).await, (400, "InvalidProperty".into()));
    assert_eq!(send(json, b"".to_vec()).await, (400, "InvalidRequestContent".into()));
    assert_eq!(send(json, b"\xff\xfe".to_vec()).await, (400, "InvalidRequestContent".into()));
    assert_eq!(send(json, "[".repeat(100_000).into_bytes()).await, (400, "InvalidRequestContent".into()));
    assert_eq!(send(json, vec![b' '; 3 << 20]).await, (413, "RequestEntityTooLarge".into()));
    assert_eq!(send(Some("text/plain"), b"{}".to_vec()).await, (415, "UnsupportedMediaType".into()));
    assert_eq!(send(None, b"{}".to_vec()).await, (415, "UnsupportedMediaType".into()));
    assert_eq!(send(Some("application/json; charset=utf-8"), b"\xef\xbb\xbf{}".to_vec()).await.0, 201);
}

#[tokio::test]
async fn names_are_checked() {
    let house = House::new().await;
    for name in ["a%2Fb", "a.b", "%20", "a%25b", "it's", "a%0Ab", "x%3Fy"] {
        let reply = house.call("PUT", &format!("/assets/{name}"), Some(json!({}))).await;
        assert_eq!(
            (reply.status.as_u16(), reply.error().0),
            (400, "InvalidResourceName"),
            "{name}: {}",
            reply.body
        );
    }
    let made = house.expect("PUT", "/assets/My%20%C3%9Cbung-1_(final)", Some(json!({})), 201).await;
    assert_eq!(made.body["name"], "My Übung-1_(final)");
}

#[tokio::test]
async fn what_is_missing_says_so() {
    let house = House::new().await;
    for (method, path) in [
        ("GET", "/liveEvents"),
        ("PUT", "/liveevents/e"),
        ("POST", "/liveEvents/e/start"),
        ("GET", "/liveEvents/e/liveOutputs/o"),
        ("GET", "/contentKeyPolicies"),
        ("POST", "/contentKeyPolicies/p/getPolicyPropertiesWithSecrets"),
        ("POST", "/listEdgePolicies"),
        ("DELETE", "/privateEndpointConnections/x"),
    ] {
        house.refuse(method, path, None, (501, "NotSupported", None)).await;
    }
}

#[tokio::test]
async fn every_answer_can_be_traced() {
    let house = House::new().await;
    let request = Request::get(format!("{}/assets?{VERSION}", account()))
        .header("authorization", format!("Bearer {API_KEY}"))
        .header("x-ms-client-request-id", "mine");
    let reply = house.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(reply.header("x-ms-client-request-id"), "mine");
    assert_eq!(reply.header("x-ms-request-id").len(), 36);
    assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
}
