//! What stands between the parentheses of a manifest or playlist.

use millrace_manifest::{hls::Flavour, smooth::Version};

use super::{Format, MAX_FILTERS, UrlError};

/// Options of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ManifestOptions {
    /// `format=`, Smooth Streaming when left out.
    pub format: Format,
    /// `filter=a;b;c`.
    pub filters: Vec<String>,
    /// `audio-only=`, true when left out.
    pub audio_only: bool,
}

/// Options of a media playlist.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlaylistOptions {
    /// `format=`, which has to be one of HLS.
    pub flavour: Flavour,
    /// `type=keyframes`.
    pub key_frames: bool,
    /// `filter=a;b;c`.
    pub filters: Vec<String>,
}

impl Default for ManifestOptions {
    fn default() -> Self {
        Self { format: Format::Smooth(Version::V2_2), filters: Vec::new(), audio_only: true }
    }
}

/// Every option that there is, each at most once.
#[derive(Default)]
struct Given<'a> {
    format: Option<&'a str>,
    filter: Option<&'a str>,
    audio_only: Option<&'a str>,
    kind: Option<&'a str>,
}

impl<'a> Given<'a> {
    fn parse(options: impl Iterator<Item = &'a str>) -> Result<Self, UrlError> {
        let mut given = Self::default();
        for option in options {
            let (name, value) = option.split_once('=').ok_or_else(|| UrlError::Option(option.to_owned()))?;
            let (name, value) = (name.trim(), value.trim());
            let (place, name): (&mut Option<&str>, _) = match name.to_ascii_lowercase().as_str() {
                "format" => (&mut given.format, "format"),
                "filter" => (&mut given.filter, "filter"),
                "audio-only" => (&mut given.audio_only, "audio-only"),
                "type" => (&mut given.kind, "type"),
                "encryption" => return Err(UrlError::Encryption),
                _ => return Err(UrlError::Option(option.to_owned())),
            };
            if place.replace(value).is_some() {
                return Err(UrlError::Twice(name));
            }
        }
        Ok(given)
    }

    fn format(&self) -> Result<Option<Format>, UrlError> {
        self.format.map(|name| Format::from_name(name).ok_or_else(|| value("format", name))).transpose()
    }

    fn filters(&self) -> Result<Vec<String>, UrlError> {
        let Some(list) = self.filter else { return Ok(Vec::new()) };
        let names: Vec<_> = list.split(';').map(|name| name.trim().to_owned()).collect();
        match names {
            names if names.iter().any(String::is_empty) => Err(value("filter", list)),
            names if names.len() > MAX_FILTERS => Err(UrlError::TooManyFilters),
            names => Ok(names),
        }
    }
}

fn value(option: &'static str, value: &str) -> UrlError {
    UrlError::Value { option, value: value.to_owned() }
}

/// Options between the parentheses of `manifest(…)`.
pub(super) fn manifest(text: &str) -> Result<ManifestOptions, UrlError> {
    let given = Given::parse(text.split(',').filter(|option| !option.is_empty()))?;
    if given.kind.is_some() {
        return Err(UrlError::Option("type".to_owned()));
    }
    let audio_only = match given.audio_only {
        None => true,
        Some(value) if value.eq_ignore_ascii_case("true") => true,
        Some(value) if value.eq_ignore_ascii_case("false") => false,
        Some(other) => return Err(value("audio-only", other)),
    };
    let format = given.format()?.unwrap_or(ManifestOptions::default().format);
    Ok(ManifestOptions { format, filters: given.filters()?, audio_only })
}

/// The track and the options between the parentheses of a playlist's `Manifest(…)`.
pub(super) fn playlist(text: &str) -> Result<(String, PlaylistOptions), UrlError> {
    let mut items = text.split(',');
    let track = items.next().unwrap_or_default().trim();
    if track.is_empty() || track.contains('=') {
        return Err(UrlError::Option(track.to_owned()));
    }
    let given = Given::parse(items)?;
    if given.audio_only.is_some() {
        return Err(UrlError::Option("audio-only".to_owned()));
    }
    let flavour = match given.format()? {
        Some(Format::Hls(flavour)) => flavour,
        _ => return Err(value("format", given.format.unwrap_or_default())),
    };
    let key_frames = match given.kind {
        None => false,
        Some(kind) if kind.eq_ignore_ascii_case("keyframes") => true,
        Some(other) => return Err(value("type", other)),
    };
    Ok((track.to_owned(), PlaylistOptions { flavour, key_frames, filters: given.filters()? }))
}

/// Filters among the options of a Smooth chunk, which has no others.
pub(super) fn chunk(text: &str) -> Result<Vec<String>, UrlError> {
    let given = Given::parse(text.split(',').filter(|option| !option.is_empty()))?;
    match given {
        Given { format: Some(_), .. } => Err(UrlError::Option("format".to_owned())),
        Given { audio_only: Some(_), .. } => Err(UrlError::Option("audio-only".to_owned())),
        Given { kind: Some(_), .. } => Err(UrlError::Option("type".to_owned())),
        given => given.filters(),
    }
}
