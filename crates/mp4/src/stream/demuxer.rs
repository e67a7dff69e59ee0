//! A sans-IO demuxer of fragmented MP4: bytes in any pieces in, samples out.

use std::sync::Arc;

use bytes::Bytes;
use millrace_media::{FourCc, MediaKind, Sample};

use super::DemuxError;
use super::pending::{Located, Pending};
use super::queue::Queue;
use crate::BoxHeader;
use crate::limits::{MAX_BUFFERED, MAX_MOOF, MAX_MOOV, MAX_SAMPLE};
use crate::read::{Fragment, Movie, Timeline};

/// What a stream gives.
#[derive(Clone, Debug)]
pub enum Event {
    /// The movie, once, before any sample.
    Movie(Arc<Movie>),
    /// The next sample, in the order of the file. Edit lists are applied: `dts` and `pts` are both moved so that `pts`
    /// is presentation time, and either may be negative.
    Sample(Sample),
}

/// Reads a fragmented stream.
///
/// The loop: [`Self::push`] what came, take events with [`Self::next_event`] until `None`, and so on; [`Self::finish`] at the
/// end tells a whole stream from a cut one. What is held is one `moov`, `moof` or sample, and what was pushed last.
///
/// After an error nothing more comes: errors repeat.
///
/// ```
/// use millrace_mp4::stream::{Demuxer, DemuxError, Event};
///
/// fn count(pieces: impl Iterator<Item = bytes::Bytes>) -> Result<usize, DemuxError> {
///     let (mut demuxer, mut samples) = (Demuxer::new(), 0);
///     for piece in pieces {
///         demuxer.push(piece)?;
///         while let Some(event) = demuxer.next_event()? {
///             match event {
///                 Event::Movie(movie) => assert!(movie.is_fragmented),
///                 Event::Sample(_) => samples += 1,
///             }
///         }
///     }
///     demuxer.finish()?;
///     Ok(samples)
/// }
///
/// assert_eq!(count(std::iter::empty()), Err(DemuxError::NoMovie));
/// ```
#[derive(Debug, Default)]
pub struct Demuxer {
    queue: Queue,
    /// Bytes of the stream taken from the queue.
    position: u64,
    state: State,
    movie: Option<Arc<Movie>>,
    timeline: Timeline,
    pending: Pending,
}

#[derive(Debug, Default)]
enum State {
    /// Before a box.
    #[default]
    Between,
    /// Waiting for all of a `moov` or `moof`.
    Whole {
        kind: FourCc,
        size: u64,
    },
    /// Within a box of no interest, up to this position; to the end of the stream when `None`.
    Skip {
        end: Option<u64>,
    },
    /// Within an `mdat`.
    Media {
        end: Option<u64>,
    },
    Failed(DemuxError),
}

impl Demuxer {
    /// A demuxer at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes of the stream. Refuses when more waits than `MAX_BUFFERED`, which happens only to a caller
    /// that does not take events in between.
    pub fn push(&mut self, bytes: Bytes) -> Result<(), DemuxError> {
        let size = self.queue.len() + bytes.len() as u64;
        if size > MAX_BUFFERED {
            return Err(DemuxError::TooLarge { what: "waiting input", size, limit: MAX_BUFFERED });
        }
        self.queue.push(bytes);
        Ok(())
    }

    /// The next event; `None` when more bytes are needed.
    pub fn next_event(&mut self) -> Result<Option<Event>, DemuxError> {
        let result = self.step();
        if let Err(error) = &result {
            self.state = State::Failed(error.clone());
        }
        result
    }

    /// The movie, once it has come.
    pub fn movie(&self) -> Option<&Arc<Movie>> {
        self.movie.as_ref()
    }

    /// Ends the stream: an error when it was cut short, or held no movie. Events have to be taken before.
    pub fn finish(mut self) -> Result<(), DemuxError> {
        let between = match self.state {
            State::Failed(error) => return Err(error),
            State::Between => self.queue.len() == 0,
            // A box may last to the end of the stream.
            State::Skip { end } | State::Media { end } => end.is_none(),
            State::Whole { .. } => false,
        };
        if !between || self.pending.peek().is_some() {
            return Err(DemuxError::Cut { bytes: self.position + self.queue.len() });
        }
        if self.movie.is_some() { Ok(()) } else { Err(DemuxError::NoMovie) }
    }

    fn step(&mut self) -> Result<Option<Event>, DemuxError> {
        loop {
            match &self.state {
                State::Failed(error) => return Err(error.clone()),
                State::Between => match self.enter_box()? {
                    true => {}
                    false => return Ok(None),
                },
                State::Skip { end } => match self.skip_to(*end) {
                    true => self.state = State::Between,
                    false => return Ok(None),
                },
                State::Whole { kind, size } => {
                    let (kind, start) = (*kind, self.position);
                    let Some(whole) = self.take(*size as usize) else { return Ok(None) };
                    self.state = State::Between;
                    if kind.0 == *b"moov" {
                        return self.open(&whole).map(Some);
                    }
                    self.fragment(&whole, start)?;
                }
                State::Media { end } => {
                    let end = *end;
                    match self.sample(end)? {
                        Step::Event(event) => return Ok(Some(event)),
                        Step::Wait => return Ok(None),
                        Step::Done => self.state = State::Skip { end },
                    }
                }
            }
        }
    }

    /// Reads a header and chooses what to do with the box; `false` when more bytes are needed.
    fn enter_box(&mut self) -> Result<bool, DemuxError> {
        let mut buffer = [0; BoxHeader::MAX_LEN];
        let filled = self.queue.peek(&mut buffer);
        let Some(header) = BoxHeader::parse(buffer.get(..filled).unwrap_or_default())? else {
            return Ok(false);
        };
        let kind = header.kind;
        let end = header.size.map(|size| self.position.saturating_add(size));
        self.state = match &kind.0 {
            b"moov" | b"moof" => {
                let (what, limit) =
                    if kind.0 == *b"moov" { ("a moov box", MAX_MOOV) } else { ("a moof box", MAX_MOOF) };
                let size = header.size.unwrap_or(u64::MAX);
                if size > limit {
                    return Err(DemuxError::TooLarge { what, size, limit });
                }
                State::Whole { kind, size }
            }
            b"mdat" => {
                self.take(header.header_len.into());
                State::Media { end }
            }
            _ => State::Skip { end },
        };
        Ok(true)
    }

    fn open(&mut self, moov: &Bytes) -> Result<Event, DemuxError> {
        if self.movie.is_some() {
            return Err(DemuxError::SecondMovie);
        }
        let movie = Movie::parse(moov)?;
        if !movie.is_fragmented || movie.tracks.iter().any(|track| !track.samples.is_empty()) {
            return Err(DemuxError::NotFragmented);
        }
        let movie = Arc::new(movie);
        self.movie = Some(Arc::clone(&movie));
        Ok(Event::Movie(movie))
    }

    fn fragment(&mut self, moof: &Bytes, offset: u64) -> Result<(), DemuxError> {
        let movie = self.movie.clone().ok_or(DemuxError::NoMovie)?;
        if let Some(Located { track, offset, .. }) = self.pending.peek() {
            return Err(DemuxError::Misplaced { track, offset, position: self.position });
        }
        let fragment = Fragment::parse(moof, offset, &movie)?;
        for traf in &fragment.tracks {
            // A track that is not played is passed over with the rest of its mdat.
            if let Some(track) = movie.track(traf.track_id) {
                let offset = movie.presentation_offset(track);
                let dts = self.timeline.start_of(traf).saturating_add(offset);
                self.pending.add(traf, dts, track.config.kind() == MediaKind::Audio);
            }
        }
        Ok(())
    }

    /// The sample that lies next in the file.
    fn sample(&mut self, end: Option<u64>) -> Result<Step, DemuxError> {
        let Some(next) = self.pending.peek() else { return Ok(Step::Done) };
        let Located { track, offset, size } = next;
        // Samples may lie in a later mdat; nothing may lie behind.
        if end.is_some_and(|end| offset > end || (offset == end && size > 0)) {
            return Ok(Step::Done);
        }
        let beyond = end.is_some_and(|end| offset.saturating_add(size.into()) > end);
        if offset < self.position || beyond {
            return Err(DemuxError::Misplaced { track, offset, position: self.position });
        }
        if size > MAX_SAMPLE {
            let (size, limit) = (size.into(), MAX_SAMPLE.into());
            return Err(DemuxError::TooLarge { what: "a sample", size, limit });
        }
        if !self.skip_to(Some(offset)) {
            return Ok(Step::Wait);
        }
        let Some(data) = self.take(size as usize) else { return Ok(Step::Wait) };
        Ok(self.pending.take(data).map_or(Step::Done, |sample| Step::Event(Event::Sample(sample))))
    }

    /// Drops bytes up to a position, or all there are; whether it got there.
    fn skip_to(&mut self, end: Option<u64>) -> bool {
        let wanted = end.map_or(u64::MAX, |end| end.saturating_sub(self.position));
        self.position += self.queue.skip(wanted);
        end.is_some_and(|end| self.position >= end)
    }

    fn take(&mut self, count: usize) -> Option<Bytes> {
        let taken = self.queue.take(count)?;
        self.position += count as u64;
        Some(taken)
    }
}

enum Step {
    Event(Event),
    Wait,
    Done,
}
