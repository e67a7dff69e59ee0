//! Which tracks of which files belong to the title, and what they are called.

use millrace_manifest::TrackName;
use millrace_media::{CodecConfig, MediaKind};
use millrace_mp4::read::Track;

use super::{ImportError, ImportWarning, IsmTrack, SourceBlob, scan::Scanned};

/// A track that was chosen.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    /// Position of the file.
    pub(super) file: usize,
    pub(super) track_id: u32,
    pub(super) kind: MediaKind,
    pub(super) name: Option<String>,
    pub(super) bitrate: Option<u32>,
    pub(super) language: Option<String>,
}

/// The tracks that a server manifest names, or all. What cannot be streamed is left out with a warning.
pub(super) fn choose(
    files: &[SourceBlob],
    scanned: &[Scanned],
    ism: Option<&[IsmTrack]>,
    warnings: &mut Vec<ImportWarning>,
) -> Result<Vec<Choice>, ImportError> {
    let mut choices = match ism {
        Some(named) => named_tracks(files, scanned, named)?,
        None => all_tracks(scanned),
    };
    choices.retain(|choice| {
        let track = track_of(scanned, choice);
        let unsupported = track.and_then(|track| unsupported(files, choice, track));
        let keep = unsupported.is_none();
        warnings.extend(unsupported);
        keep
    });
    // Stable: tracks of a kind keep their order.
    choices.sort_by_key(|choice| choice.kind != MediaKind::Video);
    choices.truncate(millrace_manifest::MAX_TRACKS);
    Ok(choices)
}

fn track_of<'a>(scanned: &'a [Scanned], choice: &Choice) -> Option<&'a Track> {
    scanned.get(choice.file)?.movie.as_ref()?.track(choice.track_id)
}

fn unsupported(files: &[SourceBlob], choice: &Choice, track: &Track) -> Option<ImportWarning> {
    match track.config.codec {
        CodecConfig::Other { .. } => Some(ImportWarning::Unsupported {
            file: files.get(choice.file).map(|file| file.name.clone()).unwrap_or_default(),
            track: choice.track_id,
            codec: track.config.rfc6381(),
        }),
        _ => None,
    }
}

fn named_tracks(
    files: &[SourceBlob],
    scanned: &[Scanned],
    named: &[IsmTrack],
) -> Result<Vec<Choice>, ImportError> {
    let mut choices: Vec<Choice> = Vec::new();
    for name in named {
        let missing = || ImportError::MissingTrack(name.file.clone());
        let file = files.iter().position(|file| file.name == name.file);
        let file = file.ok_or_else(|| ImportError::MissingFile(name.file.clone()))?;
        let movie = scanned.get(file).and_then(|scanned| scanned.movie.as_ref()).ok_or_else(missing)?;
        let is_free = |id: u32| choices.iter().all(|other| (other.file, other.track_id) != (file, id));
        let of_kind = |track: &&Track| track.config.kind() == name.kind;
        let track = match name.track_id.and_then(|id| movie.track(id)).filter(of_kind) {
            Some(track) => track,
            // Tools that rewrite files renumber tracks and leave the manifest as it was.
            None => {
                let mut tracks = movie.tracks.iter().filter(of_kind);
                tracks.find(|track| is_free(track.config.id)).ok_or_else(missing)?
            }
        };
        if is_free(track.config.id) {
            choices.push(Choice {
                file,
                track_id: track.config.id,
                kind: name.kind,
                name: name.name.clone(),
                bitrate: name.bitrate.filter(|bitrate| *bitrate > 0),
                language: name.language.clone(),
            });
        }
    }
    Ok(choices)
}

fn all_tracks(scanned: &[Scanned]) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for (file, movie) in scanned.iter().enumerate().filter_map(|(file, s)| Some((file, s.movie.as_ref()?))) {
        for track in movie.tracks.iter().filter(|track| track.config.kind() != MediaKind::Text) {
            let twin = |other: &&Choice| other.file != file && is_twin(scanned, other, track);
            if choices.iter().find(twin).is_none() {
                choices.push(Choice {
                    file,
                    track_id: track.config.id,
                    kind: track.config.kind(),
                    name: None,
                    bitrate: None,
                    language: None,
                });
            }
        }
    }
    choices
}

/// Whether a track is the sound that another file of the ladder has too: encoders that interleave write the same audio
/// into every rendition.
fn is_twin(scanned: &[Scanned], choice: &Choice, track: &Track) -> bool {
    let other = track_of(scanned, choice);
    track.config.kind() == MediaKind::Audio
        && other.is_some_and(|other| {
            other.config.codec == track.config.codec
                && other.config.language == track.config.language
                && other.samples.len() == track.samples.len()
                && other.duration == track.duration
        })
}

/// A name that no other track has: the one wanted, with a number if need be.
pub(super) fn unique_name(wanted: &str, taken: &[TrackName]) -> TrackName {
    let is_free =
        |name: &TrackName| taken.iter().all(|other| !other.as_str().eq_ignore_ascii_case(name.as_str()));
    let first = TrackName::sanitized(wanted);
    if is_free(&first) {
        return first;
    }
    // One more than there are tracks, so one of them is free.
    let short: String = first.as_str().chars().take(56).collect();
    let numbered = (2..=taken.len() + 2).map(|number| TrackName::sanitized(&format!("{short}_{number}")));
    numbered.into_iter().find(is_free).unwrap_or(first)
}

/// What a track is called that nobody named.
pub(super) fn usual_name(kind: MediaKind, language: Option<&str>) -> String {
    match (kind, language) {
        (MediaKind::Video, _) => "video".to_owned(),
        (_, Some(language)) => format!("audio_{language}"),
        (_, None) => "audio".to_owned(),
    }
}
