//! Resources: named, versioned JSON documents.

use jiff::Timestamp;
use serde_json::Value as Json;

/// One stored document.
///
/// `(kind, scope, name)` is its address. Scopes and names compare without regard to case and are kept as first given; kinds
/// and ids compare exactly.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// What it is: `asset`, `job`, …
    pub kind: String,
    /// What it belongs to: the account, an asset (for its filters), a transform (for its jobs).
    pub scope: String,
    /// Its name, unique in (kind, scope).
    pub name: String,
    /// Unique in the kind and unchanging.
    pub id: String,
    /// The document. The ledger does not look inside.
    pub body: Json,
    /// 1 at creation, one more at each [`Put`].
    pub version: i64,
    /// When it was created, in whole microseconds.
    pub created: Timestamp,
    /// When it was last put, in whole microseconds.
    pub modified: Timestamp,
    /// A second key for listing (an asset's alternate id, a locator's asset). Need not be unique; empty if unused.
    pub alt: String,
    /// A state to list by; empty if unused.
    pub state: String,
    /// When it ends. `None` sorts and compares as later than every moment.
    pub ends: Option<Timestamp>,
}

/// What a step requires of the resource it names. Checked inside the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It does not exist.
    Absent,
    /// It exists, whatever its version.
    Exists,
    /// It exists with exactly this version.
    Version(i64),
    /// Nothing is required.
    Any,
}

impl Expect {
    /// Whether a resource found at `version` (or not found) meets this.
    pub fn allows(self, version: Option<i64>) -> bool {
        match self {
            Expect::Absent => version.is_none(),
            Expect::Exists => version.is_some(),
            Expect::Version(wanted) => version == Some(wanted),
            Expect::Any => true,
        }
    }
}

/// A resource to create or replace. Every field but `id`, `name` and `scope` replaces the stored one.
#[derive(Clone, Debug, PartialEq)]
pub struct Put {
    /// See [`Resource::kind`].
    pub kind: String,
    /// See [`Resource::scope`]; kept as given at creation.
    pub scope: String,
    /// See [`Resource::name`]; kept as given at creation.
    pub name: String,
    /// `None` keeps the present id, or makes a random GUID at creation. A different id than the present one is refused.
    pub id: Option<String>,
    /// See [`Resource::body`].
    pub body: Json,
    /// See [`Resource::alt`].
    pub alt: String,
    /// See [`Resource::state`].
    pub state: String,
    /// See [`Resource::ends`].
    pub ends: Option<Timestamp>,
    /// What must hold for the commit to happen.
    pub expect: Expect,
}

impl Put {
    /// A put without expectation.
    pub fn new(
        kind: impl Into<String>,
        scope: impl Into<String>,
        name: impl Into<String>,
        body: Json,
    ) -> Put {
        Put {
            kind: kind.into(),
            scope: scope.into(),
            name: name.into(),
            id: None,
            body,
            alt: String::new(),
            state: String::new(),
            ends: None,
            expect: Expect::Any,
        }
    }

    /// A put that replaces exactly this version of `resource`, changing nothing until fields are set.
    pub fn replacing(resource: &Resource) -> Put {
        Put {
            kind: resource.kind.clone(),
            scope: resource.scope.clone(),
            name: resource.name.clone(),
            id: Some(resource.id.clone()),
            body: resource.body.clone(),
            alt: resource.alt.clone(),
            state: resource.state.clone(),
            ends: resource.ends,
            expect: Expect::Version(resource.version),
        }
    }

    /// Sets the id.
    pub fn id(mut self, id: impl Into<String>) -> Put {
        self.id = Some(id.into());
        self
    }

    /// Sets the document.
    pub fn body(mut self, body: Json) -> Put {
        self.body = body;
        self
    }

    /// Sets the second key.
    pub fn alt(mut self, alt: impl Into<String>) -> Put {
        self.alt = alt.into();
        self
    }

    /// Sets the state.
    pub fn state(mut self, state: impl Into<String>) -> Put {
        self.state = state.into();
        self
    }

    /// Sets the end.
    pub fn ends(mut self, ends: Option<Timestamp>) -> Put {
        self.ends = ends;
        self
    }

    /// Sets the expectation.
    pub fn expect(mut self, expect: Expect) -> Put {
        self.expect = expect;
        self
    }
}

/// The form in which names and scopes are compared.
pub(crate) fn fold(name: &str) -> String {
    name.to_lowercase()
}
