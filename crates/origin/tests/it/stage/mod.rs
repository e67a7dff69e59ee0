//! A store with titles in it, a catalog that says what a test wants, and an origin before them.

pub(crate) mod media;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::body::{Body, Bytes};
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use millrace_blob::{Account, AccountConfig, BlobName, Blobs, ContainerName, Key, Place, Put};
use millrace_origin::{Config, Filters, LocateError, Located, Locators, Origin, Protocols};
use millrace_package::{
    Pointer, PointerState, TrackIndex, TrackPointer,
    filter::Filter,
    pointer::{PRESENTATION_BLOB, index_blob},
};
use tower::ServiceExt;
use uuid::Uuid;

pub(crate) const LOCATOR: Uuid = Uuid::from_u128(0x0189_f7aa_1111_4222_8333_4444_5555_6666);
pub(crate) const ALL: Protocols = Protocols { hls: true, dash: true, smooth: true, download: true };

/// What the catalog says of one locator.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) container: ContainerName,
    pub(crate) starts: Option<Timestamp>,
    pub(crate) ends: Option<Timestamp>,
    pub(crate) protocols: Protocols,
    pub(crate) own_filters: Vec<String>,
}

#[derive(Default)]
pub(crate) struct Catalog {
    pub(crate) entries: HashMap<Uuid, Entry>,
    pub(crate) filters: HashMap<String, Filter>,
    pub(crate) stopped: bool,
}

struct Shared {
    store: Account,
    catalog: Arc<Mutex<Catalog>>,
}

struct Named {
    own: Vec<String>,
    all: HashMap<String, Filter>,
}

impl Filters for Named {
    fn select(&self, named: &[String]) -> Result<Vec<Filter>, String> {
        let names = self.own.iter().chain(named);
        names.map(|name| self.all.get(name).cloned().ok_or_else(|| name.clone())).collect()
    }
}

impl Locators for Shared {
    fn locate(&self, id: Uuid, now: Timestamp) -> BoxFuture<'_, Result<Located, LocateError>> {
        let catalog = self.catalog.lock().unwrap();
        let found = catalog.entries.get(&id).cloned().ok_or(LocateError::NotFound);
        let answer = found.and_then(|entry| {
            let early = entry.starts.is_some_and(|starts| now < starts);
            let late = entry.ends.is_some_and(|ends| now >= ends);
            match (catalog.stopped, early || late) {
                (true, _) => Err(LocateError::Stopped),
                (_, true) => Err(LocateError::Closed),
                _ => Ok(Located {
                    store: self.store.clone(),
                    container: entry.container,
                    ends: entry.ends,
                    protocols: entry.protocols,
                    manifest_seconds: None,
                    filters: Arc::new(Named { own: entry.own_filters, all: catalog.filters.clone() }),
                }),
            }
        });
        Box::pin(async move { answer })
    }
}

/// An origin with everything behind it.
pub(crate) struct Stage {
    pub(crate) store: Account,
    pub(crate) container: ContainerName,
    pub(crate) catalog: Arc<Mutex<Catalog>>,
    now: Arc<AtomicI64>,
    origin: Origin,
    _dir: tempfile::TempDir,
}

impl Stage {
    /// An empty container under an open locator, at second 1,000,000.
    pub(crate) async fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = [Key::new(b"one".as_slice()), Key::new(b"two".as_slice())];
        let place = Place::Directory(dir.path().join("media"));
        let account = AccountConfig { name: "media".to_owned(), keys, place };
        let config = millrace_blob::Config { accounts: vec![account], ..Default::default() };
        let store = Blobs::open(config).await.unwrap().primary().unwrap().clone();
        let container = ContainerName::new("asset-one").unwrap();
        store.ensure_container(&container).await.unwrap();
        let entry = Entry {
            container: container.clone(),
            starts: None,
            ends: None,
            protocols: ALL,
            own_filters: Vec::new(),
        };
        let catalog = Arc::new(Mutex::new(Catalog {
            entries: HashMap::from([(LOCATOR, entry)]),
            ..Catalog::default()
        }));
        let now = Arc::new(AtomicI64::new(1_000_000));
        let clock = now.clone();
        let shared = Shared { store: store.clone(), catalog: catalog.clone() };
        // Without a pause, so that a test sees what it just published.
        let config = Config { freshness: Duration::ZERO, ..Config::default() };
        let tell = move || Timestamp::from_second(clock.load(Ordering::SeqCst)).unwrap();
        let origin = Origin::new(&config, Arc::new(shared), Arc::new(tell));
        Self { store, container, catalog, now, origin, _dir: dir }
    }

    /// The film that most tests play: two rungs and two languages, 20 s.
    pub(crate) async fn film() -> Self {
        let stage = Self::empty().await;
        let tracks = media::film(&stage, 10).await.map(|track| track.seal());
        stage.publish("film", PointerState::Complete, &tracks.each_ref()).await;
        stage
    }

    pub(crate) fn entry(&self, change: impl FnOnce(&mut Entry)) {
        change(self.catalog.lock().unwrap().entries.get_mut(&LOCATOR).unwrap());
    }

    pub(crate) fn set_second(&self, second: i64) {
        self.now.store(second, Ordering::SeqCst);
    }

    pub(crate) async fn put(&self, name: &str, bytes: impl Into<Bytes>) {
        let name = BlobName::new(name).unwrap();
        self.store.put(&self.container, &name, bytes.into(), Put::default()).await.unwrap();
    }

    pub(crate) async fn publish(&self, name: &str, state: PointerState, tracks: &[&TrackIndex]) {
        let mut pointer = Pointer::new(name);
        pointer.state = state;
        pointer.first_published_ms = Some(999_000_000);
        pointer.published_ms = Some(1_000_000_000);
        for track in tracks {
            let encoded = track.encode().unwrap();
            let index = index_blob(&encoded);
            self.put(&index, encoded).await;
            let (name, bitrate) = (track.facts().name.to_string(), track.facts().bitrate);
            pointer.tracks.push(TrackPointer { index, key: track.key().to_string(), name, bitrate });
        }
        self.put(PRESENTATION_BLOB, pointer.to_json()).await;
    }

    pub(crate) fn router(&self) -> axum::Router {
        self.origin.router()
    }

    /// GET of a path below `/{locator}/`.
    pub(crate) async fn get(&self, below: &str) -> Answer {
        self.send(Method::GET, below, &[]).await
    }

    pub(crate) async fn send(&self, method: Method, below: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/{LOCATOR}/{below}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.origin.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).map_err(|error| error.to_string());
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

/// A response, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// `Err` when it broke off.
    pub(crate) body: Result<Bytes, String>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn bytes(&self) -> &Bytes {
        self.body.as_ref().unwrap()
    }

    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap()
    }

    /// Status and code of a refusal; the body has to be the documented one.
    #[track_caller]
    pub(crate) fn refusal(&self) -> (u16, String) {
        let json: serde_json::Value = serde_json::from_str(self.text()).expect("a JSON body");
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header("cache-control"), "no-store");
        assert!(json["error"]["message"].as_str().is_some_and(|text| text.len() > 10), "{json}");
        (self.status.as_u16(), json["error"]["code"].as_str().expect("a code").to_owned())
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, StatusCode::OK, "{:?}", self.body);
        self
    }
}

/// What stands between the first `before` and the `after` that follows it.
#[track_caller]
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("no {after} after {before}")).0
}
