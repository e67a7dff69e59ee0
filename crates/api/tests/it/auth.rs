//! Tokens and discovery.

use crate::house::{API_KEY, CLIENT, House, Reply, TENANT, VERSION, account};
use axum::body::Body;
use http::Request;
use std::time::Duration;

const FORM: &str = "grant_type=client_credentials&client_id=00000000-0000-0000-0000-00000000000b&client_secret=test-secret&scope=https%3A%2F%2Fmanagement.azure.com%2F.default";

async fn token(house: &House, path: &str, form: &str) -> Reply {
    let request = Request::post(path)
        .header("host", "api.test:8443")
        .header("content-type", "application/x-www-form-urlencoded");
    house.send(request.body(Body::from(form.to_owned())).expect("a request")).await
}

async fn get(house: &House, authorization: Option<&str>) -> Reply {
    let mut request = Request::get(format!("{}/assets?{VERSION}", account()));
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    house.send(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn a_token_is_bought_used_and_expires() {
    let house = House::new().await;
    for path in ["oauth2/v2.0/token", "oauth2/token"] {
        let reply = token(&house, &format!("/{TENANT}/{path}"), FORM).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(
            (reply.header("cache-control"), &reply.body["token_type"]),
            ("no-store", &"Bearer".into())
        );
        let bearer = format!("Bearer {}", reply.body["access_token"].as_str().expect("a token"));
        assert_eq!(get(&house, Some(&bearer)).await.status, 200);
        house.clock.advance(Duration::from_secs(3600 + 120));
        assert_eq!(get(&house, Some(&bearer)).await.status, 401);
    }
}

#[tokio::test]
async fn wrong_credentials_buy_nothing() {
    let house = House::new().await;
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    for (path, form, status, error) in [
        (path.as_str(), FORM.replace("test-secret", "wrong"), 401, "invalid_client"),
        (&path, FORM.replace(CLIENT, "other"), 401, "invalid_client"),
        (&path, FORM.replace("client_credentials", "password"), 400, "unsupported_grant_type"),
        (&path, "".to_owned(), 400, "invalid_request"),
        (&path, "x".repeat(100_000), 400, "invalid_request"),
        ("/00000000-0000-0000-0000-0000000000ff/oauth2/v2.0/token", FORM.to_owned(), 400, "invalid_request"),
    ] {
        let reply = token(&house, path, &form).await;
        assert_eq!((reply.status.as_u16(), &reply.body["error"]), (status, &error.into()), "{form:.60}");
        assert!(reply.body["error_description"].as_str().is_some_and(|text| text.starts_with("AADSTS")));
    }
}

#[tokio::test]
async fn calls_need_a_credential() {
    let house = House::new().await;
    assert_eq!(get(&house, Some(&format!("Bearer {API_KEY}"))).await.status, 200);
    for wrong in [None, Some("Bearer x"), Some("Bearer a.b.c"), Some("Basic dGVzdA=="), Some("")] {
        let reply = get(&house, wrong).await;
        assert_eq!((reply.status.as_u16(), reply.error().0), (401, "AuthenticationFailed"), "{wrong:?}");
        assert!(reply.header("www-authenticate").starts_with("Bearer"));
    }
    // What does not exist is not told to strangers.
    let request = Request::get("/subscriptions/x/nonsense").body(Body::empty()).expect("a request");
    assert_eq!(house.send(request).await.status, 401);
}

#[tokio::test]
async fn discovery_leads_back_to_the_clients_address() {
    let house = House::new().await;
    let get = async |path: &str| {
        let request = Request::get(path).header("host", "api.test:8443");
        house.send(request.body(Body::empty()).expect("a request")).await
    };
    let found = get(&format!("/{TENANT}/v2.0/.well-known/openid-configuration")).await.body;
    assert_eq!(found["token_endpoint"], format!("https://api.test:8443/{TENANT}/oauth2/v2.0/token"));
    assert_eq!(found["issuer"], format!("https://api.test:8443/{TENANT}/v2.0"));
    let keys = found["jwks_uri"]
        .as_str()
        .and_then(|url| url.strip_prefix("https://api.test:8443"))
        .expect("an own URL");
    let keys = get(keys).await.body;
    assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["alg"]), (&"EC".into(), &"ES256".into()));
    assert!(keys["keys"][0].get("d").is_none());
    let instances = get("/common/discovery/instance?api-version=1.1").await.body;
    assert_eq!(instances["metadata"][0]["aliases"][0], "api.test:8443");
    assert_eq!(get("/other/v2.0/.well-known/openid-configuration").await.status, 400);
}
