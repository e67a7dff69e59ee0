//! What a job reads.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{Error, Result, name};

/// Inputs of a `JobInputs` (AMS quota).
pub const MAX_INPUTS: usize = 50;
/// Clips of a sequence (AMS quota).
pub const MAX_CLIPS: usize = 100;
/// Longest file name or URL, in characters (AMS).
const MAX_FILE: usize = 4000;
/// Files of one clip; AMS names one, or a handful of an old multi-file source.
const MAX_FILES: usize = 20;

/// The input of a job, as it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum JobInput {
    /// One clip.
    Clip(Clip),
    /// Clips one after the other, stitched into one timeline.
    Sequence(Vec<Clip>),
    /// A list of inputs; only one is accepted, as more serve overlays alone.
    Inputs(Vec<JobInput>),
}

/// A piece of a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clip {
    /// Where the files are.
    pub source: Source,
    /// Names of blobs of the asset, or URLs (relative to the base, or absolute). Empty: the asset's only media file, or the base
    /// URI itself.
    #[serde(default)]
    pub files: Vec<String>,
    /// Default the beginning.
    #[serde(default)]
    pub start: Option<ClipTime>,
    /// Default the end.
    #[serde(default)]
    pub end: Option<ClipTime>,
    /// Free; overlays would refer to it.
    #[serde(default)]
    pub label: Option<String>,
}

/// Where the files of a clip are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// In an asset.
    Asset {
        /// Its name.
        name: String,
    },
    /// On the web.
    Http {
        /// Prefix of relative file names.
        base_uri: Option<String>,
    },
}

/// Where a clip begins or ends. UTC times (for live archives) are refused for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClipTime {
    /// From the beginning of the source.
    Absolute(SignedDuration),
}

impl ClipTime {
    /// From the beginning of the source.
    pub fn offset(self) -> SignedDuration {
        let ClipTime::Absolute(offset) = self;
        offset
    }
}

impl JobInput {
    /// The clips in playing order; at least one once checked.
    pub fn clips(&self) -> Vec<&Clip> {
        match self {
            JobInput::Clip(clip) => vec![clip],
            JobInput::Sequence(clips) => clips.iter().collect(),
            JobInput::Inputs(inputs) => inputs.iter().flat_map(JobInput::clips).collect(),
        }
    }

    /// Refuses what breaks a rule; whether assets exist is checked by the job's creation.
    pub(crate) fn check(&self, field: &str) -> Result<()> {
        match self {
            JobInput::Clip(clip) => clip.check(field),
            JobInput::Sequence(clips) => {
                count(&format!("{field}.inputs"), clips.len(), MAX_CLIPS)?;
                clips
                    .iter()
                    .enumerate()
                    .try_for_each(|(index, clip)| clip.check(&format!("{field}.inputs[{index}]")))
            }
            JobInput::Inputs(inputs) => {
                let field = format!("{field}.inputs");
                count(&field, inputs.len(), MAX_INPUTS)?;
                match inputs.as_slice() {
                    [JobInput::Inputs(_)] => {
                        Err(Error::invalid(format!("{field}[0]"), "JobInputs cannot hold JobInputs"))
                    }
                    [input] => input.check(&format!("{field}[0]")),
                    _ => Err(Error::unsupported(
                        field,
                        "several inputs serve overlays, which are not supported; use JobInputSequence to stitch",
                    )),
                }
            }
        }
    }
}

impl Clip {
    fn check(&self, field: &str) -> Result<()> {
        if self.files.len() > MAX_FILES {
            return Err(Error::invalid(
                format!("{field}.files"),
                format!("at most {MAX_FILES} files are allowed"),
            ));
        }
        for (index, file) in self.files.iter().enumerate() {
            if file.is_empty() || file.chars().count() > MAX_FILE || file.chars().any(char::is_control) {
                let why =
                    format!("a file name has 1 to {MAX_FILE} characters, none of them control characters");
                return Err(Error::invalid(format!("{field}.files[{index}]"), why));
            }
        }
        name::check_text(&format!("{field}.label"), self.label.as_deref())?;
        self.check_times(field)?;
        match &self.source {
            Source::Asset { name } => name::check(&format!("{field}.assetName"), name),
            Source::Http { base_uri } => self.check_http(field, base_uri.as_deref()),
        }
    }

    fn check_times(&self, field: &str) -> Result<()> {
        for (which, time) in [("start", self.start), ("end", self.end)] {
            if time.is_some_and(|time| time.offset().is_negative()) {
                return Err(Error::invalid(format!("{field}.{which}.time"), "the time is negative"));
            }
        }
        let from = self.start.map_or(SignedDuration::ZERO, ClipTime::offset);
        if self.end.is_some_and(|end| end.offset() <= from) {
            return Err(Error::invalid(format!("{field}.end.time"), "the clip ends before it begins"));
        }
        Ok(())
    }

    fn check_http(&self, field: &str, base: Option<&str>) -> Result<()> {
        if base.is_none() && self.files.is_empty() {
            return Err(Error::invalid(format!("{field}.files"), "neither baseUri nor files name a source"));
        }
        if base.is_some_and(|base| base.chars().count() > MAX_FILE) {
            return Err(Error::invalid(
                format!("{field}.baseUri"),
                format!("the URI is longer than {MAX_FILE} characters"),
            ));
        }
        self.urls().map(drop).ok_or_else(|| {
            let (path, why) = match base {
                Some(_) => ("baseUri", "baseUri and files must make http or https URLs with a host"),
                None => ("files", "without baseUri, files must be http or https URLs with a host"),
            };
            Error::invalid(format!("{field}.{path}"), why)
        })
    }

    /// The URLs of a clip on the web, query strings included; `None` if they are not http(s) URLs, or the clip is of an asset.
    ///
    /// As in AMS, a relative file is joined to the base with one slash between, not resolved against it.
    pub fn urls(&self) -> Option<Vec<Url>> {
        let Source::Http { base_uri } = &self.source else { return None };
        let join = |file: &String| match base_uri {
            Some(base) if !has_scheme(file) => {
                parse_http(&format!("{}/{}", base.trim_end_matches('/'), file.trim_start_matches('/')))
            }
            _ => parse_http(file),
        };
        match base_uri {
            Some(base) if self.files.is_empty() => Some(vec![parse_http(base)?]),
            _ => self.files.iter().map(join).collect(),
        }
    }
}

fn has_scheme(file: &str) -> bool {
    let lower = file.to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

fn parse_http(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

fn count(field: &str, found: usize, most: usize) -> Result<()> {
    match found {
        0 => Err(Error::invalid(field, "at least one input is needed")),
        _ if found > most => Err(Error::invalid(field, format!("at most {most} inputs are allowed"))),
        _ => Ok(()),
    }
}
