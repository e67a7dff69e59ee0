//! Listing blobs in name order, in pages, with folders.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};
use uuid::Uuid;

use crate::account::{Account, data_dir};
use crate::error::Error;
use crate::key::{self, Decoded};
use crate::name::{BlobName, ContainerName};
use crate::objects::LIST_PAGE;
use crate::properties::Head;
use crate::record::{self, BlobRecord};

/// Records read at a time for a page.
const FETCHES: usize = 16;
/// Most items of a page, as in Azure.
const MAX_PAGE: usize = 5000;
/// Folder of Millrace's own blobs: listed only by those who ask for it.
const INTERNAL: &str = "_millrace/";

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// Only names that begin so.
    pub prefix: String,
    /// Names that contain this after the prefix are given as one [`Item::Prefix`] up to and including it. Empty: none.
    pub delimiter: String,
    /// Continue after this ([`Page::next`]); empty: from the start.
    pub after: String,
    /// Items of the page; 0 and more than 5000 mean 5000.
    pub limit: usize,
    /// Leave out `_millrace/` unless the prefix begins with it.
    pub hide_internal: bool,
}

/// A listed name.
#[allow(clippy::large_enum_variant, reason = "nearly every item is the large one, and pages are bounded")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A blob and its facts.
    Blob(BlobName, Head),
    /// Common start of one or more names, delimiter included.
    Prefix(String),
}

/// A page of names, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Blobs and folders.
    pub items: Vec<Item>,
    /// Pass as [`List::after`] for the next page; `None` at the end.
    pub next: Option<String>,
}

/// A name as found, before its record is read.
enum Found {
    Blob(String, Option<Arc<BlobRecord>>),
    Prefix(String),
}

impl Account {
    /// A page of the container's blobs.
    pub async fn list(&self, container: &ContainerName, list: &List) -> Result<Page, Error> {
        let id = self.container_record(container).await?.id;
        let limit = if list.limit == 0 { MAX_PAGE } else { list.limit.min(MAX_PAGE) };
        let mut names = Names::new(self, id, list);
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(next) = names.next().await?
        {
            found.push(next);
        }
        let next = if found.len() == limit && names.next().await?.is_some() {
            found.last().map(|last| match last {
                Found::Blob(name, _) | Found::Prefix(name) => name.clone(),
            })
        } else {
            None
        };
        let fetches: Vec<_> = found.into_iter().map(|found| self.item(id, found)).collect();
        let items = futures_util::stream::iter(fetches).buffered(FETCHES);
        // A blob that was deleted meanwhile is left out.
        let items: Vec<Option<Item>> = items.try_collect().await?;
        Ok(Page { items: items.into_iter().flatten().collect(), next })
    }

    async fn item(&self, id: Uuid, found: Found) -> Result<Option<Item>, Error> {
        let (name, record) = match found {
            Found::Prefix(prefix) => return Ok(Some(Item::Prefix(prefix))),
            Found::Blob(name, record) => (name, record),
        };
        let name = BlobName::new(name).map_err(|error| Error::Damaged(error.to_string()))?;
        if let Some(record) = record {
            return Ok(Some(Item::Blob(name, record.head())));
        }
        // Past the cache: a walk over everything must not push out what the origin reads.
        match self.fetch(id, &name).await? {
            Some((record, _)) => Ok(Some(Item::Blob(name, record.head()))),
            None => Ok(None),
        }
    }
}

/// Names in order, fetched as needed.
struct Names<'a> {
    account: &'a Account,
    list: &'a List,
    dir: String,
    /// Keys up to here are done.
    after_key: String,
    keys: VecDeque<String>,
    exhausted: bool,
    /// Members of a group whose keys do not spell the name, sorted.
    group: VecDeque<(String, Arc<BlobRecord>)>,
    last_prefix: Option<String>,
}

impl<'a> Names<'a> {
    fn new(account: &'a Account, id: Uuid, list: &'a List) -> Self {
        let bound = key::lower_bound(&list.prefix).max(key::lower_bound(&list.after));
        let folder = !list.delimiter.is_empty()
            && list.after.ends_with(&list.delimiter)
            && list.after.len() > list.prefix.len();
        Self {
            account,
            list,
            dir: data_dir(id, "blobs"),
            after_key: bound,
            keys: VecDeque::new(),
            exhausted: false,
            group: VecDeque::new(),
            last_prefix: folder.then(|| list.after.clone()),
        }
    }

    async fn next(&mut self) -> Result<Option<Found>, Error> {
        while let Some((name, record)) = self.next_name().await? {
            if !name.starts_with(&self.list.prefix) {
                if name.as_str() > self.list.prefix.as_str() {
                    return Ok(None);
                }
                continue;
            }
            if self.list.hide_internal
                && name.starts_with(INTERNAL)
                && !self.list.prefix.starts_with(INTERNAL)
            {
                self.skip(INTERNAL);
                continue;
            }
            if let Some(folder) = self.folder(&name) {
                let seen = self.last_prefix.as_ref() == Some(&folder);
                self.skip(&folder);
                if seen || folder.as_str() <= self.list.after.as_str() {
                    continue;
                }
                self.last_prefix = Some(folder.clone());
                return Ok(Some(Found::Prefix(folder)));
            }
            if name.as_str() > self.list.after.as_str() || self.list.after.is_empty() {
                return Ok(Some(Found::Blob(name, record)));
            }
        }
        Ok(None)
    }

    fn folder(&self, name: &str) -> Option<String> {
        if self.list.delimiter.is_empty() {
            return None;
        }
        let start = self.list.prefix.len();
        let at = name.get(start..)?.find(&self.list.delimiter)?;
        name.get(..start + at + self.list.delimiter.len()).map(str::to_owned)
    }

    /// Leaves out everything that begins with `folder`.
    fn skip(&mut self, folder: &str) {
        if let Some(bound) = key::upper_bound(folder) {
            let rest = self.keys.partition_point(|key| *key <= bound);
            self.keys.drain(..rest);
            if bound > self.after_key {
                self.after_key = bound;
            }
        }
        self.group.retain(|(name, _)| !name.starts_with(folder));
    }

    async fn next_name(&mut self) -> Result<Option<(String, Option<Arc<BlobRecord>>)>, Error> {
        loop {
            if let Some((name, record)) = self.group.pop_front() {
                return Ok(Some((name, Some(record))));
            }
            let Some(key) = self.next_key().await? else { return Ok(None) };
            match key::decode(&key) {
                Some(Decoded::Name(name)) => return Ok(Some((name, None))),
                Some(Decoded::Hashed { group }) => self.load_group(key, &group).await?,
                None => tracing::warn!(key, "a file in the store that is not a blob record"),
            }
        }
    }

    /// Reads the run of keys that share their spelled-out part, to order them by their whole names.
    async fn load_group(&mut self, first: String, group: &str) -> Result<(), Error> {
        let mut key = first;
        let mut members = Vec::new();
        loop {
            let path = format!("{}/{key}", self.dir);
            if let Some((bytes, _)) = self.account.inner.objects.get(&path).await? {
                let record: BlobRecord = record::from_bytes(&bytes)?;
                members.push((record.name.clone(), Arc::new(record)));
            }
            let more = self.peek_key().await?.is_some_and(
                |next| matches!(key::decode(next), Some(Decoded::Hashed { group: other }) if other == group),
            );
            match more.then(|| self.keys.pop_front()).flatten() {
                Some(next) => key = next,
                None => break,
            }
        }
        members.sort_by(|(left, _), (right, _)| left.cmp(right));
        self.group = members.into();
        Ok(())
    }

    async fn next_key(&mut self) -> Result<Option<String>, Error> {
        self.peek_key().await?;
        Ok(self.keys.pop_front())
    }

    async fn peek_key(&mut self) -> Result<Option<&String>, Error> {
        if self.keys.is_empty() && !self.exhausted {
            let page = self.account.inner.objects.list(&self.dir, &self.after_key, LIST_PAGE).await?;
            // A local directory answers with everything; a remote one with a page.
            self.exhausted = page.len() < LIST_PAGE || self.account.inner.objects.on_disk().is_some();
            if let Some(last) = page.last() {
                self.after_key = last.clone();
            }
            self.keys = page.into();
        }
        Ok(self.keys.front())
    }
}
