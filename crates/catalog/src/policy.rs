//! Streaming policies: which protocols a locator opens.
//!
//! The predefined clear policies are stored like any other, so that lists are one query. The predefined policies with encryption are
//! not listed, and a locator that names one is refused with a sentence, until there is content protection.

use jiff::Timestamp;
use millrace_ledger::{Commit, Expect, Field};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::list::{self, Column, ListQuery, Page, column};
use crate::record::{Record, attach};
use crate::{Catalog, Error, Kind, Result, name};

/// Policies of an account (AMS quota).
pub const MAX_POLICIES: usize = 100;
/// Prefix of names that only the service gives.
const PREDEFINED: &str = "Predefined_";
/// The clear ones: name, download, streaming.
const CLEAR: &[(&str, bool, bool)] = &[
    ("Predefined_DownloadOnly", true, false),
    ("Predefined_ClearStreamingOnly", false, true),
    ("Predefined_DownloadAndClearStreaming", true, true),
];
/// Those that need content protection.
const PROTECTED: &[&str] =
    &["Predefined_ClearKey", "Predefined_MultiDrmCencStreaming", "Predefined_MultiDrmStreaming"];

/// A streaming policy; all are clear (`noEncryption`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Unique in the account.
    #[serde(skip)]
    pub name: String,
    /// Given by the service.
    #[serde(skip)]
    pub id: Uuid,
    /// When it was made.
    #[serde(skip)]
    pub created: Timestamp,
    /// As `created`: policies do not change.
    #[serde(skip)]
    pub modified: Timestamp,
    /// What it opens without encryption.
    pub protocols: Protocols,
}

/// `EnabledProtocols`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Protocols {
    /// Files as they are.
    pub download: bool,
    /// MPEG-DASH.
    pub dash: bool,
    /// HLS.
    pub hls: bool,
    /// Smooth Streaming.
    pub smooth: bool,
}

impl Record for Policy {
    const KIND: &'static str = "policy";
    const NAMED: Kind = Kind::StreamingPolicy;
    const VERSION: u64 = 1;
    attach!();
}

impl Policy {
    /// Whether the service made it.
    pub fn is_predefined(&self) -> bool {
        is_predefined(&self.name)
    }
}

fn is_predefined(name: &str) -> bool {
    name.get(..PREDEFINED.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREDEFINED))
}

pub(crate) async fn seed(catalog: &Catalog, mut commit: Commit) -> Result<Commit> {
    for (name, download, streaming) in CLEAR {
        if catalog.stored::<Policy>("", name).await?.is_none() {
            let protocols =
                Protocols { download: *download, dash: *streaming, hls: *streaming, smooth: *streaming };
            commit = commit.put(
                new_policy(protocols).put("", name)?.id(Uuid::new_v4().to_string()).expect(Expect::Absent),
            );
        }
    }
    Ok(commit)
}

fn new_policy(protocols: Protocols) -> Policy {
    Policy {
        name: String::new(),
        id: Uuid::nil(),
        created: Timestamp::default(),
        modified: Timestamp::default(),
        protocols,
    }
}

const COLUMNS: &[Column] = &[
    column("name", Field::Name, list::ALL, true),
    column("properties/created", Field::Created, list::ALL, true),
];

impl Catalog {
    /// A policy by name.
    pub async fn policy(&self, name: &str) -> Result<Policy> {
        Ok(self.found::<Policy>("", name).await?.1)
    }

    /// A page of the account's policies.
    pub async fn policies(&self, query: &ListQuery) -> Result<Page<Policy>> {
        self.page("", query, COLUMNS).await
    }

    /// Makes a clear policy. Policies do not change, so a name that exists is refused.
    pub async fn create_policy(&self, name: &str, protocols: Protocols) -> Result<Policy> {
        name::check("name", name)?;
        if is_predefined(name) {
            return Err(Error::invalid("name", "names that begin with Predefined_ belong to the service"));
        }
        let Protocols { download, dash, hls, smooth } = protocols;
        if !(download || dash || hls || smooth) {
            return Err(Error::invalid("noEncryption.enabledProtocols", "the policy enables no protocol"));
        }
        self.check_quota::<Policy>("", "streaming policies", MAX_POLICIES + CLEAR.len()).await?;
        let put = new_policy(protocols).put("", name)?.id(Uuid::new_v4().to_string()).expect(Expect::Absent);
        match self.attempt(Commit::new().put(put)).await? {
            Some(_) => self.policy(name).await,
            None => {
                let why = "streaming policies cannot be changed; choose another name".into();
                Err(Error::AlreadyExists { kind: Kind::StreamingPolicy, name: name.into(), why })
            }
        }
    }

    /// Deletes a policy that no locator uses; whether there was one.
    pub async fn delete_policy(&self, name: &str) -> Result<bool> {
        if is_predefined(name) {
            return Err(Error::InUse {
                kind: Kind::StreamingPolicy,
                name: name.into(),
                why: "predefined policies cannot be deleted".into(),
            });
        }
        let _children = self.parents().write().await;
        if self.policy_in_use(name).await? {
            let why = "a streaming locator names it; delete the locator first".into();
            return Err(Error::InUse { kind: Kind::StreamingPolicy, name: name.into(), why });
        }
        self.remove::<Policy>("", name).await
    }

    /// The policy of a new locator.
    pub(crate) async fn policy_for_locator(&self, name: &str) -> Result<Policy> {
        const FIELD: &str = "streamingPolicyName";
        if PROTECTED.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let clear: Vec<_> = CLEAR.iter().map(|(name, ..)| *name).collect();
            let why = format!(
                "content protection is not available; use {} or a policy of your own",
                clear.join(", ")
            );
            return Err(Error::unsupported(FIELD, why));
        }
        match self.policy(name).await {
            Err(Error::NotFound { .. }) => {
                Err(Error::invalid(FIELD, format!("there is no streaming policy '{name}'")))
            }
            other => other,
        }
    }
}
