//! A service in a directory of its own, and requests to it.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use millrace_api::{AuthConfig, Config, State, TokenKeys, router};
use millrace_blob::{AccountConfig, Blobs, Key, Place};
use millrace_catalog::{Catalog, Setup};
use millrace_ledger::{Ledger, ManualClock};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";
pub(crate) const TENANT: &str = "00000000-0000-0000-0000-00000000000a";
pub(crate) const CLIENT: &str = "00000000-0000-0000-0000-00000000000b";
pub(crate) const API_KEY: &str = "test-api-key";
pub(crate) const VERSION: &str = "api-version=2022-08-01";

pub(crate) struct House {
    pub(crate) catalog: Catalog,
    pub(crate) clock: ManualClock,
    router: Router,
    _directory: TempDir,
}

/// A received answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// Code and target of the error document, whose form is checked.
    pub(crate) fn error(&self) -> (&str, Option<&str>) {
        let error = &self.body["error"];
        assert!(error["message"].as_str().is_some_and(|text| text.len() > 10), "no sentence: {}", self.body);
        assert!(error["details"].is_array(), "{}", self.body);
        (error["code"].as_str().unwrap_or_else(|| panic!("no code: {}", self.body)), error["target"].as_str())
    }
}

impl House {
    pub(crate) async fn new() -> House {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let clock = ManualClock::new("2026-11-22T12:00:00Z".parse().expect("a time"));
        let config = millrace_ledger::Config::new(directory.path().join("ledger.db")).clock(clock.clone());
        let ledger = Ledger::open(config).await.expect("a ledger");
        let account = AccountConfig {
            name: "store".into(),
            keys: [Key::new([1; 64]), Key::new([2; 64])],
            place: Place::Directory(directory.path().join("store")),
        };
        let config = millrace_blob::Config { accounts: vec![account], ..Default::default() };
        let blobs = Blobs::open(config).await.expect("blobs");
        let catalog = Catalog::open(ledger, blobs, setup()).await.expect("a catalog");
        let keys = TokenKeys::generate().expect("a key");
        let auth = AuthConfig::new(TENANT, CLIENT, "test-secret", API_KEY, keys);
        let config = Config {
            public_url: "https://millrace.test".into(),
            blob_url: "https://blob.test:10000".into(),
            plain_blob_url: Some("http://blob.test:10000".into()),
        };
        let router = router(State { catalog: catalog.clone(), auth, config });
        House { catalog, clock, router, _directory: directory }
    }

    /// Sends any request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("not JSON: {bytes:?}"))
        };
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// Calls an operation below the account, with the API key. `path` may have a query.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let joint = if path.contains('?') { '&' } else { '?' };
        self.raw(method, &format!("{}{path}{joint}{VERSION}", account()), body).await
    }

    /// Calls an absolute path, with the API key.
    pub(crate) async fn raw(&self, method: &str, uri: &str, body: Option<Value>) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("host", "api.test:8443")
            .header("authorization", format!("Bearer {API_KEY}"));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).expect("a request")).await
    }

    /// Calls and requires a status.
    pub(crate) async fn expect(&self, method: &str, path: &str, body: Option<Value>, status: u16) -> Reply {
        let reply = self.call(method, path, body).await;
        assert_eq!(reply.status.as_u16(), status, "{method} {path}: {}", reply.body);
        reply
    }

    /// Calls and requires an error.
    pub(crate) async fn refuse(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        expected: (u16, &str, Option<&str>),
    ) -> Reply {
        let reply = self.call(method, path, body).await;
        let (code, target) = reply.error();
        assert_eq!((reply.status.as_u16(), code, target), expected, "{method} {path}: {}", reply.body);
        reply
    }

    pub(crate) async fn asset(&self, name: &str) {
        self.expect("PUT", &format!("/assets/{name}"), Some(json!({})), 201).await;
    }

    pub(crate) async fn transform(&self, name: &str) {
        self.expect("PUT", &format!("/transforms/{name}"), Some(transform()), 201).await;
    }

    /// A job of transform `t` from asset `in` to asset `out`, which are made if they are not there.
    pub(crate) async fn job(&self, name: &str) -> Reply {
        for asset in ["in", "out"] {
            self.call("PUT", &format!("/assets/{asset}"), Some(json!({}))).await;
        }
        self.call("PUT", "/transforms/t", Some(transform())).await;
        self.expect("PUT", &format!("/transforms/t/jobs/{name}"), Some(job()), 201).await
    }
}

pub(crate) fn account() -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Media/mediaServices/acct")
}

fn setup() -> Setup {
    Setup {
        subscription_id: SUBSCRIPTION.into(),
        resource_group: "rg".into(),
        account_name: "acct".into(),
        location: "local".into(),
        storage_accounts: vec!["store".into()],
        streaming_host: "127.0.0.1:8080".into(),
        page_size: Some(3),
    }
}

pub(crate) fn transform() -> Value {
    json!({ "properties": { "outputs": [{ "preset": {
        "@odata.type": "#Microsoft.Media.BuiltInStandardEncoderPreset", "presetName": "AdaptiveStreaming" } }] } })
}

pub(crate) fn job() -> Value {
    json!({ "properties": {
        "input": { "@odata.type": "#Microsoft.Media.JobInputAsset", "assetName": "in", "files": ["a.mp4"] },
        "outputs": [{ "@odata.type": "#Microsoft.Media.JobOutputAsset", "assetName": "out" }],
        "correlationData": { "order": "7" },
    } })
}
