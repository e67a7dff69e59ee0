//! A response body out of pieces that are there and ranges of blobs that are not.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http_body::{Frame, SizeHint};
use millrace_blob::{Account, BlobName, ContainerName, Error, Read};
use millrace_package::plan::{Body, Piece};

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// A body of known length. Chunks come in buffers of the store and go to the socket as they are.
pub(crate) struct Stored {
    chunks: Chunks,
    left: u64,
}

impl Stored {
    /// Opens what comes first, so that what is missing is known before an answer begins.
    pub(crate) async fn open(store: &Account, container: &ContainerName, body: &Body) -> Result<Self, Error> {
        let mut rest: VecDeque<Piece> = body.pieces().to_vec().into();
        let first = match rest.pop_front() {
            Some(piece) => open_piece(store, container, piece).await?,
            None => stream::empty().boxed(),
        };
        let source = (store.clone(), container.clone(), rest);
        let others = stream::try_unfold(source, |(store, container, mut rest)| async move {
            let Some(piece) = rest.pop_front() else { return Ok(None) };
            let chunks = open_piece(&store, &container, piece).await?;
            Ok::<_, Error>(Some((chunks, (store, container, rest))))
        });
        let others = others.flat_map(|opened| match opened {
            Ok(chunks) => chunks,
            Err(error) => stream::once(async { Err(error) }).boxed(),
        });
        Ok(Self { chunks: first.chain(others).boxed(), left: body.len() })
    }

    /// The bytes of an opened blob.
    pub(crate) fn of_blob(read: Read) -> Self {
        let left = read.range().end - read.range().start;
        Self { chunks: read.into_stream().boxed(), left }
    }
}

async fn open_piece(store: &Account, container: &ContainerName, piece: Piece) -> Result<Chunks, Error> {
    match piece {
        Piece::Bytes(bytes) => Ok(stream::once(async { Ok(bytes) }).boxed()),
        Piece::Stored(extent) => {
            let name = BlobName::new(&*extent.object).map_err(|_| Error::BlobNotFound)?;
            let range = extent.offset..extent.offset.saturating_add(extent.len);
            let read = store.read(container, &name, range.clone()).await?;
            if read.range() != range {
                return Err(Error::InvalidRange { length: read.head().length });
            }
            Ok(read.into_stream().boxed())
        }
    }
}

impl http_body::Body for Stored {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.chunks.poll_next_unpin(cx) {
            Poll::Ready(Some(Ok(bytes))) => {
                self.left = self.left.saturating_sub(bytes.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Poll::Ready(Some(Err(error))) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "media broke off in the middle of an answer"
                );
                Poll::Ready(Some(Err(error)))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
