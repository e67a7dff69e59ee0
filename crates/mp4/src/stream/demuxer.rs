//! A sans-IO demuxer of fragmented MP4: bytes in any pieces in, samples out.

use std::iter::Peekable;
use std::sync::Arc;

use bytes::Bytes;
use millrace_media::{FourCc, MediaKind, Sample};

use super::queue::Queue;
use crate::limits::{MAX_BUFFERED, MAX_MOOF, MAX_MOOV, MAX_SAMPLE};
use crate::read::{Fragment, FragmentSamples, Movie, Timeline, TrackFragment};
use crate::{BoxHeader, HeaderError, ParseError};

/// What a stream gives.
#[derive(Clone, Debug)]
pub enum Event {
    /// The movie, once, before any sample.
    Movie(Arc<Movie>),
    /// The next sample, in the order of the file. Edit lists are applied: `dts` and `pts` are both moved so that `pts`
    /// is presentation time, and either may be negative.
    Sample(Sample),
}

/// Why a stream cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DemuxError {
    /// A box is broken.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A box header is broken.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A box, a sample or what waits is larger than a limit of [`crate::limits`].
    #[error("{what} of {size} bytes, more than {limit}")]
    TooLarge {
        /// What.
        what: &'static str,
        /// Bytes.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// Samples before any `moov`.
    #[error("media before the moov box")]
    NoMovie,
    /// The `moov` has samples of its own: a progressive file, which has to be read by ranges.
    #[error("the movie is not fragmented")]
    NotFragmented,
    /// A second `moov`.
    #[error("a second moov box")]
    SecondMovie,
    /// A sample lies before the end of the one before, or outside its `mdat`.
    #[error("a sample of track {track} at byte {offset}, where the stream is at {position}")]
    Misplaced {
        /// The track.
        track: u32,
        /// Where the sample is said to be.
        offset: u64,
        /// Where the stream is.
        position: u64,
    },
    /// The stream ended within a box or before the last sample.
    #[error("the stream ends after {bytes} bytes, in the middle of a box")]
    Cut {
        /// Bytes there were.
        bytes: u64,
    },
}

/// Reads a fragmented stream.
///
/// The loop: [`Self::push`] what came, take events with [`Self::next_event`] until `None`, and so on; [`Self::finish`] at the
/// end tells a whole stream from a cut one. What is held is one `moov`, `moof` or sample, and what was pushed last.
///
/// After an error nothing more comes: errors repeat.
#[derive(Debug, Default)]
pub struct Demuxer {
    queue: Queue,
    /// Bytes of the stream taken from the queue.
    position: u64,
    state: State,
    movie: Option<Arc<Movie>>,
    timeline: Timeline,
    pending: Vec<Pending>,
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

/// Samples of one track fragment still to come.
#[derive(Debug)]
struct Pending {
    track: u32,
    always_key: bool,
    dts: i64,
    presentation_offset: i64,
    samples: Peekable<FragmentSamples>,
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
    pub fn finish(self) -> Result<(), DemuxError> {
        let between = match self.state {
            State::Failed(error) => return Err(error),
            State::Between => self.queue.len() == 0,
            // A box may last to the end of the stream.
            State::Skip { end } | State::Media { end } => end.is_none(),
            State::Whole { .. } => false,
        };
        if !between || !self.pending.is_empty() {
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
        if let Some(pending) = self.pending.first_mut() {
            let offset = pending.samples.peek().map_or(0, |sample| sample.offset);
            return Err(DemuxError::Misplaced { track: pending.track, offset, position: self.position });
        }
        let fragment = Fragment::parse(moof, offset, &movie)?;
        let pending = fragment.tracks.iter().filter_map(|traf| self.pend(&movie, traf)).collect();
        self.pending = pending;
        Ok(())
    }

    /// Samples to wait for; `None` for a track that the movie does not play, or none at all.
    fn pend(&mut self, movie: &Movie, traf: &TrackFragment) -> Option<Pending> {
        let track = movie.track(traf.track_id)?;
        let dts = self.timeline.start_of(traf);
        let mut samples = traf.samples().peekable();
        samples.peek()?;
        Some(Pending {
            track: traf.track_id,
            always_key: track.config.kind() == MediaKind::Audio,
            dts,
            presentation_offset: movie.presentation_offset(track),
            samples,
        })
    }

    /// The sample that lies next in the file.
    fn sample(&mut self, end: Option<u64>) -> Result<Step, DemuxError> {
        let ahead = self.pending.iter_mut().enumerate();
        let next =
            ahead.filter_map(|(at, pending)| pending.samples.peek().map(|sample| (sample.offset, at))).min();
        let Some((offset, at)) = next else { return Ok(Step::Done) };
        let Some(pending) = self.pending.get_mut(at) else { return Ok(Step::Done) };
        let Some(sample) = pending.samples.peek().copied() else { return Ok(Step::Done) };
        let track = pending.track;
        // Samples may lie in a later mdat; nothing may lie behind.
        if end.is_some_and(|end| offset > end || (offset == end && sample.size > 0)) {
            return Ok(Step::Done);
        }
        let beyond = end.is_some_and(|end| offset.saturating_add(sample.size.into()) > end);
        if offset < self.position || beyond {
            return Err(DemuxError::Misplaced { track, offset, position: self.position });
        }
        if sample.size > MAX_SAMPLE {
            let (size, limit) = (sample.size.into(), MAX_SAMPLE.into());
            return Err(DemuxError::TooLarge { what: "a sample", size, limit });
        }
        if !self.skip_to(Some(offset)) {
            return Ok(Step::Wait);
        }
        let Some(data) = self.take(sample.size as usize) else { return Ok(Step::Wait) };
        Ok(self.emit(at, data).map_or(Step::Done, Step::Event))
    }

    fn emit(&mut self, at: usize, data: Bytes) -> Option<Event> {
        let pending = self.pending.get_mut(at)?;
        let sample = pending.samples.next()?;
        let dts = pending.dts.saturating_add(pending.presentation_offset);
        pending.dts = pending.dts.saturating_add(sample.duration.into());
        let event = Sample {
            track: pending.track,
            dts,
            pts: dts.saturating_add(sample.cto),
            duration: sample.duration,
            key: sample.key || pending.always_key,
            data,
        };
        if pending.samples.peek().is_none() {
            self.pending.remove(at);
        }
        Some(Event::Sample(event))
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
