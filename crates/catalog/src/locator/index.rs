//! Indexing published assets: other people's MP4 files become a presentation without being encoded again.

use millrace_ledger::runner::{Context, Verdict};
use serde_json::Value;
use uuid::Uuid;

use crate::{Catalog, Error};

/// Ledger task that indexes an asset: key is the asset's id, body is `{"asset": id}`.
pub const INDEX_TASK: &str = "package.index";

impl Catalog {
    /// Handles one [`INDEX_TASK`]; may be repeated.
    pub async fn run_index(&self, context: Context) -> Verdict {
        let id =
            context.task().body.get("asset").and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
        let Some(id) = id else { return Verdict::fail("the task names no asset".into()) };
        match self.asset_by_id(id).await {
            Ok(asset) => match self.presentation(&asset).await {
                Ok(_) => Verdict::done(Value::Null),
                Err(error) => Verdict::retry(error),
            },
            Err(Error::NotFound { .. }) => Verdict::done(Value::Null),
            Err(error) => Verdict::retry(error),
        }
    }
}
