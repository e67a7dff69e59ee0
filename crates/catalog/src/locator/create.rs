//! Making locators.

use jiff::Timestamp;
use millrace_ledger::{Commit, Expect, IfExists, NewTask};
use serde_json::json;
use uuid::Uuid;

use super::{INDEX_TASK, Locator, MAX_LOCATOR_FILTERS, MAX_LOCATORS};
use crate::asset::Asset;
use crate::catalog::contend;
use crate::filter::{AccountFilter, AssetFilter};
use crate::record::Record;
use crate::{Catalog, Error, Kind, Result, name};

/// Longest `alternativeMediaId`, in bytes.
const MAX_MEDIA_ID: usize = 260;
/// Attempts to index an asset: a store may be slow, but a file that cannot be read stays so.
const INDEX_ATTEMPTS: u32 = 5;

/// What a client says of a locator.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocatorDraft {
    /// Name of an asset that exists.
    pub asset: String,
    /// Name of a policy that exists.
    pub policy: String,
    /// `None`: the service chooses. A chosen one gives URLs that are known beforehand.
    pub id: Option<Uuid>,
    /// `None`: at once.
    pub start: Option<Timestamp>,
    /// `None`: never ends.
    pub end: Option<Timestamp>,
    /// Free.
    pub alternative_media_id: Option<String>,
    /// Names of filters of the asset or account.
    pub filters: Vec<String>,
}

impl Catalog {
    /// Publishes an asset. If the asset has no presentation yet, the same commit puts [`INDEX_TASK`] into the queue, which makes one of
    /// the media files it finds.
    pub async fn create_locator(&self, name: &str, draft: &LocatorDraft) -> Result<Locator> {
        name::check("name", name)?;
        check(draft)?;
        let _child = self.parents().read().await;
        contend!(Kind::StreamingLocator, name, async { self.try_locator(name, draft).await })
    }

    async fn try_locator(&self, name: &str, draft: &LocatorDraft) -> Result<Option<Locator>> {
        if self.stored::<Locator>("", name).await?.is_some() {
            return Err(taken(
                name,
                "streaming locators cannot be changed; delete it first, or choose another name",
            ));
        }
        let (stored, asset) = match self.found::<Asset>("", &draft.asset).await {
            Err(Error::NotFound { .. }) => {
                return Err(Error::invalid("assetName", format!("there is no asset '{}'", draft.asset)));
            }
            other => other?,
        };
        let policy = self.policy_for_locator(&draft.policy).await?;
        self.check_locator_filters(&asset, &draft.filters).await?;
        if self.locators_of(asset.id).await?.len() >= MAX_LOCATORS {
            return Err(Error::Quota { what: "streaming locators of one asset", limit: MAX_LOCATORS });
        }
        let id = draft.id.unwrap_or_else(Uuid::new_v4);
        if let Some(other) = self.stored_by_id::<Locator>(id).await? {
            let why = format!("streaming locator '{}' has this streamingLocatorId", other.name);
            return Err(taken(&id.to_string(), &why));
        }
        let mut locator = new_locator(id, &asset, policy.name, draft);
        let put = locator.put("", name)?.id(id.to_string()).expect(Expect::Absent);
        let mut commit = Commit::new().require(Asset::KIND, "", stored.name, Expect::Exists).put(put);
        if self.presentation(&asset).await?.is_none() {
            commit = commit.enqueue(index_task(&asset));
        }
        let done = self.attempt(commit).await?;
        Ok(done.map(|receipt| {
            (locator.created, locator.modified, locator.name) = (receipt.at, receipt.at, name.to_owned());
            locator
        }))
    }

    async fn check_locator_filters(&self, asset: &Asset, filters: &[String]) -> Result<()> {
        for (index, filter) in filters.iter().enumerate() {
            let of_asset = self.stored::<AssetFilter>(&asset.id.to_string(), filter).await?.is_some();
            if !of_asset && self.stored::<AccountFilter>("", filter).await?.is_none() {
                let why = format!("neither the asset nor the account has a filter '{filter}'");
                return Err(Error::invalid(format!("filters[{index}]"), why));
            }
        }
        Ok(())
    }

    /// Puts an asset into the queue for indexing, as a locator's creation does: for media that came after the locator. Does nothing
    /// while it waits there already.
    pub async fn request_index(&self, asset: &Asset) -> Result<()> {
        self.attempt(Commit::new().enqueue(index_task(asset))).await.map(drop)
    }
}

fn index_task(asset: &Asset) -> NewTask {
    NewTask::new(INDEX_TASK, asset.id.to_string(), json!({"asset": asset.id}))
        .if_exists(IfExists::RunAgain)
        .retry(INDEX_ATTEMPTS, Default::default())
}

fn taken(name: &str, why: &str) -> Error {
    Error::AlreadyExists { kind: Kind::StreamingLocator, name: name.into(), why: why.into() }
}

fn check(draft: &LocatorDraft) -> Result<()> {
    if draft.filters.len() > MAX_LOCATOR_FILTERS {
        return Err(Error::invalid("filters", format!("at most {MAX_LOCATOR_FILTERS} filters are allowed")));
    }
    if draft.alternative_media_id.as_ref().is_some_and(|id| id.len() > MAX_MEDIA_ID) {
        return Err(Error::invalid(
            "alternativeMediaId",
            format!("the id is longer than {MAX_MEDIA_ID} bytes"),
        ));
    }
    match (draft.start, draft.end) {
        (Some(start), Some(end)) if end <= start => {
            Err(Error::invalid("endTime", "the locator ends before it starts"))
        }
        _ => Ok(()),
    }
}

fn new_locator(id: Uuid, asset: &Asset, policy: String, draft: &LocatorDraft) -> Locator {
    Locator {
        name: String::new(),
        id,
        created: Timestamp::default(),
        modified: Timestamp::default(),
        asset: asset.name.clone(),
        asset_id: asset.id,
        policy,
        start: draft.start,
        end: draft.end,
        alternative_media_id: draft.alternative_media_id.clone(),
        filters: draft.filters.clone(),
    }
}
