//! Making, changing and finding assets.

use jiff::Timestamp;
use millrace_blob::{Account as Storage, ContainerName};
use millrace_ledger::{Commit, Expect, Field};
use uuid::Uuid;

use super::{Asset, AssetDraft, Claim};
use crate::catalog::blob_error;
use crate::catalog::contend;
use crate::list::{self, Column, ListQuery, Page, column};
use crate::record::Record;
use crate::{Catalog, Error, Kind, Result, name};

/// Assets of an account (AMS quota).
pub const MAX_ASSETS: usize = 1_000_000;

const COLUMNS: &[Column] = &[
    column("name", Field::Name, list::ALL, true),
    column("properties/alternateId", Field::Alt, list::EQ, false),
    Column {
        property: "properties/assetId",
        field: Field::Id,
        cmps: list::EQ,
        order: false,
        canonical: list::guid,
    },
    column("properties/created", Field::Created, list::ALL, true),
    column("properties/lastModified", Field::Modified, list::ALL, true),
];

impl Catalog {
    /// An asset by name.
    pub async fn asset(&self, name: &str) -> Result<Asset> {
        Ok(self.found::<Asset>("", name).await?.1)
    }

    /// An asset by its id: what locators and tasks refer to.
    pub async fn asset_by_id(&self, id: Uuid) -> Result<Asset> {
        let stored = self.stored_by_id::<Asset>(id).await?;
        Asset::read(&stored.ok_or_else(|| Error::not_found(Kind::Asset, id.to_string()))?)
    }

    /// A page of the account's assets.
    pub async fn assets(&self, query: &ListQuery) -> Result<Page<Asset>> {
        self.page("", query, COLUMNS).await
    }

    /// The storage account of an asset's container, from which container SAS are signed.
    pub fn storage(&self, asset: &Asset) -> Result<&Storage> {
        let missing = || Error::not_found(Kind::StorageAccount, &asset.storage_account);
        self.blobs().account(&asset.storage_account).ok_or_else(missing)
    }

    /// Makes an asset with its container, or changes one as a `PATCH` does; whether it is new.
    pub async fn put_asset(&self, name: &str, draft: &AssetDraft) -> Result<(Asset, bool)> {
        name::check("name", name)?;
        draft.check()?;
        contend!(Kind::Asset, name, async {
            match self.stored::<Asset>("", name).await? {
                Some(_) => Ok(self.change_asset(name, draft).await?.map(|asset| (asset, false))),
                None => Ok(self.make_asset(name, draft).await?.map(|asset| (asset, true))),
            }
        })
    }

    /// Changes an asset's description and alternate id.
    pub async fn patch_asset(&self, name: &str, patch: &AssetDraft) -> Result<Asset> {
        patch.check()?;
        contend!(Kind::Asset, name, async { self.change_asset(name, patch).await })
    }

    async fn change_asset(&self, name: &str, draft: &AssetDraft) -> Result<Option<Asset>> {
        let (stored, mut asset) = self.found::<Asset>("", name).await?;
        let fixed = |field| Error::Immutable { kind: Kind::Asset, name: asset.name.clone(), field };
        if draft.container.as_ref().is_some_and(|container| container != asset.container.as_str()) {
            return Err(fixed("container"));
        }
        if draft
            .storage_account
            .as_ref()
            .is_some_and(|storage| !storage.eq_ignore_ascii_case(&asset.storage_account))
        {
            return Err(fixed("storageAccountName"));
        }
        set(&mut asset.alternate_id, &draft.alternate_id);
        set(&mut asset.description, &draft.description);
        let done = self.attempt(Commit::new().put(asset.replace(&stored)?)).await?;
        Ok(done.map(|receipt| {
            asset.modified = receipt.at;
            asset
        }))
    }

    /// The container comes first, so that an asset that can be seen has one. What a crash in between leaves is an empty container
    /// that no asset claims.
    async fn make_asset(&self, name: &str, draft: &AssetDraft) -> Result<Option<Asset>> {
        self.check_quota::<Asset>("", "assets", MAX_ASSETS).await?;
        let id = Uuid::new_v4();
        let mut asset = new_asset(id, draft, self.storage_name(draft)?)?;
        let storage = asset.storage_account.clone();
        if let Some(claim) = self.stored::<Claim>(&storage, asset.container.as_str()).await? {
            return Err(claimed(&asset.container, &Claim::read(&claim)?));
        }
        let bytes = self.storage(&asset)?;
        bytes.ensure_container(&asset.container).await.map_err(blob_error)?;
        let claim = Claim { asset: id, erasing: false };
        let claim = claim.put(&storage, asset.container.as_str())?.expect(Expect::Absent);
        let put = asset.put("", name)?.id(id.to_string()).expect(Expect::Absent);
        match self.attempt(Commit::new().put(claim).put(put)).await? {
            Some(receipt) => {
                (asset.created, asset.modified, asset.name) = (receipt.at, receipt.at, name.to_owned());
                Ok(Some(asset))
            }
            None => {
                if draft.container.is_none()
                    && let Err(error) = bytes.delete_container(&asset.container).await
                {
                    tracing::warn!(container = %asset.container, %error, "an unused container remains");
                }
                Ok(None)
            }
        }
    }

    fn storage_name(&self, draft: &AssetDraft) -> Result<String> {
        let known = &self.setup().storage_accounts;
        let found = match &draft.storage_account {
            None => known.first(),
            Some(wanted) => known.iter().find(|name| name.eq_ignore_ascii_case(wanted)),
        };
        let why = || Error::invalid("storageAccountName", "the account has no such storage account");
        found.cloned().ok_or_else(why)
    }
}

fn claimed(container: &ContainerName, claim: &Claim) -> Error {
    let why = if claim.erasing {
        "it belonged to an asset that was deleted and is still being emptied; try again soon"
    } else {
        "another asset has it"
    };
    Error::AlreadyExists { kind: Kind::Container, name: container.to_string(), why: why.into() }
}

fn new_asset(id: Uuid, draft: &AssetDraft, storage_account: String) -> Result<Asset> {
    let container = draft.container.clone().unwrap_or_else(|| format!("asset-{id}"));
    let container =
        ContainerName::new(container).map_err(|error| Error::invalid("container", error.to_string()))?;
    let mut asset = Asset {
        name: String::new(),
        id,
        created: Timestamp::default(),
        modified: Timestamp::default(),
        alternate_id: None,
        description: None,
        container,
        storage_account,
    };
    set(&mut asset.alternate_id, &draft.alternate_id);
    set(&mut asset.description, &draft.description);
    Ok(asset)
}

/// What is given replaces what is there; what is given empty removes it.
fn set(there: &mut Option<String>, given: &Option<String>) {
    if let Some(given) = given {
        *there = Some(given.clone()).filter(|text| !text.is_empty());
    }
}
