//! Opening the storage accounts of a server.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use object_store::ObjectStore;

use crate::account::Account;
use crate::error::OpenError;
use crate::objects::Objects;

/// Where time comes from; tests pass their own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that asks `now` each time.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The instant it is.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(Timestamp::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// An account key: any bytes, 64 in Azure; made by whoever creates the account. Not shown in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    /// A key from its bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// A key from its usual text form.
    pub fn from_base64(text: &str) -> Option<Self> {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.decode(text).ok().map(Self)
    }

    /// The usual text form.
    pub fn to_base64(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(&self.0)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Where an account's objects are.
#[derive(Debug, Clone)]
pub enum Place {
    /// A local directory, made if missing; one process at a time.
    Directory(PathBuf),
    /// Any object store with conditional writes.
    Store(Arc<dyn ObjectStore>),
}

/// One storage account.
#[derive(Debug, Clone)]
pub struct AccountConfig {
    /// 3-24 lower-case letters and digits.
    pub name: String,
    /// `key1` and `key2`.
    pub keys: [Key; 2],
    /// Where its objects are.
    pub place: Place,
}

/// What [`Blobs::open`] needs.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The accounts; the first one is the default.
    pub accounts: Vec<AccountConfig>,
    /// Time.
    pub clock: Clock,
}

/// All storage accounts of a server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Blobs {
    accounts: Arc<BTreeMap<String, Account>>,
    first: Option<Account>,
}

impl Blobs {
    /// Opens every account. Reads nothing but the directories themselves: start-up does not grow with the content.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        let mut accounts = BTreeMap::new();
        let mut first = None;
        for account in config.accounts {
            let legal = account.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
            if !legal || !(3..=24).contains(&account.name.len()) || accounts.contains_key(&account.name) {
                return Err(OpenError::Account(account.name));
            }
            let objects = match account.place {
                Place::Directory(root) => Objects::local(root)?,
                Place::Store(store) => Objects::remote(store),
            };
            let opened = Account::new(account.name.clone(), account.keys, objects, config.clock.clone());
            first.get_or_insert_with(|| opened.clone());
            accounts.insert(account.name, opened);
        }
        Ok(Self { accounts: Arc::new(accounts), first })
    }

    /// An account by name.
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.get(name)
    }

    /// The first account that was configured.
    pub fn primary(&self) -> Option<&Account> {
        self.first.as_ref()
    }

    /// All of them, by name.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }
}
