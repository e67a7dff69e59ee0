//! The end of a job: fragments of all pieces become files that ordinary players open and seek in, and the indexes point into
//! those files from then on.

use futures_util::StreamExt;
use millrace_blob::{ByteRange, Head, Put, Writer};
use millrace_media::TrackConfig;
use millrace_mp4::write::{
    RandomAccess, SegmentIndex, SegmentReference, TrackAccess, TrackInit, init_segment, mfra, sidx,
};
use millrace_package::{Row, TrackIndex, TrackIndexBuilder};

use super::publish::{Publisher, facts, index_problem};
use crate::piece::Piece;
use crate::plan::OutputFile;
use crate::problem::{Failure, Problem};
use crate::store::{Store, blob_name, read_problem, write_problem};

/// Names the plan that a finished file belongs to, so that a restart does not write it again.
const PLAN_TAG: &str = "millraceplan";
/// More references than this do not fit into a `sidx`; such files get an `mfra` alone.
const MAX_REFERENCES: usize = u16::MAX as usize;

/// One fragment of a file to be.
#[derive(Debug, Clone, Copy)]
struct Part {
    /// Track number in the plan.
    track: usize,
    /// Piece of the track.
    piece: usize,
    /// Row of the track, over all pieces.
    row_number: usize,
    row: Row,
    /// Where it is in the piece's object.
    from: u64,
    /// Seconds at which it begins, for interleaving only.
    seconds: f64,
}

/// Writes the plan's files, and gives the sealed index of every track, in the order of tracks.
pub async fn assemble(publisher: &Publisher, store: &Store) -> Result<Vec<TrackIndex>, Failure> {
    let plan = publisher.plan();
    let count = plan.video.len() + plan.audio.len();
    let mut placed: Vec<Option<(String, Vec<u64>)>> = vec![None; count];
    for file in &plan.files {
        let tracks = tracks_of(publisher, file);
        if tracks.is_empty() {
            continue;
        }
        let layout = Layout::of(publisher, &tracks)?;
        layout.write(publisher, store, &file.name).await?;
        for track in tracks {
            if let Some(slot @ None) = placed.get_mut(track) {
                *slot = Some((file.name.clone(), layout.offsets(track)));
            }
        }
    }
    let mut sealed = Vec::new();
    for (track, place) in placed.into_iter().enumerate() {
        let Some((name, offsets)) = place else { continue };
        sealed.push(reindex(publisher, track, &name, &offsets)?);
    }
    Ok(sealed)
}

/// Track numbers of a file that have any media.
fn tracks_of(publisher: &Publisher, file: &OutputFile) -> Vec<usize> {
    let first_audio = publisher.plan().video.len();
    let audio = file.audio.iter().map(|index| first_audio + index);
    file.video.into_iter().chain(audio).filter(|track| publisher.index(*track).is_some()).collect()
}

fn reindex(publisher: &Publisher, track: usize, name: &str, offsets: &[u64]) -> Result<TrackIndex, Failure> {
    let Some(old) = publisher.index(track) else {
        return Err(index_problem("a track vanished").into());
    };
    let facts = facts(publisher.plan(), track, old.facts().decode_delay)?;
    let mut builder = TrackIndexBuilder::new(old.init().clone(), facts, publisher.identity().as_bytes())
        .map_err(index_problem)?;
    let object = builder.object(name).map_err(index_problem)?;
    for (row, offset) in old.rows().iter().zip(offsets) {
        builder.push_stored(*row, object, *offset).map_err(index_problem)?;
    }
    Ok(builder.seal())
}

/// What stands where in a file.
struct Layout {
    header: Vec<u8>,
    parts: Vec<Part>,
    trailer: Vec<u8>,
}

impl Layout {
    fn of(publisher: &Publisher, tracks: &[usize]) -> Result<Layout, Failure> {
        let mut parts: Vec<Part> = tracks.iter().flat_map(|track| parts_of(publisher, *track)).collect();
        parts.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        let indexes: Vec<(usize, &TrackIndex)> =
            tracks.iter().filter_map(|track| Some((*track, publisher.index(*track)?))).collect();
        let mut header = header(&indexes)?;
        if let [(_, index)] = indexes.as_slice()
            && parts.len() <= MAX_REFERENCES
        {
            header.extend(references(index, &parts)?);
        }
        let trailer = access(&indexes, &parts, header.len() as u64);
        Ok(Layout { header, parts, trailer })
    }

    /// Places of a track's fragments.
    fn offsets(&self, track: usize) -> Vec<u64> {
        let mut at = self.header.len() as u64;
        let mut offsets = Vec::new();
        for part in &self.parts {
            if part.track == track {
                offsets.push((part.row_number, at));
            }
            at += u64::from(part.row.size);
        }
        offsets.sort_unstable();
        offsets.into_iter().map(|(_, at)| at).collect()
    }

    fn size(&self) -> u64 {
        let media: u64 = self.parts.iter().map(|part| u64::from(part.row.size)).sum();
        self.header.len() as u64 + media + self.trailer.len() as u64
    }

    async fn write(&self, publisher: &Publisher, store: &Store, name: &str) -> Result<(), Failure> {
        let is_done = |head: &Head| {
            head.length == self.size()
                && head.metadata.get(PLAN_TAG).is_some_and(|tag| tag == publisher.identity())
        };
        if store.head(name).await?.as_ref().is_some_and(is_done) {
            return Ok(());
        }
        let mut put = Put::of_type("video/mp4");
        put.metadata.insert(PLAN_TAG.to_owned(), publisher.identity().to_owned());
        put.compute_md5 = true;
        let mut writer = store.writer(name, put).await?;
        writer.write(self.header.clone().into()).await.map_err(write_problem)?;
        for run in runs(&self.parts) {
            copy(publisher, store, &mut writer, &run).await?;
        }
        writer.write(self.trailer.clone().into()).await.map_err(write_problem)?;
        writer.finish().await.map_err(write_problem)?;
        Ok(())
    }
}

fn parts_of(publisher: &Publisher, track: usize) -> Vec<Part> {
    let scale = publisher.index(track).map_or(1, |index| index.timescale().get());
    let mut parts = Vec::new();
    for (piece, Piece { rows, .. }) in publisher.pieces(track).iter().enumerate() {
        let mut from = 0;
        for row in rows {
            let row = Row::from(*row);
            let seconds = row.time as f64 / f64::from(scale);
            parts.push(Part { track, piece, row_number: parts.len(), row, from, seconds });
            from += u64::from(row.size);
        }
    }
    parts
}

fn header(indexes: &[(usize, &TrackIndex)]) -> Result<Vec<u8>, Failure> {
    let configs: Vec<(&TrackConfig, u64)> =
        indexes.iter().map(|(_, index)| (index.config(), index.end())).collect();
    let tracks: Vec<TrackInit<'_>> = configs
        .iter()
        .map(|(config, end)| TrackInit { duration: Some(*end), ..TrackInit::new(config) })
        .collect();
    let init = init_segment(&tracks).map_err(index_problem)?;
    Ok(init.to_vec())
}

fn references(index: &TrackIndex, parts: &[Part]) -> Result<Vec<u8>, Failure> {
    let references: Vec<SegmentReference> = parts
        .iter()
        .map(|part| SegmentReference { size: part.row.size, duration: part.row.duration, key: true })
        .collect();
    let sidx = sidx(&SegmentIndex {
        track_id: index.config().id,
        timescale: index.timescale(),
        earliest_time: parts.first().map_or(0, |part| part.row.time),
        first_offset: 0,
        references: &references,
    });
    Ok(sidx.map_err(index_problem)?.to_vec())
}

/// The `mfra` at the end: where each track's fragments begin.
fn access(indexes: &[(usize, &TrackIndex)], parts: &[Part], media_at: u64) -> Vec<u8> {
    let entries: Vec<(u32, Vec<RandomAccess>)> = indexes
        .iter()
        .map(|(track, index)| {
            let mut at = media_at;
            let mut entries = Vec::new();
            for part in parts {
                if part.track == *track {
                    entries.push(RandomAccess { time: part.row.time, moof_offset: at });
                }
                at += u64::from(part.row.size);
            }
            (index.config().id, entries)
        })
        .collect();
    let tracks: Vec<TrackAccess<'_>> =
        entries.iter().map(|(track_id, entries)| TrackAccess { track_id: *track_id, entries }).collect();
    mfra(&tracks).to_vec()
}

/// Neighbouring bytes of one object.
struct Copy {
    track: usize,
    piece: usize,
    from: u64,
    len: u64,
}

fn runs(parts: &[Part]) -> Vec<Copy> {
    let mut runs: Vec<Copy> = Vec::new();
    for part in parts {
        let len = u64::from(part.row.size);
        match runs.last_mut() {
            Some(run)
                if run.track == part.track && run.piece == part.piece && run.from + run.len == part.from =>
            {
                run.len += len;
            }
            _ => runs.push(Copy { track: part.track, piece: part.piece, from: part.from, len }),
        }
    }
    runs
}

async fn copy(publisher: &Publisher, store: &Store, writer: &mut Writer, run: &Copy) -> Result<(), Failure> {
    let Some(piece) = publisher.pieces(run.track).get(run.piece) else { return Ok(()) };
    let range = ByteRange::from(run.from..run.from + run.len);
    let name = blob_name(&piece.object)?;
    let read = store.account().read(store.container(), &name, range).await.map_err(read_problem)?;
    let mut stream = std::pin::pin!(read.into_stream());
    let mut copied = 0;
    while let Some(bytes) = stream.next().await {
        let bytes = bytes.map_err(read_problem)?;
        copied += bytes.len() as u64;
        writer.write(bytes).await.map_err(write_problem)?;
    }
    if copied != run.len {
        return Err(
            Problem::service(format!("'{}' holds fewer bytes than its record says.", piece.object)).into()
        );
    }
    Ok(())
}
