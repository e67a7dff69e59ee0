//! Containers and blobs over object stores, SAS, and the Azure-Blob-compatible endpoint.
//!
//! ```text
//! <account>/lock                                     one process per local directory
//! <account>/containers/<name>                        container record: id, metadata
//! <account>/data/<container id>/blobs/<encoded name>!    blob record: properties, and the content objects in order
//! <account>/data/<container id>/staged/<hash>/<block id> block that waits for its block list
//! <account>/data/<container id>/content/<uuid>       bytes, written once, never changed
//! ```
//!
//! - **A blob is its record.** Content objects are immutable; a write puts new ones on disk first and then replaces the record
//!   atomically. Content and properties cannot disagree, nothing half-written can be seen, and readers of the old
//!   version keep reading it.
//! - **Committing blocks copies nothing.** A blob is an ordered list of extents of content objects, so a block list
//!   of 260 GB is one small write. Where a single file is needed ([`Account::local_file`]) the extents are joined
//!   once, in the background where possible.
//! - **Durable means on disk.** Every success has synced file and directory before it is reported.
//! - Names are keys, not paths: see `key`.

mod account;
mod block;
pub mod endpoint;
mod error;
mod key;
mod list;
mod local_file;
mod name;
mod objects;
mod observe;
mod open;
mod properties;
mod read;
mod record;
pub mod sas;
mod sweep;
mod write;

pub use account::{Account, ContainerInfo, Containers};
pub use block::{BlockId, BlockInfo, BlockList, BlockListEntry, BlockWriter, MAX_BLOCK_BYTES, MAX_BLOCKS};
pub use error::{Error, OpenError};
pub use list::{Item, List, Page};
pub use local_file::LocalFile;
pub use name::{BlobName, ContainerName, MAX_BLOB_NAME_CHARS, NameError};
pub use observe::{BlobEvent, Change, Observer};
pub use open::{AccountConfig, Blobs, Clock, Config, Key, Place};
pub use properties::{Condition, ETag, Head, Metadata, Properties, Tags};
pub use read::{ByteRange, Read};
pub use sweep::Swept;
pub use write::{Put, Writer};
