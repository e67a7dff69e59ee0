//! A catalog in a directory of its own, and what most tests put into it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use millrace_blob::{AccountConfig, Blobs, Key, Place};
use millrace_catalog::asset::{Asset, AssetDraft};
use millrace_catalog::job::{Clip, ENCODE_TASK, Job, JobDraft, JobInput, OutputDraft, Source};
use millrace_catalog::preset::{BuiltIn, BuiltInName, Preset};
use millrace_catalog::transform::{Priority, TransformDraft, TransformOutput};
use millrace_catalog::{Catalog, Setup};
use millrace_ledger::{Config, Lease, Ledger, ManualClock};
use tempfile::TempDir;

pub(crate) const LEASE: Duration = Duration::from_secs(30);

pub(crate) struct House {
    pub(crate) catalog: Catalog,
    pub(crate) clock: ManualClock,
    directory: Arc<TempDir>,
}

impl House {
    pub(crate) async fn new() -> House {
        let directory = Arc::new(tempfile::tempdir().expect("a temporary directory"));
        House::open(directory, ManualClock::default()).await
    }

    async fn open(directory: Arc<TempDir>, clock: ManualClock) -> House {
        let config = Config::new(directory.path().join("ledger.db")).clock(clock.clone());
        let ledger = Ledger::open(config).await.expect("a ledger");
        let account = AccountConfig {
            name: "store".into(),
            keys: [Key::new([1; 64]), Key::new([2; 64])],
            place: Place::Directory(directory.path().join("store")),
        };
        let config = millrace_blob::Config { accounts: vec![account], ..Default::default() };
        let blobs = Blobs::open(config).await.expect("blobs");
        let catalog = Catalog::open(ledger, blobs, setup()).await.expect("a catalog");
        House { catalog, clock, directory }
    }

    /// Ends the process's hold on everything and opens it again, as a restart does.
    pub(crate) async fn reopen(self) -> House {
        let House { catalog, clock, directory } = self;
        catalog.ledger().close().await;
        drop(catalog);
        House::open(directory, clock).await
    }

    pub(crate) async fn asset(&self, name: &str) -> Asset {
        self.catalog.put_asset(name, &AssetDraft::default()).await.expect("an asset").0
    }

    pub(crate) async fn transform(&self, name: &str, outputs: usize) {
        let draft = TransformDraft { description: None, outputs: vec![ladder(); outputs] };
        self.catalog.put_transform(name, &draft).await.expect("a transform");
    }

    /// A job `name` of a transform `t` with so many outputs, from asset `in` to asset `out`.
    pub(crate) async fn job(&self, name: &str, outputs: usize) -> Job {
        self.asset("in").await;
        self.asset("out").await;
        self.transform("t", outputs).await;
        self.catalog.create_job("t", name, job_draft("in", &vec!["out"; outputs])).await.expect("a job")
    }

    /// The lease of the one job task that waits.
    pub(crate) async fn lease(&self) -> Lease {
        let mut leases = self.catalog.ledger().claim(&[ENCODE_TASK], "w", LEASE, 1).await.expect("a claim");
        leases.pop().expect("a job's task")
    }

    /// All events so far: type and data.
    pub(crate) async fn events(&self) -> Vec<(String, serde_json::Value)> {
        let events = self.catalog.ledger().events(0, 10_000).await.expect("events");
        events.into_iter().map(|stored| (stored.event.event_type, stored.event.data)).collect()
    }

    pub(crate) async fn event_types(&self) -> Vec<String> {
        let short = |(name, _): (String, _)| name.replace("Microsoft.Media.", "");
        self.events().await.into_iter().map(short).collect()
    }
}

pub(crate) fn setup() -> Setup {
    Setup {
        subscription_id: "00000000-0000-0000-0000-000000000001".into(),
        resource_group: "rg".into(),
        account_name: "acct".into(),
        location: "local".into(),
        storage_accounts: vec!["store".into()],
        streaming_host: "127.0.0.1:8080".into(),
        page_size: Some(3),
    }
}

pub(crate) fn ladder() -> TransformOutput {
    let preset = BuiltIn { name: BuiltInName::AdaptiveStreaming, configurations: None };
    TransformOutput {
        preset: Preset::BuiltIn(preset),
        on_error: Default::default(),
        relative_priority: Default::default(),
    }
}

pub(crate) fn clip(asset: &str) -> Clip {
    Clip {
        source: Source::Asset { name: asset.into() },
        files: vec!["a.mp4".into()],
        start: None,
        end: None,
        label: None,
    }
}

pub(crate) fn job_draft(input: &str, outputs: &[&str]) -> JobDraft {
    let output = |asset: &&str| OutputDraft { asset: (*asset).into(), label: None, preset_override: None };
    JobDraft {
        description: None,
        priority: Priority::Normal,
        correlation_data: BTreeMap::from([("k".into(), "v".into())]),
        input: JobInput::Clip(clip(input)),
        outputs: outputs.iter().map(output).collect(),
    }
}

/// Asserts on an error of a pattern, and shows what came instead.
macro_rules! refused {
    ($result:expr, $pattern:pat $(if $guard:expr)?) => {{
        let result = $result;
        assert!(matches!(&result, Err($pattern) $(if $guard)?), "{result:?}");
    }};
}
pub(crate) use refused;
