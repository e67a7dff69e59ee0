//! A store that runs out of room: refused clearly, nothing accepted lost.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use futures_util::stream::BoxStream;
use http::{Request, StatusCode};
use millrace_blob::{Blobs, BlockId, BlockListEntry, Clock, Error, Metadata, Place, Put};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tower::ServiceExt;

use crate::support::{app, blob, config, container, primary};

/// A store in memory whose writes can be made to fail as on a full disk.
#[derive(Debug, Default)]
struct Filling {
    inner: InMemory,
    full: Arc<AtomicBool>,
}

impl fmt::Display for Filling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filling")
    }
}

impl Filling {
    fn room(&self) -> Result<()> {
        if !self.full.load(Ordering::SeqCst) {
            return Ok(());
        }
        let source = Box::new(std::io::Error::from(std::io::ErrorKind::StorageFull));
        Err(object_store::Error::Generic { store: "Filling", source })
    }
}

#[async_trait::async_trait]
impl ObjectStore for Filling {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.room()?;
        self.inner.put_opts(at, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(at, options).await
    }

    fn delete_stream(&self, at: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(at)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[tokio::test]
async fn a_full_store_says_so_and_keeps_what_it_has() {
    let store = Filling::default();
    let full = Arc::clone(&store.full);
    let blobs = Blobs::open(config(Place::Store(Arc::new(store)), Clock::default())).await.unwrap();
    let (account, c) = (primary(&blobs), container("box"));
    let block = BlockId::new("0").unwrap();
    account.create_container(&c, Metadata::new()).await.unwrap();
    account.put(&c, &blob("x"), "old", Put::default()).await.unwrap();
    account.put_block(&c, &blob("y"), block.clone(), "waiting").await.unwrap();

    full.store(true, Ordering::SeqCst);
    assert!(matches!(account.put(&c, &blob("x"), "new", Put::default()).await, Err(Error::Full)));
    let list = [BlockListEntry::Latest(block.clone())];
    let commit = account.put_block_list(&c, &blob("y"), &list, Put::default()).await;
    assert!(matches!(commit, Err(Error::Full)));
    let put = Request::put("/box/x")
        .header("authorization", "Bearer good-token")
        .header("x-ms-blob-type", "BlockBlob")
        .header("content-length", "3");
    let answer = app(&blobs).oneshot(put.body(Body::from("new")).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INSUFFICIENT_STORAGE);
    assert_eq!(answer.headers()["x-ms-error-code"], "InsufficientStorage");
    assert_eq!(account.get(&c, &blob("x"), 9).await.unwrap().1, "old");

    full.store(false, Ordering::SeqCst);
    account.put_block_list(&c, &blob("y"), &list, Put::default()).await.unwrap();
    assert_eq!(account.get(&c, &blob("y"), 9).await.unwrap().1, "waiting");
}
