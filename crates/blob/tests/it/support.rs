//! Accounts, servers and Python for the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use millrace_blob::endpoint::{Bearer, Endpoint, router};
use millrace_blob::{Account, AccountConfig, BlobName, Blobs, Clock, Config, ContainerName, Key, Place};

/// Same version that the reference was taken from.
const AZURE_STORAGE_BLOB: &str = "azure-storage-blob==12.31.1";

pub(crate) fn container(name: &str) -> ContainerName {
    ContainerName::new(name).unwrap()
}

pub(crate) fn blob(name: &str) -> BlobName {
    BlobName::new(name).unwrap()
}

pub(crate) fn config(place: Place, clock: Clock) -> Config {
    let keys = [Key::new([1u8; 64]), Key::new([2u8; 64])];
    let account = AccountConfig { name: "testaccount".into(), keys, place };
    Config { accounts: vec![account], clock }
}

pub(crate) async fn open(dir: &Path) -> Blobs {
    let place = Place::Directory(dir.to_owned());
    Blobs::open(config(place, Clock::default())).await.unwrap()
}

pub(crate) fn primary(blobs: &Blobs) -> Account {
    blobs.primary().unwrap().clone()
}

/// A store in a directory that goes with it.
pub(crate) struct Local {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) blobs: Blobs,
}

impl Local {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { blobs: open(dir.path()).await, dir }
    }

    pub(crate) fn account(&self) -> Account {
        primary(&self.blobs)
    }
}

struct OneToken;

#[async_trait::async_trait]
impl Bearer for OneToken {
    async fn accepts(&self, token: &str) -> bool {
        token == "good-token"
    }
}

pub(crate) fn app(blobs: &Blobs) -> axum::Router {
    let endpoint = Endpoint::new(blobs.clone(), Clock::default()).with_bearer(Arc::new(OneToken));
    router(Arc::new(endpoint))
}

/// Serves on a port of the system's choice; the origin.
pub(crate) async fn serve(blobs: &Blobs) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let app = app(blobs);
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            let service = hyper_util::service::TowerToHyperService::new(app.clone());
            tokio::spawn(async move {
                let io = hyper_util::rt::TokioIo::new(stream);
                let builder =
                    hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
                builder.serve_connection(io, service).await.ok();
            });
        }
    });
    origin
}

/// A Python that has the official client: `$MILLRACE_PYTHON`, or a virtual environment made once under `.tools/`.
pub(crate) fn python() -> PathBuf {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(find_python).clone()
}

fn find_python() -> PathBuf {
    if let Some(python) = std::env::var_os("MILLRACE_PYTHON") {
        return python.into();
    }
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools");
    let venv = tools.join("blob-python");
    let python = venv.join("bin/python");
    let ready = venv.join(AZURE_STORAGE_BLOB);
    if ready.exists() {
        return python;
    }
    std::fs::create_dir_all(&tools).unwrap();
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
    run(Command::new(&python).args(["-m", "pip", "install", "-q", AZURE_STORAGE_BLOB]));
    std::fs::write(ready, "").unwrap();
    python
}

/// Runs a command and returns what it printed; fails with everything it said.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed\n{out}\n{err}");
    out.into_owned()
}

pub(crate) fn in_an_hour() -> Timestamp {
    Timestamp::now() + jiff::SignedDuration::from_hours(1)
}
