//! Deleting assets: gone for everyone in one commit, and the bytes follow by a task that a crash only delays.

use millrace_ledger::runner::{Context, Verdict};
use millrace_ledger::{Commit, Expect, Expr, Field, NewTask, Query};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Asset, Claim};
use crate::catalog::contend;
use crate::filter::AssetFilter;
use crate::locator::{INDEX_TASK, Locator};
use crate::record::Record;
use crate::{Catalog, Kind, Result};

/// Ledger task that deletes the container of a deleted asset.
pub const ERASE_TASK: &str = "asset.erase";
/// Attempts to delete a container: with the back-off's ceiling of five minutes, days of a broken store.
const ATTEMPTS: u32 = 1000;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Erase {
    storage_account: String,
    container: String,
}

impl Catalog {
    /// Deletes an asset with its locators, filters and container; whether there was one. When this returns nothing is served from
    /// it any more, and the bytes will be deleted whatever happens.
    pub async fn delete_asset(&self, name: &str) -> Result<bool> {
        let _children = self.parents().write().await;
        contend!(Kind::Asset, name, async {
            let Some(stored) = self.stored::<Asset>("", name).await? else { return Ok(Some(false)) };
            let asset = Asset::read(&stored)?;
            let commit = self.erasing(&asset)?.delete(Asset::KIND, "", name, Expect::Version(stored.version));
            let mut commit =
                commit.delete_scope(AssetFilter::KIND, &stored.id).cancel(INDEX_TASK, &stored.id);
            let locators = Query::new(Locator::KIND, "")
                .filter(Expr::eq(Field::Alt, stored.id.clone()))
                .limit(usize::MAX);
            for locator in self.ledger().list(&locators).await.map_err(crate::catalog::read_error)?.items {
                commit = commit.delete(Locator::KIND, "", locator.name, Expect::Any);
            }
            Ok(self.attempt(commit).await?.map(|_| true))
        })
    }

    /// The claim stays until the bytes are gone; the task sees to them.
    fn erasing(&self, asset: &Asset) -> Result<Commit> {
        let (storage, container) = (asset.storage_account.clone(), asset.container.to_string());
        let claim = Claim { asset: asset.id, erasing: true }.put(&storage, &container)?;
        let key = format!("{storage}/{container}");
        let body = serde_json::to_value(Erase { storage_account: storage, container });
        let body = body.map_err(|error| crate::Error::Ledger(Box::new(error)))?;
        Ok(Commit::new()
            .put(claim)
            .enqueue(NewTask::new(ERASE_TASK, key, body).retry(ATTEMPTS, Default::default())))
    }

    /// Handles one [`ERASE_TASK`]; may be repeated.
    pub async fn run_erase(&self, context: Context) -> Verdict {
        let Ok(Erase { storage_account, container }) = serde_json::from_value(context.task().body.clone())
        else {
            return Verdict::fail("the task names no container".into());
        };
        let (Some(storage), Ok(name)) = (self.blobs().account(&storage_account), container.parse()) else {
            return Verdict::retry(format!("storage account '{storage_account}' is not open"));
        };
        match storage.delete_container(&name).await {
            Ok(()) | Err(millrace_blob::Error::ContainerNotFound) => {
                let release = Commit::new().delete(Claim::KIND, storage_account, container, Expect::Any);
                Verdict::done(Value::Null).with(release)
            }
            Err(error) => Verdict::retry(error),
        }
    }
}
