//! Filters: which tracks and what stretch of time a viewer gets.
//!
//! A filter keeps a track if *any* of its entries does, and an entry keeps it if *all* of its conditions do; without
//! entries it keeps every track. Of several filters a track has to pass each, their time ranges intersect, and the last
//! first quality counts.

use std::{num::NonZeroU32, ops::RangeInclusive};

use millrace_manifest::{Media, Track};
use millrace_media::Timescale;

/// A filter, parsed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Entries, of which any may hold. Empty: all tracks.
    pub tracks: Vec<Vec<Condition>>,
    /// What to cut off.
    pub range: Option<TimeRange>,
    /// The bitrate to list first, in bits per second.
    pub first_quality: Option<u64>,
}

/// A stretch of the media timeline. Both ends are moved to the next boundary between segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// First tick, 0 when not given.
    pub start: u64,
    /// First tick after it.
    pub end: Option<u64>,
    /// Ticks per second.
    pub timescale: NonZeroU32,
}

/// One condition on a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What has to be like this.
    pub test: Test,
    /// Or has to be unlike it.
    pub negated: bool,
}

/// What a condition looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Video, audio or text.
    Type(TrackType),
    /// The track's name, whatever its case.
    Name(String),
    /// The track's language, whatever its case; `und` when it has none. `en` holds for `en-GB` too.
    Language(String),
    /// The codec: the first part of its RFC 6381 string, or another spelling of the same codec.
    FourCc(String),
    /// Nominal bits per second.
    Bitrate(RangeInclusive<u64>),
}

/// A kind of track in the words of filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackType {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Subtitles.
    Text,
}

/// A condition that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCondition {
    /// Not one of Type, Name, Language, FourCC and Bitrate.
    #[error("a track cannot be selected by `{0}`")]
    Property(String),
    /// Neither Equal nor NotEqual.
    #[error("`{0}` is neither Equal nor NotEqual")]
    Operation(String),
    /// Not a value that the property can have.
    #[error("`{value}` is not a value of {property}")]
    Value {
        /// The property.
        property: &'static str,
        /// What was given.
        value: String,
    },
}

impl Condition {
    /// Parses the three strings of the API's `FilterTrackPropertyCondition`.
    ///
    /// A bitrate is a number or a range `low-high`, of which either side may be missing.
    pub fn parse(property: &str, operation: &str, value: &str) -> Result<Self, InvalidCondition> {
        let negated = match operation {
            "Equal" => false,
            "NotEqual" => true,
            other => return Err(InvalidCondition::Operation(other.to_owned())),
        };
        let invalid = |property| InvalidCondition::Value { property, value: value.to_owned() };
        let text = || value.trim().to_owned();
        let test = match property {
            "Type" => Test::Type(TrackType::parse(value).ok_or_else(|| invalid("Type"))?),
            "Name" => Test::Name(text()),
            "Language" => Test::Language(text()),
            "FourCC" => Test::FourCc(text()),
            "Bitrate" => Test::Bitrate(bitrates(value).ok_or_else(|| invalid("Bitrate"))?),
            other => return Err(InvalidCondition::Property(other.to_owned())),
        };
        Ok(Self { test, negated })
    }

    /// Whether it holds for a track.
    pub fn holds(&self, track: &Track) -> bool {
        self.test.holds(track) != self.negated
    }
}

impl TrackType {
    fn parse(value: &str) -> Option<Self> {
        match value.trim().to_ascii_lowercase().as_str() {
            "video" => Some(Self::Video),
            "audio" => Some(Self::Audio),
            "text" => Some(Self::Text),
            _ => None,
        }
    }
}

fn bitrates(value: &str) -> Option<RangeInclusive<u64>> {
    let number = |text: &str, default| match text.trim() {
        "" => Some(default),
        text => text.parse().ok(),
    };
    match value.split_once('-') {
        Some((low, high)) => Some(number(low, 0)?..=number(high, u64::MAX)?),
        None => {
            let exact = value.trim().parse().ok()?;
            Some(exact..=exact)
        }
    }
}

impl Test {
    fn holds(&self, track: &Track) -> bool {
        match self {
            Self::Type(wanted) => match track.media {
                Media::Video(_) => *wanted == TrackType::Video,
                Media::Audio(_) => *wanted == TrackType::Audio,
            },
            Self::Name(name) => track.name.as_str().eq_ignore_ascii_case(name),
            Self::Language(wanted) => language_matches(track.language.as_deref().unwrap_or("und"), wanted),
            Self::FourCc(wanted) => same_codec(&track.codecs, wanted),
            Self::Bitrate(range) => range.contains(&u64::from(track.bitrate)),
        }
    }
}

/// RFC 4647 §3.3.1 basic filtering: equal, or a prefix that ends at a hyphen.
fn language_matches(tag: &str, range: &str) -> bool {
    match tag.split_at_checked(range.len()) {
        Some((prefix, rest)) => {
            prefix.eq_ignore_ascii_case(range) && (rest.is_empty() || rest.starts_with('-'))
        }
        None => false,
    }
}

fn same_codec(codecs: &str, wanted: &str) -> bool {
    const SPELLINGS: [&[&str]; 4] = [
        &["avc1", "avc3", "h264"],
        &["hvc1", "hev1", "h265", "hevc"],
        &["mp4a", "aacl", "aach"],
        &["ec-3", "eac3"],
    ];
    let own = codecs.split('.').next().unwrap_or_default();
    let same = |name: &str| name.eq_ignore_ascii_case(own);
    let wanted_is = |name: &str| name.eq_ignore_ascii_case(wanted);
    same(wanted)
        || SPELLINGS.iter().any(|names| names.iter().any(|n| same(n)) && names.iter().any(|n| wanted_is(n)))
}

/// Whether a track passes every filter.
pub fn keeps(filters: &[Filter], track: &Track) -> bool {
    filters.iter().all(|filter| {
        let any = |entry: &Vec<Condition>| entry.iter().all(|condition| condition.holds(track));
        filter.tracks.is_empty() || filter.tracks.iter().any(any)
    })
}

/// The first quality that counts.
pub fn first_quality(filters: &[Filter]) -> Option<u64> {
    filters.iter().rev().find_map(|filter| filter.first_quality)
}

impl TimeRange {
    /// Whether `ticks` of `timescale` lie at or after the start.
    pub(crate) fn started(&self, ticks: u64, timescale: Timescale) -> bool {
        at_or_after((ticks, timescale.get()), (self.start, self.timescale.get()))
    }

    /// Whether `ticks` of `timescale` lie at or after the end.
    pub(crate) fn ended(&self, ticks: u64, timescale: Timescale) -> bool {
        self.end.is_some_and(|end| at_or_after((ticks, timescale.get()), (end, self.timescale.get())))
    }
}

fn at_or_after((ticks, scale): (u64, u32), (other, other_scale): (u64, u32)) -> bool {
    u128::from(ticks) * u128::from(other_scale) >= u128::from(other) * u128::from(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bitrates_are_numbers_or_ranges() {
        for (text, expected) in [
            ("128000", Some(128_000..=128_000)),
            ("0-1000000", Some(0..=1_000_000)),
            ("500000-", Some(500_000..=u64::MAX)),
            (" 1 - 2 ", Some(1..=2)),
            ("fast", None),
            ("1-2-3", None),
        ] {
            assert_eq!(bitrates(text), expected, "{text}");
        }
    }

    #[test]
    fn languages_match_whole_subtags() {
        for (tag, range, expected) in [
            ("en", "en", true),
            ("en-GB", "EN", true),
            ("eng", "en", false),
            ("en", "en-GB", false),
            ("und", "und", true),
        ] {
            assert_eq!(language_matches(tag, range), expected, "{tag} {range}");
        }
    }

    #[test]
    fn codecs_have_several_spellings() {
        for (codecs, wanted, expected) in [
            ("avc1.640028", "avc1", true),
            ("avc1.640028", "H264", true),
            ("hvc1.1.6.L93", "hev1", true),
            ("mp4a.40.2", "mp4a", true),
            ("mp4a.40.2", "ec-3", false),
            ("av01.0.04M.08", "av01", true),
        ] {
            assert_eq!(same_codec(codecs, wanted), expected, "{codecs} {wanted}");
        }
    }

    #[test]
    fn conditions_are_checked_when_parsed() {
        assert!(matches!(Condition::parse("Colour", "Equal", "red"), Err(InvalidCondition::Property(_))));
        assert!(matches!(Condition::parse("Type", "Like", "video"), Err(InvalidCondition::Operation(_))));
        assert!(matches!(Condition::parse("Type", "Equal", "smell"), Err(InvalidCondition::Value { .. })));
    }
}
