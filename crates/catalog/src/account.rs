//! The media services account: made at first start, then only its tags change.

use std::collections::BTreeMap;

use jiff::Timestamp;
use millrace_ledger::{Commit, Expect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalog::contend;
use crate::record::{Record, attach};
use crate::{Catalog, Error, Kind, Result, name};

/// Tags of a resource (ARM limit).
const MAX_TAGS: usize = 50;

/// The account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its name.
    #[serde(skip)]
    pub name: String,
    /// `mediaServiceId`.
    #[serde(skip)]
    pub id: Uuid,
    /// When it was made.
    #[serde(skip)]
    pub created: Timestamp,
    /// When it last changed.
    #[serde(skip)]
    pub modified: Timestamp,
    /// ARM's region.
    pub location: String,
    /// Free.
    pub tags: BTreeMap<String, String>,
    /// Names of its storage accounts, the primary first.
    pub storage_accounts: Vec<String>,
}

impl Record for Account {
    const KIND: &'static str = "account";
    const NAMED: Kind = Kind::Account;
    const VERSION: u64 = 1;
    attach!();
}

/// The steps that make the account, or follow a change of its storage accounts.
pub(crate) async fn seed(catalog: &Catalog) -> Result<Commit> {
    let setup = catalog.setup();
    if setup.storage_accounts.is_empty() {
        return Err(Error::invalid("storageAccounts", "at least one storage account is needed"));
    }
    for storage in &setup.storage_accounts {
        if catalog.blobs().account(storage).is_none() {
            return Err(Error::not_found(Kind::StorageAccount, storage));
        }
    }
    let wanted = setup.storage_accounts.clone();
    match catalog.stored::<Account>("", &setup.account_name).await? {
        None => {
            let account = Account {
                name: String::new(),
                id: Uuid::nil(),
                created: Timestamp::default(),
                modified: Timestamp::default(),
                location: setup.location.clone(),
                tags: BTreeMap::new(),
                storage_accounts: wanted,
            };
            let put = account.put("", &setup.account_name)?.id(Uuid::new_v4().to_string());
            Ok(Commit::new().put(put.expect(Expect::Absent)))
        }
        Some(stored) => {
            let mut account = Account::read(&stored)?;
            if account.storage_accounts == wanted {
                return Ok(Commit::new());
            }
            account.storage_accounts = wanted;
            Ok(Commit::new().put(account.replace(&stored)?))
        }
    }
}

impl Catalog {
    /// Replaces the account's tags.
    pub async fn set_account_tags(&self, tags: BTreeMap<String, String>) -> Result<Account> {
        if tags.len() > MAX_TAGS {
            return Err(Error::invalid("tags", format!("at most {MAX_TAGS} tags are allowed")));
        }
        for (key, value) in &tags {
            name::check_text("tags", Some(key))?;
            name::check_text("tags", Some(value))?;
        }
        let name = &self.setup().account_name;
        contend!(Kind::Account, name, async {
            let (stored, mut account) = self.found::<Account>("", name).await?;
            account.tags = tags.clone();
            Ok(self.attempt(Commit::new().put(account.replace(&stored)?)).await?.map(|receipt| {
                account.modified = receipt.at;
                account
            }))
        })
    }
}
