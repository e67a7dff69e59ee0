//! What the API works with.

use crate::auth::AuthConfig;
use crate::http::ApiError;
use crate::http::Captures;
use jiff::Timestamp;
use millrace_catalog::Catalog;

/// Addresses that answers name.
#[derive(Debug, Clone)]
pub struct Config {
    /// The API's own address, for links to clients whose request names no usable host: `https://127.0.0.1:8443`.
    pub public_url: String,
    /// The blob endpoint's address: container URLs are `{blob_url}/{container}?{sas}`.
    pub blob_url: String,
    /// The same for clients that called this API in plain http, where that endpoint answers it: a browser that opened the
    /// console in plain http does not know our certificate authority.
    pub plain_blob_url: Option<String>,
}

/// Everything that [`crate::router`] needs.
#[derive(Clone)]
pub struct State {
    /// The domain.
    pub catalog: Catalog,
    /// Who may call.
    pub auth: AuthConfig,
    /// Addresses.
    pub config: Config,
}

/// The state as handlers see it.
pub(crate) struct Api {
    pub(crate) catalog: Catalog,
    pub(crate) auth: AuthConfig,
    pub(crate) config: Config,
    pub(crate) account: Account,
}

/// Where the one account lives, as paths name it.
pub(crate) struct Account {
    pub(crate) subscription: String,
    pub(crate) resource_group: String,
    pub(crate) name: String,
    pub(crate) location: String,
}

impl From<State> for Api {
    fn from(state: State) -> Self {
        let setup = state.catalog.setup();
        let account = Account {
            subscription: setup.subscription_id.clone(),
            resource_group: setup.resource_group.clone(),
            name: setup.account_name.clone(),
            location: setup.location.clone(),
        };
        Self { catalog: state.catalog, auth: state.auth, config: state.config, account }
    }
}

impl Api {
    /// The time, by the clock that stamps resources.
    pub(crate) fn now(&self) -> Timestamp {
        self.catalog.ledger().clock().now()
    }
}

impl Account {
    /// Refuses a path into another subscription, resource group or account, whether or not it exists elsewhere.
    pub(crate) fn require(&self, names: &Captures, path: &str) -> Result<(), ApiError> {
        let parts = [
            ("subscriptionId", &self.subscription),
            ("resourceGroupName", &self.resource_group),
            ("accountName", &self.name),
        ];
        let ours = |(key, own): &(&str, &String)| {
            let given = names.get(key);
            given.is_empty() || given.eq_ignore_ascii_case(own)
        };
        if parts.iter().all(ours) {
            return Ok(());
        }
        Err(ApiError::Forbidden { scope: crate::wire::echo(path) })
    }
}
