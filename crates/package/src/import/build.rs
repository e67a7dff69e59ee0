//! From scanned files to indexes and heads.

use bytes::{BufMut, Bytes, BytesMut};
use millrace_manifest::{Role, TrackName};
use millrace_media::{MediaKind, Timescale, TrackConfig, rescale};
use millrace_mp4::write::{TrackInit, WriteError, init_segment};

use super::{
    Import, ImportError, ImportWarning, ImportedTrack, IsmTrack, MAX_HEADS, MAX_SAMPLES, SourceBlob,
    scan::Scanned,
    select::{self, Choice},
    source::{Source, SourceSample},
    survey::Survey,
};
use crate::{
    Fragment, Grid, ObjectRange, TrackFacts, TrackIndex, TrackIndexBuilder,
    chunker::{Cutter, Timed},
    pointer::heads_blob,
};

/// A chosen track that has been looked through once.
struct Surveyed<'a> {
    choice: Choice,
    file: &'a SourceBlob,
    source: Source<'a>,
    survey: Survey,
}

pub(super) fn build(
    files: &[SourceBlob],
    ism: Option<&[IsmTrack]>,
    scanned: &[Scanned],
) -> Result<Import, ImportError> {
    let mut warnings = Vec::new();
    let choices = select::choose(files, scanned, ism, &mut warnings)?;
    let surveyed = survey(files, scanned, choices, &mut warnings)?;
    let grid = grid_of(&surveyed);
    let origin = origin_of(&surveyed);
    let (mut tracks, mut names, mut heads_left) = (Vec::new(), Vec::new(), MAX_HEADS);
    for track in &surveyed {
        let facts = facts_of(track, grid, &tracks, &names);
        match one(track, facts, grid, origin, heads_left) {
            Ok(built) => {
                heads_left = heads_left.saturating_sub(built.heads.len() as u64);
                names.push(built.index.facts().name.clone());
                tracks.push(built);
            }
            Err(error) => warnings.push(unusable(track, &error)),
        }
    }
    if tracks.is_empty() {
        return Err(ImportError::NoTracks(warnings));
    }
    warnings.extend(misaligned(&tracks));
    Ok(Import { tracks, warnings })
}

fn survey<'a>(
    files: &'a [SourceBlob],
    scanned: &'a [Scanned],
    choices: Vec<Choice>,
    warnings: &mut Vec<ImportWarning>,
) -> Result<Vec<Surveyed<'a>>, ImportError> {
    let mut budget = MAX_SAMPLES;
    let mut surveyed = Vec::new();
    for choice in choices {
        let (Some(file), Some(scan)) = (files.get(choice.file), scanned.get(choice.file)) else {
            continue;
        };
        let Some(source) = Source::new(scan, choice.track_id) else { continue };
        let survey = Survey::of(&source, file.size, &mut budget)?;
        let track = Surveyed { choice, file, source, survey };
        warn(&track, scan, warnings);
        if track.survey.kept > 0 {
            surveyed.push(track);
        }
    }
    Ok(surveyed)
}

fn warn(track: &Surveyed<'_>, scan: &Scanned, warnings: &mut Vec<ImportWarning>) {
    let (file, number) = (track.file.name.clone(), track.choice.track_id);
    let truncated = ImportWarning::Truncated { file: file.clone() };
    if (track.survey.truncated || scan.truncated) && !warnings.contains(&truncated) {
        warnings.push(truncated);
    }
    if !track.source.track().edits.is_simple() {
        warnings.push(ImportWarning::Edits { file: file.clone(), track: number });
    }
    if track.source.track().sample_entries > 1 {
        warnings.push(ImportWarning::SampleEntries { file: file.clone(), track: number });
    }
    if track.survey.kept == 0 {
        let reason = "it has no samples that can be shown".to_owned();
        warnings.push(ImportWarning::Unusable { file, track: number, reason });
    }
}

fn unusable(track: &Surveyed<'_>, error: &ImportError) -> ImportWarning {
    ImportWarning::Unusable {
        file: track.file.name.clone(),
        track: track.choice.track_id,
        reason: error.to_string(),
    }
}

/// The grid that the first video gives; all tracks are cut by it.
fn grid_of(tracks: &[Surveyed<'_>]) -> Grid {
    let video = tracks.iter().find(|track| track.choice.kind == MediaKind::Video);
    let first = video.or(tracks.first());
    first.map_or_else(
        || Survey::default().grid(Timescale::MILLIS),
        |track| track.survey.grid(track.source.config().timescale),
    )
}

/// Where the title begins, in 100 ns of the files' presentation time: at the first video key frame, which may lie before
/// zero if an edit list cuts into a group of pictures, or at the audio, if that is earlier by more than its priming.
fn origin_of(tracks: &[Surveyed<'_>]) -> i64 {
    let begin =
        |track: &Surveyed<'_>| rescale(track.survey.begin, track.source.config().timescale, Timescale::HNS);
    let (videos, others): (Vec<_>, Vec<_>) =
        tracks.iter().partition(|track| track.choice.kind == MediaKind::Video);
    // Priming ends before zero where nothing was moved, so sound alone never begins earlier.
    let sound = others.into_iter().map(|track| begin(track).max(0)).min();
    match (videos.into_iter().map(begin).min(), sound) {
        (Some(video), Some(sound)) if sound.saturating_add(LONGEST_PRIMING) < video => sound,
        (Some(video), _) => video,
        (None, sound) => sound.unwrap_or(0),
    }
}

/// In 100 ns: two frames of 2048 samples at 44.1 kHz.
const LONGEST_PRIMING: i64 = 930_000;

fn facts_of(track: &Surveyed<'_>, grid: Grid, before: &[ImportedTrack], names: &[TrackName]) -> TrackFacts {
    let config = track.source.config();
    let own = Some(&config.language).filter(|language| !language.is_undetermined());
    let language = track.choice.language.clone().or(own.map(ToString::to_string));
    let language = language.filter(|language| language != "und");
    let wanted = track.choice.name.clone();
    let wanted = wanted.unwrap_or_else(|| select::usual_name(track.choice.kind, language.as_deref()));
    let first = before.iter().all(|other| other.index.kind() != track.choice.kind);
    TrackFacts {
        name: select::unique_name(&wanted, names),
        bitrate: track.choice.bitrate.unwrap_or_else(|| track.survey.bitrate(config.timescale)),
        language,
        label: None,
        role: if first || track.choice.kind == MediaKind::Video { Role::Main } else { Role::Alternate },
        default: first,
        frame_rate: None,
        decode_delay: track.survey.decode_delay,
        segments: grid.segments(),
    }
}

fn one(
    track: &Surveyed<'_>,
    facts: TrackFacts,
    grid: Grid,
    origin: i64,
    heads_left: u64,
) -> Result<ImportedTrack, ImportError> {
    let config = track.source.config();
    let init = init_of(config, track.source.track().sample_entry.as_ref())?;
    let identity = identity(track, grid, origin);
    let mut writer = Writer::new(TrackIndexBuilder::new(init, facts, &identity)?, track.file, heads_left)?;
    let mut cutter = Cutter::new(config, grid);
    let kept = usize::try_from(track.survey.kept).unwrap_or(usize::MAX);
    let shift = shift_of(track, origin);
    for sample in track.source.samples().take(kept) {
        if let Some(fragment) = cutter.push(timed(sample?, shift))? {
            writer.add(fragment)?;
        }
    }
    if let Some(fragment) = cutter.finish()? {
        writer.add(fragment)?;
    }
    Ok(writer.finish())
}

/// What is added to times so that the title begins at zero. Rounding may not put a video before it.
fn shift_of(track: &Surveyed<'_>, origin: i64) -> i64 {
    let shift = rescale(origin, Timescale::HNS, track.source.config().timescale).saturating_neg();
    match track.choice.kind {
        MediaKind::Video => shift.max(track.survey.begin.saturating_neg()),
        _ => shift,
    }
}

fn timed(sample: SourceSample, shift: i64) -> Timed<SourceSample> {
    Timed {
        dts: sample.dts.saturating_add(shift),
        pts: sample.pts.saturating_add(shift),
        duration: sample.duration,
        key: sample.key,
        size: sample.size,
        data: sample,
    }
}

/// Made anew, since a foreign sample entry may be of a kind that browsers do not know (QuickTime's sound); the foreign
/// one where there is no other way.
fn init_of(config: &TrackConfig, sample_entry: &[u8]) -> Result<Bytes, WriteError> {
    match init_segment(&[TrackInit::new(config)]) {
        Err(WriteError::UnknownCodec(_)) => {
            init_segment(&[TrackInit { sample_entry: Some(sample_entry), ..TrackInit::new(config) }])
        }
        other => other,
    }
}

/// The version of the file, the track, and how it was cut.
fn identity(track: &Surveyed<'_>, grid: Grid, origin: i64) -> Vec<u8> {
    let file = track.file;
    let (num, den) = (grid.num, grid.den);
    format!("{}\0{}\0{}\0{}\0{num}/{den}\0{origin}", file.name, file.etag, file.size, track.choice.track_id)
        .into_bytes()
}

/// Puts fragments into an index and their heads into an object.
struct Writer {
    builder: TrackIndexBuilder,
    heads: BytesMut,
    heads_left: u64,
    head_object: u32,
    file_object: u32,
}

impl Writer {
    fn new(mut builder: TrackIndexBuilder, file: &SourceBlob, heads_left: u64) -> Result<Self, ImportError> {
        let head_object = builder.object(&heads_blob(builder.index().key()))?;
        let file_object = builder.object(&file.name)?;
        Ok(Self { builder, heads: BytesMut::new(), heads_left, head_object, file_object })
    }

    fn add(&mut self, fragment: Fragment<SourceSample>) -> Result<(), ImportError> {
        let offset = self.heads.len() as u64;
        if offset + fragment.head.len() as u64 > self.heads_left {
            return Err(ImportError::TooManyHeads);
        }
        self.heads.put_slice(&fragment.head);
        let mut extents = vec![ObjectRange { object: self.head_object, len: fragment.row.head_size, offset }];
        for sample in fragment.data.iter().filter(|sample| sample.size > 0) {
            extend(&mut extents, self.file_object, sample);
        }
        Ok(self.builder.push(fragment.row, &extents)?)
    }

    fn finish(self) -> ImportedTrack {
        ImportedTrack { index: self.builder.seal(), heads: self.heads.freeze() }
    }
}

fn extend(extents: &mut Vec<ObjectRange>, object: u32, sample: &SourceSample) {
    match extents.last_mut() {
        // Sizes within one fragment add up to less than its limit, far below u32.
        Some(last) if last.object == object && last.offset + u64::from(last.len) == sample.offset => {
            last.len += sample.size;
        }
        _ => extents.push(ObjectRange { object, len: sample.size, offset: sample.offset }),
    }
}

/// Videos whose segments begin elsewhere than those of the first.
fn misaligned(tracks: &[ImportedTrack]) -> Vec<ImportWarning> {
    let mut videos = tracks.iter().map(|track| &track.index).filter(|index| index.kind() == MediaKind::Video);
    let Some(first) = videos.next() else { return Vec::new() };
    let expected = starts(first);
    let differs = |index: &&TrackIndex| {
        let own = starts(index);
        // A last segment more or less does not hinder switching.
        expected.len().abs_diff(own.len()) > 1
            || expected.iter().zip(&own).any(|(a, b)| a.abs_diff(*b) > TOLERANCE_MS)
    };
    videos
        .filter(differs)
        .map(|index| ImportWarning::Misaligned {
            track: index.facts().name.to_string(),
            reference: first.facts().name.to_string(),
        })
        .collect()
}

/// Timescales round differently.
const TOLERANCE_MS: u64 = 2;

fn starts(index: &TrackIndex) -> Vec<i64> {
    let millis =
        |ticks: u64| rescale(i64::try_from(ticks).unwrap_or(i64::MAX), index.timescale(), Timescale::MILLIS);
    index.segments().map(|segment| millis(segment.time)).collect()
}
