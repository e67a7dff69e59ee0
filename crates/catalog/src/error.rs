//! What can go wrong, named by what the caller does about it.

use std::fmt;

/// The result of every verb of the catalog.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A refusal or a failure. The sentences are fit for a client; causes that are not are in `source()`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing of that name: 404.
    #[error("{kind} '{name}' was not found.")]
    NotFound {
        /// What was looked for.
        kind: Kind,
        /// The name, as asked.
        name: String,
    },
    /// The name, id or container is taken: 409.
    #[error("{kind} '{name}' already exists: {why}.")]
    AlreadyExists {
        /// What exists.
        kind: Kind,
        /// The name, id or container that is taken.
        name: String,
        /// What the caller can do instead.
        why: String,
    },
    /// The request breaks a rule: 400. Nothing was changed.
    #[error("{field}: {why}.")]
    Invalid {
        /// Path of the property below `properties`, as the API writes it: `outputs[0].preset.codecs[1].layers[0].bitrate`.
        field: String,
        /// The rule, in a sentence without its full stop.
        why: String,
    },
    /// The request is lawful AMS, but this service does not do it: 400.
    #[error("{field}: {why}.")]
    Unsupported {
        /// Path of the property below `properties`.
        field: String,
        /// What is not done, and what to use instead.
        why: String,
    },
    /// The property cannot change once the resource exists: 400.
    #[error("{field} of {kind} '{name}' cannot be changed once it exists.")]
    Immutable {
        /// The resource's kind.
        kind: Kind,
        /// The resource's name.
        name: String,
        /// Path of the property.
        field: &'static str,
    },
    /// Something else holds on to the resource: 409.
    #[error("{kind} '{name}' is in use: {why}.")]
    InUse {
        /// The resource's kind.
        kind: Kind,
        /// The resource's name.
        name: String,
        /// Who uses it, and what to do first.
        why: String,
    },
    /// The verb does not fit the state the resource is in: 409.
    #[error("{kind} '{name}' is {state}: {why}.")]
    WrongState {
        /// The resource's kind.
        kind: Kind,
        /// The resource's name.
        name: String,
        /// The state, as the API names it.
        state: &'static str,
        /// What would fit.
        why: &'static str,
    },
    /// A documented limit is reached: 409.
    #[error("The limit of {limit} {what} is reached.")]
    Quota {
        /// What is limited, in the plural.
        what: &'static str,
        /// How many are allowed.
        limit: usize,
    },
    /// The resource changed under the request, several times over: 409, and the caller may try again.
    #[error("{kind} '{name}' is being changed by someone else; try again.")]
    Contended {
        /// The resource's kind.
        kind: Kind,
        /// The resource's name.
        name: String,
    },
    /// The task's lease belongs to someone else by now: stop, and leave no trace.
    #[error("the lease of the task was lost")]
    LeaseLost,
    /// A stored record cannot be read (a newer version wrote it, or the disk lied): 500.
    #[error("the stored {kind} '{name}' cannot be read: {why}")]
    Unreadable {
        /// The record's kind.
        kind: Kind,
        /// The record's name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The database failed: 500, or 503 where the cause is a full disk.
    #[error("the database failed")]
    Ledger(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The blob store failed: 500, or 503 where the cause is a full disk.
    #[error("the blob store failed")]
    Blob(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(crate) fn not_found(kind: Kind, name: impl Into<String>) -> Self {
        Error::NotFound { kind, name: name.into() }
    }

    /// A broken rule of the property at `field`; public so that the edge reports its own parsing in the same words.
    pub fn invalid(field: impl Into<String>, why: impl Into<String>) -> Self {
        Error::Invalid { field: field.into(), why: why.into() }
    }

    /// Something lawful that this service does not do.
    pub fn unsupported(field: impl Into<String>, why: impl Into<String>) -> Self {
        Error::Unsupported { field: field.into(), why: why.into() }
    }
}

/// The kinds of resource, as sentences name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The media services account.
    Account,
    /// A storage account.
    StorageAccount,
    /// An asset.
    Asset,
    /// A blob container.
    Container,
    /// A filter of the account.
    AccountFilter,
    /// A filter of one asset.
    AssetFilter,
    /// A track of an asset.
    Track,
    /// A transform.
    Transform,
    /// A job.
    Job,
    /// A streaming locator.
    StreamingLocator,
    /// A streaming policy.
    StreamingPolicy,
    /// A streaming endpoint.
    StreamingEndpoint,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Account => "Media services account",
            Kind::StorageAccount => "Storage account",
            Kind::Asset => "Asset",
            Kind::Container => "Container",
            Kind::AccountFilter => "Account filter",
            Kind::AssetFilter => "Asset filter",
            Kind::Track => "Track",
            Kind::Transform => "Transform",
            Kind::Job => "Job",
            Kind::StreamingLocator => "Streaming locator",
            Kind::StreamingPolicy => "Streaming policy",
            Kind::StreamingEndpoint => "Streaming endpoint",
        })
    }
}
