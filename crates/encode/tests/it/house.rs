//! A catalog with an encoder at work, in a directory of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use millrace_blob::{AccountConfig, BlobName, Blobs, Key, List, Put};
use millrace_catalog::asset::{Asset, AssetDraft};
use millrace_catalog::job::{Clip, Job, JobDraft, JobInput, OutputDraft, Source};
use millrace_catalog::preset::{BuiltIn, BuiltInName, Preset};
use millrace_catalog::transform::{OnError, Priority, TransformDraft, TransformOutput};
use millrace_catalog::{Catalog, Setup};
use millrace_encode::{Config, Encoder};
use millrace_ledger::Ledger;
use millrace_ledger::runner::Runner;
use millrace_package::{Pointer, TrackIndex};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A job that is not done by then hangs.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct House {
    pub(crate) dir: TempDir,
    pub(crate) catalog: Catalog,
    worker: Worker,
}

/// The runner at work; it vanishes with this.
struct Worker(JoinHandle<()>);

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl House {
    pub(crate) async fn open() -> House {
        Self::open_with(|_| ()).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(&mut Config)) -> House {
        let dir = TempDir::new().expect("a directory");
        let (catalog, worker) = start(dir.path(), change).await;
        House { dir, catalog, worker }
    }

    /// Ends the process as far as the ledger and the encoder can tell, and begins again on the same data.
    pub(crate) async fn restart(self, change: impl FnOnce(&mut Config)) -> House {
        let House { dir, catalog, mut worker } = self;
        // Nothing is drained: the runner and all its handlers vanish.
        worker.0.abort();
        let _ = (&mut worker.0).await;
        catalog.ledger().close().await;
        drop(catalog);
        let (catalog, worker) = start(dir.path(), change).await;
        House { dir, catalog, worker }
    }

    pub(crate) async fn asset(&self, name: &str) -> Asset {
        self.catalog.put_asset(name, &AssetDraft::default()).await.expect("an asset").0
    }

    /// An asset with one file in it.
    pub(crate) async fn upload(&self, asset: &str, file: &Path, name: &str) -> Asset {
        let asset = self.asset(asset).await;
        let bytes = std::fs::read(file).expect("the file");
        let storage = self.catalog.storage(&asset).expect("its storage");
        let blob = BlobName::new(name).expect("a name");
        storage.put(&asset.container, &blob, bytes, Put::default()).await.expect("an upload");
        asset
    }

    pub(crate) async fn transform(&self, name: &str, presets: Vec<Preset>) {
        let output = |preset| TransformOutput {
            preset,
            on_error: OnError::ContinueJob,
            relative_priority: Priority::Normal,
        };
        let draft = TransformDraft { description: None, outputs: presets.into_iter().map(output).collect() };
        self.catalog.put_transform(name, &draft).await.expect("a transform");
    }

    pub(crate) async fn submit(&self, transform: &str, input: JobInput, outputs: &[&str]) -> Job {
        for asset in outputs {
            self.asset(asset).await;
        }
        let output = |asset: &&str| OutputDraft { asset: (*asset).to_owned(), ..OutputDraft::default() };
        let draft = JobDraft {
            description: None,
            priority: Priority::Normal,
            correlation_data: Default::default(),
            input,
            outputs: outputs.iter().map(output).collect(),
        };
        self.catalog.create_job(transform, "job", draft).await.expect("a job")
    }

    /// Waits until the job has ended.
    pub(crate) async fn ended(&self, transform: &str) -> Job {
        self.until(transform, |job| job.state.is_final()).await
    }

    /// Waits until the job is as wanted.
    pub(crate) async fn until(&self, transform: &str, wanted: impl Fn(&Job) -> bool) -> Job {
        let mut changes = self.catalog.ledger().subscribe();
        let wait = async {
            loop {
                let job = self.catalog.job(transform, "job").await.expect("the job");
                if wanted(&job) {
                    return job;
                }
                changes.next().await.expect("the ledger");
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the job comes to its end")
    }

    /// Encodes one file by a built-in preset, and gives the job as it ended.
    pub(crate) async fn encode(&self, file: &Path, preset: BuiltInName) -> Job {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        self.upload("in", file, &name).await;
        self.transform("t", vec![built_in(preset)]).await;
        self.submit("t", asset_input("in", &[&name]), &["out"]).await;
        self.ended("t").await
    }

    pub(crate) async fn bytes(&self, asset: &str, name: &str) -> Vec<u8> {
        let asset = self.catalog.asset(asset).await.expect("the asset");
        let storage = self.catalog.storage(&asset).expect("its storage");
        let blob = BlobName::new(name).expect("a name");
        storage.get(&asset.container, &blob, u64::MAX).await.expect("the blob").1.to_vec()
    }

    /// Names of the asset's files, ours included where `internal`.
    pub(crate) async fn names(&self, asset: &str, internal: bool) -> Vec<String> {
        let asset = self.catalog.asset(asset).await.expect("the asset");
        let storage = self.catalog.storage(&asset).expect("its storage");
        let list = List { hide_internal: !internal, ..List::default() };
        let page = storage.list(&asset.container, &list).await.expect("a page");
        let name = |item| match item {
            millrace_blob::Item::Blob(name, _) => name.as_str().to_owned(),
            millrace_blob::Item::Prefix(prefix) => prefix,
        };
        page.items.into_iter().map(name).collect()
    }

    /// A file of the asset on disk, for ffprobe.
    pub(crate) async fn download(&self, asset: &str, name: &str) -> PathBuf {
        let path = self.dir.path().join(format!("{asset}-{name}"));
        std::fs::write(&path, self.bytes(asset, name).await).expect("a copy");
        path
    }

    pub(crate) async fn pointer(&self, asset: &str) -> Pointer {
        let bytes = self.bytes(asset, "_millrace/presentation.json").await;
        Pointer::from_json(&bytes).expect("a pointer")
    }

    pub(crate) async fn indexes(&self, asset: &str) -> Vec<TrackIndex> {
        let mut all = Vec::new();
        for track in self.pointer(asset).await.tracks {
            let bytes = self.bytes(asset, &track.index).await;
            all.push(TrackIndex::decode(&bytes).expect("an index"));
        }
        all
    }
}

async fn start(dir: &Path, change: impl FnOnce(&mut Config)) -> (Catalog, Worker) {
    let ledger = Ledger::open(millrace_ledger::Config::new(dir.join("ledger.db"))).await.expect("a ledger");
    let key = || Key::new(b"a key that only tests know".to_vec());
    let account = AccountConfig {
        name: "media".to_owned(),
        keys: [key(), key()],
        place: millrace_blob::Place::Directory(dir.join("blobs")),
    };
    let config = millrace_blob::Config { accounts: vec![account], ..Default::default() };
    let blobs = Blobs::open(config).await.expect("a store");
    let setup = Setup {
        subscription_id: "00000000-0000-0000-0000-000000000000".to_owned(),
        resource_group: "millrace".to_owned(),
        account_name: "millrace".to_owned(),
        location: "local".to_owned(),
        storage_accounts: vec!["media".to_owned()],
        streaming_host: "localhost".to_owned(),
        page_size: None,
    };
    let catalog = Catalog::open(ledger.clone(), blobs, setup).await.expect("a catalog");
    let mut config = Config::new(dir.join("scratch"), 2);
    config.tools.nice = 0;
    change(&mut config);
    let encoder = Encoder::new(catalog.clone(), config).expect("an encoder");
    let runner = encoder.register(catalog.register(Runner::new(ledger)));
    let worker = tokio::spawn(runner.run(CancellationToken::new()));
    (catalog, Worker(worker))
}

pub(crate) fn built_in(name: BuiltInName) -> Preset {
    Preset::BuiltIn(BuiltIn { name, configurations: None })
}

pub(crate) fn asset_input(asset: &str, files: &[&str]) -> JobInput {
    JobInput::Clip(asset_clip(asset, files))
}

pub(crate) fn asset_clip(asset: &str, files: &[&str]) -> Clip {
    Clip {
        source: Source::Asset { name: asset.to_owned() },
        files: files.iter().map(|file| (*file).to_owned()).collect(),
        start: None,
        end: None,
        label: None,
    }
}
