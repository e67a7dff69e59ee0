//! Growing indexes: what is finished without a gap, published piece by piece.

use std::num::NonZeroU32;

use millrace_blob::Put;
use millrace_manifest::{Role, TrackName};
use millrace_package::pointer::{PRESENTATION_BLOB, SourceFacts, SourceFile, index_blob};
use millrace_package::{Pointer, PointerState, Row, TrackFacts, TrackIndex, TrackIndexBuilder, TrackPointer};

use crate::chunk::grid;
use crate::piece::Piece;
use crate::plan::types::{AudioMake, Place, Plan, VideoMake};
use crate::problem::{Failure, Problem};
use crate::store::Store;

/// The tracks of a plan as they grow. Track numbers count video first, then audio.
pub struct Publisher {
    plan: Plan,
    identity: String,
    tracks: Vec<Growing>,
    /// Blob names of indexes that a newer version replaced.
    replaced: Vec<String>,
    first_published_ms: Option<i64>,
}

#[derive(Default)]
struct Growing {
    builder: Option<TrackIndexBuilder>,
    pieces: Vec<Piece>,
    index_blob: Option<String>,
}

impl Publisher {
    /// No pieces yet.
    pub fn new(plan: &Plan) -> Publisher {
        let count = plan.video.len() + plan.audio.len();
        Publisher {
            identity: plan.hash(),
            plan: plan.clone(),
            tracks: (0..count).map(|_| Growing::default()).collect(),
            replaced: Vec::new(),
            first_published_ms: None,
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Pieces of a track so far.
    pub fn pieces(&self, track: usize) -> &[Piece] {
        self.tracks.get(track).map_or(&[], |growing| &growing.pieces)
    }

    /// The index of a track so far.
    pub fn index(&self, track: usize) -> Option<&TrackIndex> {
        self.tracks.get(track)?.builder.as_ref().map(TrackIndexBuilder::index)
    }

    /// Names of indexes that were published and replaced.
    pub fn replaced(&self) -> &[String] {
        &self.replaced
    }

    /// What identifies the media in content keys.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Adds the next piece of a track.
    pub fn add(&mut self, track: usize, piece: Piece) -> Result<(), Failure> {
        let facts = facts(&self.plan, track, piece.delay)?;
        let identity = self.identity.clone();
        let Some(growing) = self.tracks.get_mut(track) else { return Ok(()) };
        let init = piece.init_bytes().ok_or_else(|| damaged("initialization segment"))?;
        let builder = match growing.builder.take() {
            None => TrackIndexBuilder::new(init, facts, identity.as_bytes()).map_err(index_problem)?,
            Some(builder) if *builder.index().init() == init => builder,
            Some(_) => return Err(index_problem("the encoder changed its settings between chunks").into()),
        };
        let builder = growing.builder.insert(builder);
        let object = builder.object(&piece.object).map_err(index_problem)?;
        let mut offset = 0;
        for row in &piece.rows {
            let row = Row::from(*row);
            builder.push_stored(row, object, offset).map_err(index_problem)?;
            offset += u64::from(row.size);
        }
        growing.pieces.push(piece);
        Ok(())
    }

    /// Publishes what there is as a growing title, once every track has begun; whether it did.
    pub async fn publish(&mut self, store: &Store, now_ms: i64) -> Result<bool, Failure> {
        if self.tracks.is_empty() || self.tracks.iter().any(|track| track.builder.is_none()) {
            return Ok(false);
        }
        let mut pointers = Vec::new();
        for number in 0..self.tracks.len() {
            let Some(index) = self.index(number) else { continue };
            let index = index.clone();
            let pointer = put_index(store, &index).await?;
            let track = &mut self.tracks[number];
            if let Some(old) = track.index_blob.replace(pointer.index.clone())
                && old != pointer.index
            {
                self.replaced.push(old);
            }
            pointers.push(pointer);
        }
        self.put_pointer(store, PointerState::Growing, pointers, now_ms).await?;
        Ok(true)
    }

    /// Publishes the complete title out of sealed indexes.
    pub async fn complete(
        &mut self,
        store: &Store,
        sealed: Vec<TrackIndex>,
        now_ms: i64,
    ) -> Result<(), Failure> {
        let mut pointers = Vec::new();
        for index in &sealed {
            pointers.push(put_index(store, index).await?);
        }
        let last = self.tracks.iter_mut().filter_map(|track| track.index_blob.take());
        self.replaced.extend(last.filter(|old| pointers.iter().all(|pointer| pointer.index != *old)));
        self.put_pointer(store, PointerState::Complete, pointers, now_ms).await
    }

    async fn put_pointer(
        &mut self,
        store: &Store,
        state: PointerState,
        tracks: Vec<TrackPointer>,
        now_ms: i64,
    ) -> Result<(), Failure> {
        let mut pointer = Pointer::new(&self.plan.basename);
        pointer.state = state;
        pointer.tracks = tracks;
        pointer.first_published_ms = Some(*self.first_published_ms.get_or_insert(now_ms));
        pointer.published_ms = Some(now_ms);
        pointer.source = Some(source_facts(&self.plan));
        pointer.thumbnails = self.plan.images.iter().flat_map(|set| set.names.iter().cloned()).collect();
        store.put(PRESENTATION_BLOB, pointer.to_json(), Put::of_type("application/json")).await.map(drop)
    }

    /// Continues the first publication's time after a restart.
    pub async fn recall(&mut self, store: &Store) -> Result<(), Failure> {
        let known: Option<serde_json::Value> = store.get_json(PRESENTATION_BLOB).await?;
        self.first_published_ms = known.and_then(|pointer| pointer.get("firstPublishedMs")?.as_i64());
        Ok(())
    }
}

async fn put_index(store: &Store, index: &TrackIndex) -> Result<TrackPointer, Failure> {
    let encoded = index.encode().map_err(index_problem)?;
    let name = index_blob(&encoded);
    store.put(&name, encoded, Put::of_type("application/octet-stream")).await?;
    Ok(TrackPointer {
        index: name,
        key: index.key().to_string(),
        name: index.facts().name.to_string(),
        bitrate: index.facts().bitrate,
    })
}

fn source_facts(plan: &Plan) -> SourceFacts {
    let file = |place: &Place| match place {
        Place::Blob { blob, etag, .. } => Some(SourceFile { name: blob.clone(), etag: etag.clone() }),
        Place::Http { .. } | Place::Local { .. } => None,
    };
    SourceFacts {
        files: plan.clips.iter().filter_map(|clip| file(&clip.input.place)).collect(),
        duration_ms: u64::try_from(plan.duration_us() / 1000).ok(),
    }
}

/// Facts of track number `track`.
pub(super) fn facts(plan: &Plan, track: usize, delay: u32) -> Result<TrackFacts, Failure> {
    let segments = grid(&plan.timing).segments();
    let missing = || damaged("track number");
    if let Some(video) = plan.video.get(track) {
        let rate = plan.timing.rate;
        let constant = plan.timing.frame.is_some();
        let (bitrate, own, frames) = match &video.make {
            VideoMake::Encode(encode) => (encode.bitrate, encode.rate, reordered(encode.b_frames)),
            VideoMake::Copy => (source_bitrate(plan), None, 0),
        };
        let usual = plan.timing.frame.unwrap_or(0).saturating_mul(frames);
        let told = own.or(constant.then_some(rate));
        return Ok(TrackFacts {
            name: TrackName::sanitized(&video.name),
            bitrate: u32::try_from(bitrate).unwrap_or(u32::MAX),
            language: None,
            label: None,
            role: Role::Main,
            default: true,
            frame_rate: told.and_then(|rate| NonZeroU32::new(rate.num).zip(NonZeroU32::new(rate.den))),
            decode_delay: usual.max(delay),
            segments,
        });
    }
    let audio = plan.audio.get(track - plan.video.len().min(track)).ok_or_else(missing)?;
    let bitrate = match &audio.make {
        AudioMake::Aac { bitrate, .. } => *bitrate,
        AudioMake::Copy => audio_bitrate(plan, audio.track),
    };
    Ok(TrackFacts {
        name: TrackName::sanitized(&audio.name),
        bitrate,
        language: audio.language.clone(),
        label: audio.title.clone(),
        role: if audio.default { Role::Main } else { Role::Alternate },
        default: audio.default,
        frame_rate: None,
        decode_delay: 0,
        segments,
    })
}

/// Frames by which B-frames delay decoding: two with a pyramid.
fn reordered(b_frames: u32) -> u32 {
    b_frames.min(2)
}

fn source_bitrate(plan: &Plan) -> u64 {
    let video = plan.clips.first().and_then(|clip| clip.source.video.as_ref());
    video.and_then(|video| video.bit_rate).unwrap_or(1_000_000)
}

fn audio_bitrate(plan: &Plan, track: usize) -> u32 {
    let audio = plan.clips.first().and_then(|clip| clip.source.audio.get(track));
    audio.and_then(|audio| audio.bit_rate).map_or(128_000, |rate| u32::try_from(rate).unwrap_or(u32::MAX))
}

fn damaged(what: &str) -> Problem {
    Problem::service(format!("A record of finished work has a damaged {what}."))
}

pub(super) fn index_problem(error: impl std::fmt::Display) -> Problem {
    Problem::service(format!("The index of a track cannot be made: {error}."))
}
