//! Reading a child's fragmented MP4: from a scratch file or from its standard output.

use bytes::BytesMut;
use millrace_media::{Sample, TrackConfig};
use millrace_mp4::stream::{Demuxer, Event};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::piece::media_problem;
use crate::problem::{Failure, Problem};

/// Bytes read at a time.
const READ: usize = 1 << 20;

/// Samples of the one track in a fragmented MP4.
pub(crate) struct Reader<R> {
    from: R,
    demuxer: Demuxer,
    config: Option<TrackConfig>,
    ended: bool,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Reads from the beginning of `from`.
    pub(crate) fn new(from: R) -> Self {
        Reader { from, demuxer: Demuxer::new(), config: None, ended: false }
    }

    /// The track's configuration, known once a sample was read.
    pub(crate) fn config(&self) -> Option<&TrackConfig> {
        self.config.as_ref()
    }

    /// The next sample; `None` at the end, whether the writer came to it or broke off.
    pub(crate) async fn next(&mut self) -> Result<Option<Sample>, Failure> {
        loop {
            match self.demuxer.next_event().map_err(media_problem)? {
                Some(Event::Sample(sample)) => return Ok(Some(sample)),
                Some(Event::Movie(movie)) => {
                    self.config = movie.tracks.first().map(|track| track.config.clone())
                }
                None if self.ended => return Ok(None),
                None => self.fill().await?,
            }
        }
    }

    async fn fill(&mut self) -> Result<(), Failure> {
        let mut buffer = BytesMut::with_capacity(READ);
        let count = self.from.read_buf(&mut buffer).await;
        let count = count.map_err(|error| Problem::io("Reading the encoder's output", &error))?;
        self.ended = count == 0;
        if count > 0 {
            self.demuxer.push(buffer.freeze()).map_err(media_problem)?;
        }
        Ok(())
    }
}
