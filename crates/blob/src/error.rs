//! What can go wrong with containers and blobs, named by what the caller does about it.

use std::io;

/// Why an operation on a store failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The container does not exist (or was deleted meanwhile).
    #[error("the container does not exist")]
    ContainerNotFound,
    /// The container exists already.
    #[error("the container exists already")]
    ContainerAlreadyExists,
    /// The blob does not exist.
    #[error("the blob does not exist")]
    BlobNotFound,
    /// A write that wanted no blob there found one.
    #[error("the blob exists already")]
    BlobAlreadyExists,
    /// An ETag or date condition does not hold; on reads `not_modified` tells 304 from 412.
    #[error("a condition of the request does not hold")]
    ConditionNotMet {
        /// The condition was If-None-Match or If-Modified-Since: what the caller has is still good.
        not_modified: bool,
    },
    /// The range begins at or beyond the end of the blob.
    #[error("the range begins beyond the {length} bytes of the blob")]
    InvalidRange {
        /// Bytes of the blob.
        length: u64,
    },
    /// The blob is larger than the caller was ready to hold in memory.
    #[error("the blob has {length} bytes, more than the {limit} asked for at most")]
    TooLarge {
        /// Bytes of the blob.
        length: u64,
        /// The caller's bound.
        limit: u64,
    },
    /// A block list names a block that is not there.
    #[error("the block list names a block that was not uploaded")]
    InvalidBlockList,
    /// Block ids of one blob must have one length and be 1-64 bytes.
    #[error("the block id is not 1 to 64 bytes, or not as long as the blob's other block ids")]
    InvalidBlockId,
    /// More than [`crate::MAX_BLOCKS`] blocks committed or twice as many waiting.
    #[error("the blob has too many blocks")]
    TooManyBlocks,
    /// The bytes that came do not have the MD5 that came with them.
    #[error("the bytes do not have the MD5 that was sent")]
    Md5Mismatch,
    /// The bytes that came do not have the CRC-64 that came with them.
    #[error("the bytes do not have the CRC-64 that was sent")]
    Crc64Mismatch,
    /// The body ended early or grew beyond what was announced.
    #[error("the body has {got} bytes, {announced} were announced")]
    LengthMismatch {
        /// Bytes announced.
        announced: u64,
        /// Bytes seen.
        got: u64,
    },
    /// The body could not be read to its end.
    #[error("the body broke off")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No room is left; nothing that was accepted before is lost.
    #[error("the store is full")]
    Full,
    /// A record cannot be understood: the store was changed by something else, or its disk lies.
    #[error("the record of the blob or container is damaged: {0}")]
    Damaged(String),
    /// The store failed.
    #[error("the store failed")]
    Io(#[from] io::Error),
    /// The object store failed.
    #[error("the object store failed")]
    Store(#[source] object_store::Error),
}

/// What happens when a directory or object store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the directory open.
    #[error("another process uses the storage directory {0}")]
    Locked(std::path::PathBuf),
    /// An account name is not 3-24 lower-case letters and digits, or is used twice.
    #[error("`{0}` is not a storage account name, or names two accounts")]
    Account(String),
    /// The directory cannot be made or read.
    #[error("the storage directory {path} cannot be used")]
    Directory {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The object store library refused the directory.
    #[error("the storage directory cannot be used")]
    Store(#[source] object_store::Error),
}

/// True for "no space" in any of the shapes a file system reports it.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

/// An I/O error as the store's, with a full disk told apart.
pub(crate) fn io_error(error: io::Error) -> Error {
    if is_full(&error) { Error::Full } else { Error::Io(error) }
}

/// An object store's error as the store's, with a full disk told apart wherever it hides in the chain of sources.
pub(crate) fn store_error(error: object_store::Error) -> Error {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(cause) = source {
        if cause.downcast_ref::<io::Error>().is_some_and(is_full) {
            return Error::Full;
        }
        source = cause.source();
    }
    Error::Store(error)
}
