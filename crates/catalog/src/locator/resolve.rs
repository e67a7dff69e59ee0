//! From the GUID in a URL to everything that a request under it needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use millrace_ledger::Query;
use millrace_package::filter::Filter;
use uuid::Uuid;

use super::Locator;
use crate::asset::Asset;
use crate::catalog::read_error;
use crate::endpoint::{DEFAULT, EndpointState};
use crate::filter::{AccountFilter, AssetFilter, FilterRules, MAX_FILTERS};
use crate::policy::Protocols;
use crate::record::Record;
use crate::{Catalog, Error, Kind, Result};

/// A locator with what it leads to. Shared: a clone costs one count.
#[derive(Debug)]
pub struct Located {
    /// The locator.
    pub locator: Locator,
    /// Its asset.
    pub asset: Asset,
    /// What its policy opens.
    pub protocols: Protocols,
    /// Seconds that the endpoint lets caches keep manifests; `None`: the origin's own choice.
    pub max_cache_age_s: Option<u64>,
    /// Whether the streaming endpoint runs.
    running: bool,
    /// Lower-case name to filter; those of the asset went before those of the account.
    filters: BTreeMap<String, Filter>,
}

/// Why nothing is served under a GUID.
#[derive(Debug, thiserror::Error)]
pub enum LocatorError {
    /// No locator has it (or no longer): 404.
    #[error("there is no such streaming locator")]
    NotFound,
    /// It is not open yet: 403 until then.
    #[error("the streaming locator opens at {start}")]
    NotYet {
        /// When it opens.
        start: Timestamp,
    },
    /// It is closed: 403, or 410.
    #[error("the streaming locator closed at {end}")]
    Expired {
        /// When it closed.
        end: Timestamp,
    },
    /// The streaming endpoint is stopped: 503.
    #[error("the streaming endpoint is stopped")]
    Stopped,
    /// It could not be looked up: 500.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Located {
    /// The filters of a request: the locator's own, then those named in the URL. `Err` with the name that neither the asset nor the
    /// account knows.
    pub fn filters<'a>(&'a self, named: &[&'a str]) -> Result<Vec<Filter>, &'a str> {
        let all = self.locator.filters.iter().map(String::as_str).chain(named.iter().copied());
        all.map(|name| self.filters.get(&name.to_lowercase()).cloned().ok_or(name)).collect()
    }

    fn check(&self, now: Timestamp) -> Result<(), LocatorError> {
        if !self.running {
            return Err(LocatorError::Stopped);
        }
        if let Some(start) = self.locator.start.filter(|start| now < *start) {
            return Err(LocatorError::NotYet { start });
        }
        match self.locator.end.filter(|end| now >= *end) {
            Some(end) => Err(LocatorError::Expired { end }),
            None => Ok(()),
        }
    }
}

impl Catalog {
    /// What is served under `id` at `now`. Cheap: answers come from memory until something they rest on changes, and a deletion that
    /// was answered is never outlived.
    pub async fn resolve_locator(&self, id: Uuid, now: Timestamp) -> Result<Arc<Located>, LocatorError> {
        let located = match self.cache().get(id) {
            Ok(located) => located,
            Err(ticket) => {
                let located = Arc::new(self.load_locator(id).await?.ok_or(LocatorError::NotFound)?);
                self.cache().insert(ticket, id, Arc::clone(&located));
                located
            }
        };
        located.check(now)?;
        Ok(located)
    }

    async fn load_locator(&self, id: Uuid) -> Result<Option<Located>> {
        let Some(stored) = self.stored_by_id::<Locator>(id).await? else { return Ok(None) };
        let locator = Locator::read(&stored)?;
        let Some(asset) = self.stored_by_id::<Asset>(locator.asset_id).await? else { return Ok(None) };
        let asset = Asset::read(&asset)?;
        let protocols = match self.policy(&locator.policy).await {
            Err(Error::NotFound { .. }) => return Ok(None),
            other => other?.protocols,
        };
        let endpoint = self.endpoint(DEFAULT).await?;
        let mut filters = BTreeMap::new();
        self.load_filters::<AccountFilter>("", |filter| &filter.rules, |filter| &filter.name, &mut filters)
            .await?;
        let scope = asset.id.to_string();
        self.load_filters::<AssetFilter>(&scope, |filter| &filter.rules, |filter| &filter.name, &mut filters)
            .await?;
        let running = endpoint.state == EndpointState::Running;
        Ok(Some(Located {
            locator,
            asset,
            protocols,
            max_cache_age_s: endpoint.max_cache_age_s,
            running,
            filters,
        }))
    }

    async fn load_filters<T: Record>(
        &self,
        scope: &str,
        rules: impl Fn(&T) -> &FilterRules,
        name: impl Fn(&T) -> &String,
        into: &mut BTreeMap<String, Filter>,
    ) -> Result<()> {
        let query = Query::new(T::KIND, scope).limit(2 * MAX_FILTERS);
        for stored in self.ledger().list(&query).await.map_err(read_error)?.items {
            let filter = T::read(&stored)?;
            let unreadable = |error: Error| Error::Unreadable {
                kind: Kind::AccountFilter,
                name: stored.name.clone(),
                why: error.to_string(),
            };
            into.insert(name(&filter).to_lowercase(), rules(&filter).to_package().map_err(unreadable)?);
        }
        Ok(())
    }
}
