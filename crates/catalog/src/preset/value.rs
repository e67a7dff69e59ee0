//! The small textual values of presets: sizes, positions, frame rates, colours.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A text that is not a value of the wanted kind; says what would be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not {wanted}")]
pub struct BadValue {
    /// The text as given.
    pub text: String,
    /// What would do.
    pub wanted: &'static str,
}

fn bad(text: &str, wanted: &'static str) -> BadValue {
    BadValue { text: text.chars().take(80).collect(), wanted }
}

macro_rules! as_text {
    ($($kind:ty),*) => {$(
        impl Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
as_text!(Dimension, Position, FrameRate, Color);

/// A width, height or offset: pixels, or a share of the input's. Text: `1280` or `50%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Dimension {
    /// Pixels.
    Pixels(u32),
    /// Per cent of the input's size.
    Percent(f64),
}

impl FromStr for Dimension {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        const WANTED: &str = "a number of pixels (1280) or a percentage (50%)";
        match text.trim().strip_suffix('%') {
            Some(share) => Ok(Dimension::Percent(number(share).ok_or_else(|| bad(text, WANTED))?)),
            None => Ok(Dimension::Pixels(text.trim().parse().map_err(|_| bad(text, WANTED))?)),
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dimension::Pixels(pixels) => write!(f, "{pixels}"),
            Dimension::Percent(share) => write!(f, "{share}%"),
        }
    }
}

/// A place in, or a length of, the input. Text: `PT5S`, `10%`, a frame count `25`, or `{Best}`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Position {
    /// Time from the start.
    Time(SignedDuration),
    /// Per cent of the duration.
    Percent(f64),
    /// Frames from the start.
    Frame(u64),
    /// The best picture of the first seconds; only as the start of thumbnails.
    Best,
}

impl FromStr for Position {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        const WANTED: &str = "an ISO 8601 duration (PT5S), a percentage (10%), a frame number or {Best}";
        let trimmed = text.trim();
        if trimmed.eq_ignore_ascii_case("{Best}") {
            return Ok(Position::Best);
        }
        if let Some(share) = trimmed.strip_suffix('%') {
            return Ok(Position::Percent(number(share).ok_or_else(|| bad(text, WANTED))?));
        }
        if trimmed.starts_with(['P', 'p', '-']) {
            return Ok(Position::Time(trimmed.parse().map_err(|_| bad(text, WANTED))?));
        }
        trimmed.parse().map(Position::Frame).map_err(|_| bad(text, WANTED))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Time(time) => write!(f, "{time}"),
            Position::Percent(share) => write!(f, "{share}%"),
            Position::Frame(frame) => write!(f, "{frame}"),
            Position::Best => f.write_str("{Best}"),
        }
    }
}

/// Frames per second. Text: `30`, `29.97` or `30000/1001`. `0/1` in AMS means "as the input" and is `None` here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRate {
    /// Frames.
    pub num: u32,
    /// Seconds; never 0.
    pub den: u32,
}

impl FrameRate {
    /// Parses a rate; `None` for AMS's "as the input" (`0/1`, `0`).
    pub fn parse(text: &str) -> Result<Option<Self>, BadValue> {
        const WANTED: &str = "a frame rate (30, 29.97 or 30000/1001)";
        let (num, den) = match text.trim().split_once('/') {
            Some((num, den)) => {
                let part = |text: &str| text.trim().parse::<u32>().ok();
                part(num).zip(part(den)).ok_or_else(|| bad(text, WANTED))?
            }
            None => decimal(text.trim()).ok_or_else(|| bad(text, WANTED))?,
        };
        match (num, den) {
            (_, 0) => Err(bad(text, WANTED)),
            (0, _) => Ok(None),
            _ => Ok(Some(FrameRate { num, den })),
        }
    }

    /// Frames per second, for comparing.
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }
}

impl FromStr for FrameRate {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        FrameRate::parse(text)?.ok_or_else(|| bad(text, "a frame rate above 0"))
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.den == 1 { write!(f, "{}", self.num) } else { write!(f, "{}/{}", self.num, self.den) }
    }
}

/// `29.97` and `23.976` are meant as the NTSC rates; any other decimal is taken to three places.
fn decimal(text: &str) -> Option<(u32, u32)> {
    let value = number(text)?;
    for (near, num) in [(23.976, 24_000), (29.97, 30_000), (59.94, 60_000)] {
        if (value - near).abs() < 0.005 {
            return Some((num, 1001));
        }
    }
    if value.fract() == 0.0 && value <= 1000.0 {
        return Some((value as u32, 1));
    }
    (value <= 1000.0).then_some(((value * 1000.0).round() as u32, 1000))
}

/// A finite number that is not negative, in plain decimal notation.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    plain.then(|| text.parse().ok()).flatten()
}

/// An opaque colour. Text: a CSS level 1 name, `rgb(255,0,0)`, `0xFF0000` or `#FF0000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color {
    /// Red, green, blue.
    pub rgb: [u8; 3],
}

/// CSS level 1's sixteen names.
const COLORS: &[(&str, u32)] = &[
    ("black", 0x000000),
    ("silver", 0xC0C0C0),
    ("gray", 0x808080),
    ("white", 0xFFFFFF),
    ("maroon", 0x800000),
    ("red", 0xFF0000),
    ("purple", 0x800080),
    ("fuchsia", 0xFF00FF),
    ("green", 0x008000),
    ("lime", 0x00FF00),
    ("olive", 0x808000),
    ("yellow", 0xFFFF00),
    ("navy", 0x000080),
    ("blue", 0x0000FF),
    ("teal", 0x008080),
    ("aqua", 0x00FFFF),
];

impl FromStr for Color {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let lower = text.trim().to_ascii_lowercase();
        let named = COLORS.iter().find(|(name, _)| *name == lower).map(|(_, rgb)| *rgb);
        let hex = lower.strip_prefix("0x").or_else(|| lower.strip_prefix('#'));
        let hex =
            hex.filter(|digits| digits.len() == 6).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        if let Some(value) = named.or(hex) {
            let [_, r, g, b] = value.to_be_bytes();
            return Ok(Color { rgb: [r, g, b] });
        }
        rgb(&lower)
            .map(|rgb| Color { rgb })
            .ok_or_else(|| bad(text, "a colour (a CSS level 1 name, rgb(255,0,0), 0xFF0000 or #FF0000)"))
    }
}

fn rgb(lower: &str) -> Option<[u8; 3]> {
    let inner = lower.strip_prefix("rgb(")?.strip_suffix(')')?;
    let parts: Vec<u8> = inner.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    parts.try_into().ok()
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.rgb;
        write!(f, "#{r:02X}{g:02X}{b:02X}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions() {
        assert_eq!("1280".parse(), Ok(Dimension::Pixels(1280)));
        assert_eq!("50%".parse(), Ok(Dimension::Percent(50.0)));
        assert_eq!("33.3%".parse::<Dimension>().map(|d| d.to_string()), Ok("33.3%".into()));
        for bad in ["", "%", "-1", "1.5", "abc", "1e3%", "nan%", "99999999999"] {
            assert!(bad.parse::<Dimension>().is_err(), "{bad}");
        }
    }

    #[test]
    fn positions() {
        assert_eq!("PT5S".parse(), Ok(Position::Time(SignedDuration::from_secs(5))));
        assert_eq!("PT1M0.5S".parse(), Ok(Position::Time(SignedDuration::from_millis(60_500))));
        assert_eq!("10%".parse(), Ok(Position::Percent(10.0)));
        assert_eq!("25".parse(), Ok(Position::Frame(25)));
        assert_eq!("{best}".parse(), Ok(Position::Best));
        for text in ["PT5S", "PT1M0.5S", "10%", "25", "{Best}"] {
            assert_eq!(text.parse::<Position>().map(|p| p.to_string()), Ok(text.into()));
        }
        for bad in ["", "P", "best", "-5", "inf%"] {
            assert!(bad.parse::<Position>().is_err(), "{bad}");
        }
    }

    #[test]
    fn frame_rates() {
        let rate = |num, den| Ok(Some(FrameRate { num, den }));
        assert_eq!(FrameRate::parse("30000/1001"), rate(30_000, 1001));
        assert_eq!(FrameRate::parse("29.97"), rate(30_000, 1001));
        assert_eq!(FrameRate::parse("23.98"), rate(24_000, 1001));
        assert_eq!(FrameRate::parse("25"), rate(25, 1));
        assert_eq!(FrameRate::parse("12.5"), rate(12_500, 1000));
        assert_eq!(FrameRate::parse("0/1"), Ok(None));
        for bad in ["", "1/0", "a", "-1", "1/2/3", "5000"] {
            assert!(FrameRate::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn colors() {
        for text in ["red", "#ff0000", "0xFF0000", "rgb(255, 0, 0)"] {
            assert_eq!(text.parse(), Ok(Color { rgb: [255, 0, 0] }), "{text}");
        }
        for bad in ["", "reddish", "#ff00", "rgb(1,2)", "rgb(256,0,0)"] {
            assert!(bad.parse::<Color>().is_err(), "{bad}");
        }
    }
}
