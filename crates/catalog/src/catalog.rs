//! The handle, and the few patterns that all verbs share: find, list, commit, contend.

use std::sync::Arc;

use jiff::Timestamp;
use millrace_blob::Blobs;
use millrace_ledger::runner::Runner;
use millrace_ledger::{Commit, CommitError, Expect, Ledger, ReadError, Receipt, Resource};
use tokio::sync::RwLock;
use uuid::Uuid;

use crate::account::Account;
use crate::list::{self, Column, ListQuery, Page};
use crate::locator::Cache;
use crate::record::Record;
use crate::{Error, Kind, Result, account, asset, endpoint, job, locator, policy};

/// Times a verb is tried again when someone else changed what it read. Each loss means that another one won.
pub(crate) const TRIES: usize = 16;
/// Items of a page, unless set otherwise.
const PAGE: usize = 100;
/// Containers deleted at a time: disk work that must not crowd out the living.
const ERASE_CONCURRENCY: usize = 2;
/// Assets indexed at a time.
const INDEX_CONCURRENCY: usize = 2;
/// Cancelled jobs waited for at a time; each only listens.
const CANCEL_CONCURRENCY: usize = 64;

/// What the catalog is opened with. Identity is fixed at first start; later starts must give the same names.
#[derive(Debug, Clone)]
pub struct Setup {
    /// `/subscriptions/{this}`.
    pub subscription_id: String,
    /// `/resourceGroups/{this}`.
    pub resource_group: String,
    /// `/mediaServices/{this}`.
    pub account_name: String,
    /// ARM's region, such as `local`.
    pub location: String,
    /// Names of the storage accounts, the primary first; all are open in [`Blobs`].
    pub storage_accounts: Vec<String>,
    /// Host (and port) under which players reach the `default` streaming endpoint.
    pub streaming_host: String,
    /// Items of a page of a list; `None`: 100.
    pub page_size: Option<usize>,
}

/// Reads and commits until nobody else was faster: `$turn` is an async block that answers `None` to be tried again.
///
/// A macro and not a function of a closure: of a future that holds an async closure the compiler cannot tell that it is `Send`, so
/// no server could spawn it.
macro_rules! contend {
    ($kind:expr, $name:expr, $turn:expr) => {{
        let mut tries = 0;
        loop {
            if let Some(done) = $crate::catalog::turn($turn).await? {
                break Ok(done);
            }
            tries += 1;
            if tries == $crate::catalog::TRIES {
                break Err($crate::Error::Contended { kind: $kind, name: String::from($name) });
            }
        }
    }};
}
pub(crate) use contend;

/// Says what a turn of [`contend!`] is, so that its block need not.
pub(crate) fn turn<T>(
    turn: impl Future<Output = Result<Option<T>>> + Send,
) -> impl Future<Output = Result<Option<T>>> + Send {
    turn
}

/// The domain: a cheap handle over ledger and blobs.
#[derive(Clone)]
pub struct Catalog {
    inner: Arc<Inner>,
}

struct Inner {
    ledger: Ledger,
    blobs: Blobs,
    setup: Setup,
    cache: Cache,
    /// Read while a child is made (a job, a locator, a filter), written while a parent is deleted: a child that was answered is
    /// seen by the deletion. The ledger runs in one process, so a lock in memory is enough.
    parents: RwLock<()>,
}

impl Catalog {
    /// Opens the catalog; at first start makes the account, the `default` streaming endpoint (running) and the predefined
    /// policies, in one commit.
    pub async fn open(ledger: Ledger, blobs: Blobs, setup: Setup) -> Result<Self> {
        let cache = Cache::new(&ledger);
        let catalog =
            Catalog { inner: Arc::new(Inner { ledger, blobs, setup, cache, parents: RwLock::new(()) }) };
        catalog.seed().await?;
        Ok(catalog)
    }

    async fn seed(&self) -> Result<()> {
        contend!(Kind::Account, &self.inner.setup.account_name, async {
            let commit = account::seed(self).await?;
            let commit = endpoint::seed(self, commit).await?;
            let commit = policy::seed(self, commit).await?;
            if commit.is_empty() { Ok(Some(())) } else { Ok(self.attempt(commit).await?.map(drop)) }
        })
    }

    /// Adds the catalog's own background work to a runner: deleting the bytes of deleted assets, indexing published assets, ending
    /// cancelled jobs.
    pub fn register(&self, runner: Runner) -> Runner {
        let (erase, index, cancel) = (self.clone(), self.clone(), self.clone());
        runner
            .on(asset::ERASE_TASK, ERASE_CONCURRENCY, move |context| {
                let catalog = erase.clone();
                async move { catalog.run_erase(context).await }
            })
            .on(locator::INDEX_TASK, INDEX_CONCURRENCY, move |context| {
                let catalog = index.clone();
                async move { catalog.run_index(context).await }
            })
            .on(job::CANCEL_TASK, CANCEL_CONCURRENCY, move |context| {
                let catalog = cancel.clone();
                async move { catalog.run_cancel(context).await }
            })
    }

    /// The ledger below.
    pub fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }

    /// The blob store below.
    pub fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    /// What the catalog was opened with.
    pub fn setup(&self) -> &Setup {
        &self.inner.setup
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.inner.cache
    }

    pub(crate) fn parents(&self) -> &RwLock<()> {
        &self.inner.parents
    }

    /// The ledger's time.
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.ledger.clock().now()
    }

    /// The account's resource id: the topic of its events, and the prefix of all other resource ids.
    pub fn topic(&self) -> String {
        let setup = &self.inner.setup;
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Media/mediaservices/{}",
            setup.subscription_id, setup.resource_group, setup.account_name
        )
    }

    pub(crate) async fn stored<T: Record>(&self, scope: &str, name: &str) -> Result<Option<Resource>> {
        self.inner.ledger.get(T::KIND, scope, name).await.map_err(read_error)
    }

    pub(crate) async fn stored_by_id<T: Record>(&self, id: Uuid) -> Result<Option<Resource>> {
        self.inner.ledger.get_by_id(T::KIND, &id.to_string()).await.map_err(read_error)
    }

    pub(crate) async fn found<T: Record>(&self, scope: &str, name: &str) -> Result<(Resource, T)> {
        let stored = self.stored::<T>(scope, name).await?.ok_or_else(|| Error::not_found(T::NAMED, name))?;
        let record = T::read(&stored)?;
        Ok((stored, record))
    }

    pub(crate) async fn page<T: Record>(
        &self,
        scope: &str,
        query: &ListQuery,
        columns: &[Column],
    ) -> Result<Page<T>> {
        if query.top == Some(0) && query.token.is_none() {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let size = self.inner.setup.page_size.unwrap_or(PAGE);
        let (plan, top) = query.plan(T::KIND, scope, columns, size)?;
        let page = self.inner.ledger.list(&plan).await.map_err(read_error)?;
        let next = list::next_token(top, page.items.len(), page.next);
        Ok(Page { items: page.items.iter().map(T::read).collect::<Result<_>>()?, next })
    }

    /// Commits; `None` if the commit did not happen because something it relied on had changed.
    pub(crate) async fn attempt(&self, commit: Commit) -> Result<Option<Receipt>> {
        match self.inner.ledger.commit(commit).await {
            Ok(receipt) => Ok(Some(receipt)),
            // An id that was free when it was looked for: looking again will say who has it.
            Err(CommitError::Precondition { .. } | CommitError::IdTaken { .. }) => Ok(None),
            Err(CommitError::LeaseLost { .. }) => Err(Error::LeaseLost),
            Err(other) => Err(Error::Ledger(Box::new(other))),
        }
    }

    /// Deletes a resource that nothing hangs on; whether there was one.
    pub(crate) async fn remove<T: Record>(&self, scope: &str, name: &str) -> Result<bool> {
        if self.stored::<T>(scope, name).await?.is_none() {
            return Ok(false);
        }
        let gone = self.attempt(Commit::new().delete(T::KIND, scope, name, Expect::Exists)).await?;
        Ok(gone.is_some())
    }

    /// Refuses a creation beyond a documented limit.
    pub(crate) async fn check_quota<T: Record>(
        &self,
        scope: &str,
        what: &'static str,
        limit: usize,
    ) -> Result<()> {
        let query = millrace_ledger::Query::new(T::KIND, scope);
        let count = self.inner.ledger.count(&query).await.map_err(read_error)?;
        if count >= limit as u64 { Err(Error::Quota { what, limit }) } else { Ok(()) }
    }

    /// The account.
    pub async fn account(&self) -> Result<Account> {
        Ok(self.found::<Account>("", &self.inner.setup.account_name).await?.1)
    }
}

pub(crate) fn read_error(error: ReadError) -> Error {
    match error {
        ReadError::Query(refused) => Error::invalid("$filter", refused.to_string()),
        ReadError::Fault(fault) => Error::Ledger(Box::new(fault)),
    }
}

pub(crate) fn blob_error(error: millrace_blob::Error) -> Error {
    Error::Blob(Box::new(error))
}
