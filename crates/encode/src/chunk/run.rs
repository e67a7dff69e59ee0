//! Running a chunk: the child, its files, the pieces.

use std::path::{Path, PathBuf};

use millrace_media::{Sample, TrackConfig};
use millrace_package::{Fragmenter, Grid};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::command::arguments;
use super::filters::Cut;
use super::gops::Gops;
use super::next::next_frame;
use crate::ffmpeg::{Run, Tools};
use crate::piece::{Piece, PieceWriter, media_problem, stored_config};
use crate::plan::types::VideoTrack;
use crate::plan::{Plan, Timing, VideoMake};
use crate::probe::{File, problem_of};
use crate::problem::{Failure, Problem};
use crate::reader::Reader;
use crate::store::Store;

/// Number of the video track in every file that has one.
pub const VIDEO_ID: u32 = 1;

/// What a chunk needs beside its plan.
pub struct Bench<'a> {
    /// Programs and limits.
    pub tools: &'a Tools,
    /// Where pieces go.
    pub store: &'a Store,
    /// Where files of the child go; removed afterwards.
    pub scratch: &'a Path,
    /// Ends the child when cancelled.
    pub stop: &'a CancellationToken,
}

/// A finished chunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChunkRecord {
    /// One per encoded video track, by its place in [`Plan::video`]. Without frames in the chunk there are none.
    pub pieces: Vec<(usize, Piece)>,
}

/// Name of a chunk's record among the work of its plan.
pub fn record_name(number: u32) -> String {
    format!("c{number:05}.json")
}

/// The step of key frames as the packager's grid.
pub fn grid(timing: &Timing) -> Grid {
    use std::num::NonZeroU32;
    let gcd = |mut a: u32, mut b: u32| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let common = gcd(timing.gop, timing.timescale).max(1);
    let part = |value: u32| NonZeroU32::new(value / common).unwrap_or(NonZeroU32::MIN);
    Grid { num: part(timing.gop), den: part(timing.timescale) }
}

/// Encodes a chunk, unless its record is there already. `on_progress` gets the done share, 0 to 1.
pub async fn encode(
    bench: &Bench<'_>,
    cut: &Cut<'_>,
    file: File<'_>,
    on_progress: impl Fn(f64),
) -> Result<ChunkRecord, Failure> {
    let name = record_name(cut.chunk.number);
    if let Some(done) = bench.store.get_json::<ChunkRecord>(&bench.store.work(&name)).await? {
        return Ok(done);
    }
    let tracks: Vec<(usize, &VideoTrack)> = encoded(cut.plan);
    let bounds = Bounds::of(bench, cut, file).await?;
    let mut record = attempt(bench, cut, file, &tracks, &bounds, true, &on_progress).await?;
    if bounds.is_late(&record) {
        // The input's index led past the wanted frame. Decoding from the start is slow and always right.
        tracing::info!(file = file.name, chunk = cut.chunk.number, "the input does not seek exactly");
        record = attempt(bench, cut, file, &tracks, &bounds, false, &on_progress).await?;
    }
    bench.store.put_json(&bench.store.work(&name), &record).await?;
    Ok(record)
}

fn encoded(plan: &Plan) -> Vec<(usize, &VideoTrack)> {
    let is_encoded = |track: &VideoTrack| matches!(track.make, VideoMake::Encode(_));
    plan.video.iter().enumerate().filter(|(_, track)| is_encoded(track)).collect()
}

async fn attempt(
    bench: &Bench<'_>,
    cut: &Cut<'_>,
    file: File<'_>,
    tracks: &[(usize, &VideoTrack)],
    bounds: &Bounds,
    seek: bool,
    on_progress: &impl Fn(f64),
) -> Result<ChunkRecord, Failure> {
    let folder = tempfile::Builder::new()
        .prefix("chunk-")
        .tempdir_in(bench.scratch)
        .map_err(|error| Problem::io("Making scratch space", &error))?;
    let outputs: Vec<PathBuf> = (0..tracks.len()).map(|n| folder.path().join(format!("{n}.mp4"))).collect();
    let only: Vec<&VideoTrack> = tracks.iter().map(|(_, track)| *track).collect();
    let arguments = arguments(bench.tools, cut, file.path, &only, &outputs, seek);
    let total = bounds.length_us(cut).max(1) as f64;
    let begin = cut.plan.timing.us(cut.chunk.from + cut.chunk.shift + cut.plan.timing.lead());
    let ended = Run { tools: bench.tools, arguments, stop: bench.stop }
        .to_end(|us| on_progress(((us - begin) as f64 / total).clamp(0.0, 0.99)))
        .await
        .map_err(|stopped| problem_of(stopped, file.name))?;
    if !ended.success {
        return Err(ended.said.problem(file.name, "Encoding").into());
    }
    let mut pieces = Vec::new();
    for ((index, _), output) in tracks.iter().zip(&outputs) {
        let name = format!("c{:05}-v{index}.cmfv", cut.chunk.number);
        if let Some(piece) = collect(bench, cut, bounds, output, &name).await? {
            pieces.push((*index, piece));
        }
    }
    check(cut, tracks, &pieces)?;
    Ok(ChunkRecord { pieces })
}

/// One rendition's file becomes a piece.
async fn collect(
    bench: &Bench<'_>,
    cut: &Cut<'_>,
    bounds: &Bounds,
    output: &Path,
    name: &str,
) -> Result<Option<Piece>, Failure> {
    let timing = &cut.plan.timing;
    let open = tokio::fs::File::open(output).await;
    let mut reader = Reader::new(open.map_err(|error| Problem::io("Reading the encoder's output", &error))?);
    let from = cut.chunk.from + cut.chunk.shift;
    let to = cut.chunk.to.map(|to| to + cut.chunk.shift);
    let mut gops = Gops::new(timing.lead(), from, to);
    let mut track = Collected { bench, timing, name, open: None, delay: 0 };
    while let Some(sample) = reader.next().await? {
        track.push(reader.config(), gops.push(sample)).await?;
    }
    track.push(reader.config(), gops.finish(bounds.next, bounds.usual)).await?;
    track.finish().await
}

/// A track on its way into a piece, which is opened by its first sample.
struct Collected<'a> {
    bench: &'a Bench<'a>,
    timing: &'a Timing,
    name: &'a str,
    open: Option<(Fragmenter, PieceWriter)>,
    delay: i64,
}

impl Collected<'_> {
    async fn push(&mut self, config: Option<&TrackConfig>, samples: Vec<Sample>) -> Result<(), Failure> {
        for mut sample in samples {
            if self.open.is_none() {
                let found = config.ok_or_else(|| media_problem("samples come before the header"))?;
                let config = stored_config(found, VIDEO_ID, None);
                let writer = PieceWriter::open(self.bench.store, self.name, &config).await?;
                self.open = Some((Fragmenter::new(&config, grid(self.timing)), writer));
            }
            let Some((fragmenter, writer)) = &mut self.open else { continue };
            self.delay = self.delay.max(sample.dts - sample.pts);
            sample.track = VIDEO_ID;
            if let Some(done) = fragmenter.push(sample).map_err(media_problem)? {
                writer.write(done).await?;
            }
        }
        Ok(())
    }

    async fn finish(self) -> Result<Option<Piece>, Failure> {
        let Some((fragmenter, mut writer)) = self.open else { return Ok(None) };
        if let Some(last) = fragmenter.finish().map_err(media_problem)? {
            writer.write(last).await?;
        }
        let delay = u32::try_from(self.delay).unwrap_or(0);
        Ok(writer.finish().await?.map(|piece| Piece { delay, ..piece }))
    }
}

/// All renditions of a chunk have the same frames, unless one was asked for another frame rate.
fn check(cut: &Cut<'_>, tracks: &[(usize, &VideoTrack)], pieces: &[(usize, Piece)]) -> Result<(), Failure> {
    let is_own =
        |track: &VideoTrack| matches!(&track.make, VideoMake::Encode(encode) if encode.rate.is_some());
    if tracks.iter().any(|(_, track)| is_own(track)) {
        return Ok(());
    }
    let mut counts = pieces.iter().map(|(_, piece)| piece.samples());
    let first = counts.next().unwrap_or(0);
    if counts.any(|count| count != first) || (!pieces.is_empty() && pieces.len() != tracks.len()) {
        let number = cut.chunk.number;
        return Err(Problem::service(format!(
            "Renditions of chunk {number} differ in their number of frames."
        ))
        .into());
    }
    Ok(())
}

/// Where a chunk's frames begin and end, as far as that is known before it is decoded.
struct Bounds {
    /// Output tick of the first frame that is expected.
    first: Option<i64>,
    /// Output tick of the first frame after the chunk: where its last frame ends.
    next: Option<i64>,
    /// Ticks of a frame.
    usual: u32,
}

impl Bounds {
    async fn of(bench: &Bench<'_>, cut: &Cut<'_>, file: File<'_>) -> Result<Bounds, Failure> {
        let (timing, chunk) = (&cut.plan.timing, cut.chunk);
        let usual =
            timing.frame.unwrap_or_else(|| timing.rate.inverse().scale(u64::from(timing.timescale)) as u32);
        // Only frames that the filter puts on the grid are sure to stand on it: an input whose rate is constant may still
        // have joints, such as a film repeated without encoding.
        if let Some(frame) = timing.frame.filter(|_| timing.snap) {
            let on_grid = |tick: i64| tick + i64::from(frame / 2) + chunk.shift;
            return Ok(Bounds { first: Some(on_grid(chunk.from)), next: chunk.to.map(on_grid), usual });
        }
        let mut bounds = Bounds { first: None, next: None, usual };
        if chunk.number > 0 {
            bounds.first = next_frame(bench, cut, file, chunk.from).await?.map(|tick| tick + chunk.shift);
        }
        if let Some(to) = chunk.to {
            bounds.next = next_frame(bench, cut, file, to).await?.map(|tick| tick + chunk.shift);
        }
        Ok(bounds)
    }

    /// Whether the first frame stands more than a frame later than it should.
    fn is_late(&self, record: &ChunkRecord) -> bool {
        let begins = record.pieces.first().and_then(|(_, piece)| piece.rows.first()).map(|row| {
            let row: millrace_package::Row = (*row).into();
            row.time as i64
        });
        match (self.first, begins) {
            (Some(first), Some(begins)) => begins > first + i64::from(self.usual),
            (Some(first), None) => self.next.is_some_and(|next| next > first),
            (None, _) => false,
        }
    }

    fn length_us(&self, cut: &Cut<'_>) -> i64 {
        let clip = cut.plan.clips.get(cut.chunk.clip);
        let whole = clip.map_or(0, |clip| clip.start_us + clip.duration_us());
        cut.chunk.length_us(&cut.plan.timing, whole)
    }
}
