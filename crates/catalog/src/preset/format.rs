//! The files that a standard preset writes, and the macros in their names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::BadValue;

/// One kind of output file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Format {
    /// MP4 files.
    Mp4(Mp4Format),
    /// JPEG files.
    Jpg {
        /// Name of each.
        filename_pattern: Pattern,
    },
    /// PNG files.
    Png {
        /// Name of each.
        filename_pattern: Pattern,
    },
}

impl Format {
    /// The name of its files.
    pub fn pattern(&self) -> &Pattern {
        match self {
            Format::Mp4(format) => &format.filename_pattern,
            Format::Jpg { filename_pattern } | Format::Png { filename_pattern } => filename_pattern,
        }
    }
}

/// MP4 files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mp4Format {
    /// Name of each.
    pub filename_pattern: Pattern,
    /// Which layers share a file; none: every video layer with every audio.
    #[serde(default)]
    pub output_files: Vec<OutputFile>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OutputFile {
    /// Labels of the layers and codecs in it.
    pub labels: Vec<String>,
}

/// A file name with macros: `{Basename}-{Label}-{Bitrate}{Extension}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<PatternPart>,
}

/// A piece of a [`Pattern`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternPart {
    /// As it stands.
    Text(String),
    /// To be filled in.
    Macro(Macro),
}

super::codec::choices! {
    /// What a file name can refer to.
    Macro {
        /// The input's name without its extension, cut to 32 characters.
        #[default]
        Basename = "Basename",
        /// Of the format, with its dot.
        Extension = "Extension",
        /// Of the codec or layer.
        Label = "Label",
        /// Counts thumbnails.
        Index = "Index",
        /// `Audio1`, ...
        AudioStream = "AudioStream",
        /// Kilobits per second.
        Bitrate = "Bitrate",
        /// Of the layer.
        Codec = "Codec",
        /// `1280x720`.
        Resolution = "Resolution",
    }
}

/// Longest pattern, in bytes: a blob name is at most 1024 characters and macros may grow it.
const MAX_PATTERN: usize = 512;
/// `{Basename}` is cut to this many characters (AMS).
const MAX_BASENAME: usize = 32;
const WANTED: &str = "a file name pattern: text without / \\ or control characters, and the macros {Basename} {Extension} {Label} \
                      {Index} {AudioStream} {Bitrate} {Codec} {Resolution}";

impl Pattern {
    /// The pieces in order.
    pub fn parts(&self) -> &[PatternPart] {
        &self.parts
    }

    /// Whether the macro occurs.
    pub fn has(&self, wanted: Macro) -> bool {
        self.parts.contains(&PatternPart::Macro(wanted))
    }

    /// The file name, with each macro replaced by what `value` gives; macros without a value collapse (AMS). `{Basename}` is cut to
    /// 32 characters here.
    pub fn expand(&self, value: impl Fn(Macro) -> Option<String>) -> String {
        let mut name = String::new();
        for part in &self.parts {
            match part {
                PatternPart::Text(text) => name.push_str(text),
                PatternPart::Macro(Macro::Basename) => {
                    name.extend(value(Macro::Basename).unwrap_or_default().chars().take(MAX_BASENAME));
                }
                PatternPart::Macro(other) => name.push_str(&value(*other).unwrap_or_default()),
            }
        }
        name
    }
}

impl FromStr for Pattern {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue { text: text.chars().take(80).collect(), wanted: WANTED };
        if text.trim().is_empty()
            || text.len() > MAX_PATTERN
            || text.contains(['/', '\\'])
            || text.chars().any(char::is_control)
        {
            return Err(bad());
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            let close = from.find('}').ok_or_else(bad)?;
            let name = from.get(1..close).ok_or_else(bad)?;
            push_text(&mut parts, before).ok_or_else(bad)?;
            parts.push(PatternPart::Macro(Macro::from_name(name).ok_or_else(bad)?));
            rest = from.get(close + 1..).unwrap_or_default();
        }
        push_text(&mut parts, rest).ok_or_else(bad)?;
        Ok(Pattern { parts })
    }
}

fn push_text(parts: &mut Vec<PatternPart>, text: &str) -> Option<()> {
    if text.contains('}') {
        return None;
    }
    if !text.is_empty() {
        parts.push(PatternPart::Text(text.to_owned()));
    }
    Some(())
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            PatternPart::Text(text) => f.write_str(text),
            PatternPart::Macro(name) => write!(f, "{{{}}}", name.as_str()),
        })
    }
}

impl Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_and_collapses() {
        let pattern: Pattern = "{Basename}_{Label}-{Bitrate}{extension}".parse().expect("a lawful pattern");
        let long = "b".repeat(40);
        let name = pattern.expand(|name| match name {
            Macro::Basename => Some(long.clone()),
            Macro::Bitrate => Some("650".into()),
            Macro::Extension => Some(".mp4".into()),
            _ => None,
        });
        assert_eq!(name, format!("{}_-650.mp4", "b".repeat(32)));
        assert_eq!(pattern.to_string(), "{Basename}_{Label}-{Bitrate}{Extension}");
    }

    #[test]
    fn refuses_what_is_no_pattern() {
        let long = "x".repeat(MAX_PATTERN + 1);
        for bad in ["", " ", "a/b", "..\\x", "{Basename", "Basename}", "{Nope}", "{}", "a\0b", &long] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }
}
