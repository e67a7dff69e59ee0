//! Streaming endpoints.
//!
//! There is one, `default`. AMS makes it stopped, because a running one costs money there; here it starts running, because who
//! has just installed the service expects what they publish to play.

use std::collections::BTreeMap;

use jiff::Timestamp;
use millrace_ledger::{Commit, Expect, Field};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalog::contend;
use crate::list::{self, Column, ListQuery, Page, column};
use crate::preset::codec_choices as choices;
use crate::record::{Record, attach};
use crate::{Catalog, Error, Kind, Result, name};

/// The endpoint's name.
pub const DEFAULT: &str = "default";
/// Own host names of an endpoint; each needs its own certificate.
const MAX_HOST_NAMES: usize = 20;

/// A streaming endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// Its name.
    #[serde(skip)]
    pub name: String,
    /// Given by the service.
    #[serde(skip)]
    pub id: Uuid,
    /// When it was made.
    #[serde(skip)]
    pub created: Timestamp,
    /// When it last changed.
    #[serde(skip)]
    pub modified: Timestamp,
    /// Where players find it; follows [`crate::Setup::streaming_host`] at every start.
    #[serde(skip)]
    pub host_name: String,
    /// Whether it serves.
    pub state: EndpointState,
    /// Free text.
    pub description: Option<String>,
    /// Free.
    pub tags: BTreeMap<String, String>,
    /// 0 is Standard; only reported.
    pub scale_units: u32,
    /// Further names that it answers to.
    pub custom_host_names: Vec<String>,
    /// Seconds that caches may keep manifests of finished titles; `None`: the origin's own choice.
    pub max_cache_age_s: Option<u64>,
}

choices! {
    /// Whether an endpoint serves. Changes are immediate, so there are no states between.
    EndpointState {
        /// Every request is refused.
        Stopped = "Stopped",
        /// It serves.
        #[default]
        Running = "Running",
    }
}

/// What a client changes of an endpoint; `None` leaves what is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EndpointPatch {
    /// Free text.
    pub description: Option<String>,
    /// All tags.
    pub tags: Option<BTreeMap<String, String>>,
    /// All of them.
    pub custom_host_names: Option<Vec<String>>,
    /// Seconds.
    pub max_cache_age_s: Option<u64>,
    /// Reported back.
    pub scale_units: Option<u32>,
}

impl Record for Endpoint {
    const KIND: &'static str = "endpoint";
    const NAMED: Kind = Kind::StreamingEndpoint;
    const VERSION: u64 = 1;
    attach!();

    fn columns(&self) -> (String, String, Option<Timestamp>) {
        (String::new(), self.state.as_str().into(), None)
    }
}

pub(crate) async fn seed(catalog: &Catalog, commit: Commit) -> Result<Commit> {
    if catalog.stored::<Endpoint>("", DEFAULT).await?.is_some() {
        return Ok(commit);
    }
    let endpoint = Endpoint {
        name: String::new(),
        id: Uuid::nil(),
        created: Timestamp::default(),
        modified: Timestamp::default(),
        host_name: String::new(),
        state: EndpointState::Running,
        description: None,
        tags: BTreeMap::new(),
        scale_units: 0,
        custom_host_names: Vec::new(),
        max_cache_age_s: None,
    };
    Ok(commit.put(endpoint.put("", DEFAULT)?.id(Uuid::new_v4().to_string()).expect(Expect::Absent)))
}

const COLUMNS: &[Column] = &[column("name", Field::Name, list::EQ, true)];

impl Catalog {
    /// An endpoint by name.
    pub async fn endpoint(&self, name: &str) -> Result<Endpoint> {
        Ok(self.with_host(self.found::<Endpoint>("", name).await?.1))
    }

    /// A page of endpoints.
    pub async fn endpoints(&self, query: &ListQuery) -> Result<Page<Endpoint>> {
        let page = self.page::<Endpoint>("", query, COLUMNS).await?;
        Ok(Page {
            items: page.items.into_iter().map(|endpoint| self.with_host(endpoint)).collect(),
            next: page.next,
        })
    }

    /// Starts it; nothing happens to one that runs.
    pub async fn start_endpoint(&self, name: &str) -> Result<Endpoint> {
        self.change_endpoint(name, |endpoint| endpoint.state = EndpointState::Running).await
    }

    /// Stops it; nothing happens to one that is stopped.
    pub async fn stop_endpoint(&self, name: &str) -> Result<Endpoint> {
        self.change_endpoint(name, |endpoint| endpoint.state = EndpointState::Stopped).await
    }

    /// Changes what the patch gives.
    pub async fn patch_endpoint(&self, name: &str, patch: &EndpointPatch) -> Result<Endpoint> {
        check(patch)?;
        self.change_endpoint(name, |endpoint| {
            let EndpointPatch { description, tags, custom_host_names, max_cache_age_s, scale_units } =
                patch.clone();
            endpoint.description = description.or(endpoint.description.take());
            endpoint.tags = tags.unwrap_or_else(|| endpoint.tags.clone());
            endpoint.custom_host_names =
                custom_host_names.unwrap_or_else(|| endpoint.custom_host_names.clone());
            endpoint.max_cache_age_s = max_cache_age_s.or(endpoint.max_cache_age_s);
            endpoint.scale_units = scale_units.unwrap_or(endpoint.scale_units);
        })
        .await
    }

    async fn change_endpoint(
        &self,
        name: &str,
        change: impl Fn(&mut Endpoint) + Send + Sync,
    ) -> Result<Endpoint> {
        contend!(Kind::StreamingEndpoint, name, async {
            let (stored, mut endpoint) = self.found::<Endpoint>("", name).await?;
            let before = endpoint.clone();
            change(&mut endpoint);
            if endpoint != before {
                let Some(receipt) = self.attempt(Commit::new().put(endpoint.replace(&stored)?)).await? else {
                    return Ok(None);
                };
                endpoint.modified = receipt.at;
            }
            Ok(Some(self.with_host(endpoint)))
        })
    }

    fn with_host(&self, mut endpoint: Endpoint) -> Endpoint {
        endpoint.host_name = self.setup().streaming_host.clone();
        endpoint
    }
}

fn check(patch: &EndpointPatch) -> Result<()> {
    name::check_text("description", patch.description.as_deref())?;
    let hosts = patch.custom_host_names.as_deref().unwrap_or_default();
    if hosts.len() > MAX_HOST_NAMES {
        return Err(Error::invalid(
            "customHostNames",
            format!("at most {MAX_HOST_NAMES} host names are allowed"),
        ));
    }
    for (index, host) in hosts.iter().enumerate() {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        if host.is_empty() || host.len() > 253 || !host.chars().all(legal) {
            return Err(Error::invalid(format!("customHostNames[{index}]"), "this is no host name"));
        }
    }
    Ok(())
}
