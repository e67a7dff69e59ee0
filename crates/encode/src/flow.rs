//! One track from a child's standard output, in several pieces as it goes.
//!
//! Pieces are finished while the child still runs, so that the title plays meanwhile. A track that was cut short is read again
//! from its start; pieces that have a record are not written again.

use std::ffi::OsString;

use millrace_media::{Sample, TrackConfig};
use millrace_package::{Fragment, Fragmenter, Grid};
use serde::{Deserialize, Serialize};
use tokio::process::ChildStdout;

use crate::chunk::Bench;
use crate::chunk::gops::Gops;
use crate::ffmpeg::Child;
use crate::piece::{Piece, PieceWriter, media_problem, stored_config};
use crate::plan::timing::LEAD_SECONDS;
use crate::probe::problem_of;
use crate::problem::{Failure, Problem};
use crate::reader::Reader;

/// Fragments of a piece: half a minute of them at the usual 2 s.
const PIECE_FRAGMENTS: usize = 15;
/// The first piece is short, like the first chunk.
const FIRST_FRAGMENTS: usize = 3;

/// A finished piece of a track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FlowRecord {
    /// `None` at the end of a track whose last piece was the one before, or that has no samples.
    pub piece: Option<Piece>,
    /// Whether the track ends with it.
    pub last: bool,
}

/// What is made of a child's output.
pub(crate) struct Flow<'a> {
    /// Where it goes.
    pub bench: &'a Bench<'a>,
    /// Start of the names of records and objects, unique in the plan.
    pub prefix: String,
    /// Number of the track in its files.
    pub id: u32,
    /// BCP 47.
    pub language: Option<&'a str>,
    /// Fragments.
    pub grid: Grid,
    /// Frames of video have their decode times made again.
    pub is_video: bool,
    /// Length that is expected, in microseconds.
    pub total_us: i64,
    /// The input's name in sentences.
    pub input: &'a str,
}

/// Name of a record among the work of its plan.
pub(crate) fn record_name(prefix: &str, number: u32) -> String {
    format!("{prefix}-{number:05}.json")
}

impl Flow<'_> {
    /// Runs ffmpeg with `arguments`, whose one output is a fragmented MP4 on standard output, [`LEAD_SECONDS`] late.
    ///
    /// `written` is told of each finished piece, `on_progress` gets the done share.
    pub(crate) async fn run(
        self,
        arguments: &[OsString],
        on_progress: impl Fn(f64),
        written: impl Fn(u32),
    ) -> Result<(), Failure> {
        let tools = self.bench.tools;
        let (child, stdout) = Child::start(tools, &tools.ffmpeg, arguments)
            .map_err(|error| problem_of(error.into(), self.input))?;
        let input = self.input.to_owned();
        let mut state = State { flow: self, number: 0, started: None, open: Open::None };
        let fed = state.feed(stdout, &on_progress, &written).await;
        let ended = match &fed {
            Ok(()) => child.wait().await,
            Err(_) => child.kill().await,
        };
        let ended = ended.map_err(|error| Problem::io("Waiting for the encoder", &error))?;
        fed?;
        if !ended.success {
            return Err(ended.said.problem(&input, "Encoding").into());
        }
        state.end(&written).await
    }
}

struct State<'a> {
    flow: Flow<'a>,
    number: u32,
    started: Option<Started>,
    open: Open,
}

/// What the first sample makes known.
struct Started {
    config: TrackConfig,
    fragmenter: Fragmenter,
    gops: Option<Gops>,
    delay: i64,
    usual: u32,
}

/// The piece that fragments go to.
enum Open {
    /// The next fragment opens one.
    None,
    /// It is written.
    Writing(Box<PieceWriter>),
    /// A run before this one wrote it; so many of its fragments are still to come.
    Known(usize),
}

impl State<'_> {
    async fn feed(
        &mut self,
        stdout: ChildStdout,
        on_progress: &impl Fn(f64),
        written: &impl Fn(u32),
    ) -> Result<(), Failure> {
        let (stop, stall) = (self.flow.bench.stop, self.flow.bench.tools.stall);
        let total = self.flow.total_us.max(1) as f64;
        let mut reader = Reader::new(stdout);
        loop {
            let next = tokio::select! {
                biased;
                () = stop.cancelled() => return Err(Failure::Stopped),
                () = tokio::time::sleep(stall) => {
                    let (input, after) = (self.flow.input, stall.as_secs());
                    return Err(Problem::malformed(format!("Reading '{input}' made no progress for {after} s.")).into());
                }
                next = reader.next() => next?,
            };
            let Some(sample) = next else { return Ok(()) };
            let Some(config) = reader.config() else { continue };
            let rate = i64::from(config.timescale.get());
            let done = (sample.pts - LEAD_SECONDS * rate) as f64 / rate as f64 * 1e6;
            on_progress((done / total).clamp(0.0, 0.99));
            self.take(sample, config, written).await?;
        }
    }

    async fn take(
        &mut self,
        mut sample: Sample,
        found: &TrackConfig,
        written: &impl Fn(u32),
    ) -> Result<(), Failure> {
        let flow = &self.flow;
        let lead = LEAD_SECONDS * i64::from(found.timescale.get());
        let started = self.started.get_or_insert_with(|| {
            let config = stored_config(found, flow.id, flow.language);
            let gops = flow.is_video.then(|| Gops::new(lead, 0, None));
            Started {
                fragmenter: Fragmenter::new(&config, flow.grid),
                config,
                gops,
                delay: 0,
                usual: sample.duration,
            }
        });
        sample.track = flow.id;
        let samples = match &mut started.gops {
            Some(gops) => gops.push(sample),
            None => {
                sample.pts -= lead;
                sample.dts -= lead;
                vec![sample]
            }
        };
        self.cut(samples, written).await
    }

    async fn cut(&mut self, samples: Vec<Sample>, written: &impl Fn(u32)) -> Result<(), Failure> {
        for sample in samples {
            let Some(started) = &mut self.started else { return Ok(()) };
            started.delay = started.delay.max(sample.dts - sample.pts);
            if let Some(fragment) = started.fragmenter.push(sample).map_err(media_problem)? {
                self.keep(fragment, written).await?;
            }
        }
        Ok(())
    }

    /// Puts a fragment into the open piece, and ends the piece when it is full.
    async fn keep(&mut self, fragment: Fragment, written: &impl Fn(u32)) -> Result<(), Failure> {
        if matches!(self.open, Open::None) {
            self.open = self.open_piece().await?;
        }
        let limit = if self.number == 0 { FIRST_FRAGMENTS } else { PIECE_FRAGMENTS };
        match &mut self.open {
            Open::None => Ok(()),
            Open::Known(rest) if *rest > 1 => {
                *rest -= 1;
                Ok(())
            }
            Open::Known(_) => {
                self.open = Open::None;
                self.number += 1;
                Ok(())
            }
            Open::Writing(writer) => {
                writer.write(fragment).await?;
                if writer.rows() >= limit { self.close(false, written).await } else { Ok(()) }
            }
        }
    }

    async fn open_piece(&mut self) -> Result<Open, Failure> {
        let store = self.flow.bench.store;
        let name = store.work(&record_name(&self.flow.prefix, self.number));
        if let Some(FlowRecord { piece: Some(piece), last: false }) = store.get_json(&name).await? {
            return Ok(Open::Known(piece.rows.len()));
        }
        let started =
            self.started.as_ref().ok_or_else(|| media_problem("fragments come before the header"))?;
        let name = format!("{}-{:05}.cmf", self.flow.prefix, self.number);
        Ok(Open::Writing(Box::new(PieceWriter::open(store, &name, &started.config).await?)))
    }

    async fn close(&mut self, last: bool, written: &impl Fn(u32)) -> Result<(), Failure> {
        let piece = match std::mem::replace(&mut self.open, Open::None) {
            Open::Writing(writer) => writer.finish().await?,
            Open::None | Open::Known(_) => None,
        };
        let delay = self.started.as_ref().map_or(0, |started| u32::try_from(started.delay).unwrap_or(0));
        let record = FlowRecord { piece: piece.map(|piece| Piece { delay, ..piece }), last };
        let store = self.flow.bench.store;
        store.put_json(&store.work(&record_name(&self.flow.prefix, self.number)), &record).await?;
        written(self.number);
        self.number += 1;
        Ok(())
    }

    async fn end(mut self, written: &impl Fn(u32)) -> Result<(), Failure> {
        let rest = self.started.as_mut().and_then(|started| Some((started.gops.take()?, started.usual)));
        if let Some((gops, usual)) = rest {
            self.cut(gops.finish(None, usual), written).await?;
        }
        if let Some(started) = &mut self.started {
            let empty = Fragmenter::new(&started.config, self.flow.grid);
            let last = std::mem::replace(&mut started.fragmenter, empty).finish().map_err(media_problem)?;
            if let Some(fragment) = last {
                self.keep(fragment, written).await?;
            }
        }
        self.close(true, written).await
    }
}
