//! Server manifests (`.ism`): which tracks of which files make up a title.
//!
//! A SMIL document with a `video` or `audio` element per track, its file, bitrate and language, and `param` children for
//! the number of the track in the file and its name.

use millrace_media::MediaKind;
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

/// Largest server manifest that is read: a track takes some 400 bytes.
pub const MAX_ISM: usize = 1 << 20;
/// Most tracks of one: as many as a presentation can show.
const MAX_TRACKS: usize = millrace_manifest::MAX_TRACKS;

/// One track as a server manifest names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsmTrack {
    /// Video or audio.
    pub kind: MediaKind,
    /// File name, relative to the manifest.
    pub file: String,
    /// Number of the track in the file; any of its kind when not said.
    pub track_id: Option<u32>,
    /// Bits per second.
    pub bitrate: Option<u32>,
    /// Name of the stream.
    pub name: Option<String>,
    /// Language tag.
    pub language: Option<String>,
}

/// Why a server manifest cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsmError {
    /// More than [`MAX_ISM`].
    #[error("the server manifest has {0} bytes, too many")]
    TooLarge(usize),
    /// Neither UTF-8 nor UTF-16.
    #[error("the server manifest is not text")]
    NotText,
    /// Not XML.
    #[error("the server manifest is not XML: {0}")]
    Xml(String),
    /// A file outside of the asset.
    #[error("the server manifest names `{0}`, which is not a file beside it")]
    Path(String),
    /// More tracks than a presentation can have.
    #[error("the server manifest has more than {MAX_TRACKS} tracks")]
    TooManyTracks,
    /// None at all.
    #[error("the server manifest names no audio or video")]
    NoTracks,
}

/// Reads a server manifest.
pub fn parse_ism(bytes: &[u8]) -> Result<Vec<IsmTrack>, IsmError> {
    if bytes.len() > MAX_ISM {
        return Err(IsmError::TooLarge(bytes.len()));
    }
    let text = text_of(bytes)?;
    let mut reader = Reader::from_str(&text);
    let mut tracks: Vec<IsmTrack> = Vec::new();
    let mut open = false;
    loop {
        match reader.read_event().map_err(|error| IsmError::Xml(error.to_string()))? {
            Event::Eof => break,
            Event::Start(element) => open = start(&mut tracks, &element, open, true)?,
            Event::Empty(element) => open = start(&mut tracks, &element, open, false)?,
            Event::End(element) if kind_of(element.local_name().as_ref()).is_some() => open = false,
            _ => {}
        }
    }
    match tracks.is_empty() {
        true => Err(IsmError::NoTracks),
        false => Ok(tracks),
    }
}

/// Windows tools write UTF-16 with a byte order mark.
fn text_of(bytes: &[u8]) -> Result<String, IsmError> {
    let wide = |from: fn([u8; 2]) -> u16, rest: &[u8]| {
        let units: Vec<u16> = rest.as_chunks::<2>().0.iter().map(|unit| from(*unit)).collect();
        String::from_utf16(&units).map_err(|_| IsmError::NotText)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => wide(u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => {
            std::str::from_utf8(rest).map(str::to_owned).map_err(|_| IsmError::NotText)
        }
    }
}

fn kind_of(element: &str) -> Option<MediaKind> {
    match element {
        "video" => Some(MediaKind::Video),
        "audio" => Some(MediaKind::Audio),
        _ => None,
    }
}

/// Whether a track is open after this element.
fn start(
    tracks: &mut Vec<IsmTrack>,
    element: &BytesStart<'_>,
    open: bool,
    has_children: bool,
) -> Result<bool, IsmError> {
    let name = element.local_name();
    if let Some(kind) = kind_of(name.as_ref()) {
        if tracks.len() >= MAX_TRACKS {
            return Err(IsmError::TooManyTracks);
        }
        tracks.push(track(kind, element)?);
        return Ok(has_children);
    }
    if let (true, "param", Some(track)) = (open, name.as_ref(), tracks.last_mut()) {
        param(track, element)?;
    }
    Ok(open)
}

fn track(kind: MediaKind, element: &BytesStart<'_>) -> Result<IsmTrack, IsmError> {
    let src = attribute(element, "src")?.unwrap_or_default();
    let bitrate = attribute(element, "systemBitrate")?.and_then(|text| text.trim().parse().ok());
    let language = attribute(element, "systemLanguage")?.filter(|text| !text.trim().is_empty());
    Ok(IsmTrack { kind, file: file_name(src)?, track_id: None, bitrate, name: None, language })
}

fn param(track: &mut IsmTrack, element: &BytesStart<'_>) -> Result<(), IsmError> {
    let value = attribute(element, "value")?;
    match attribute(element, "name")?.as_deref() {
        Some("trackID") => track.track_id = value.and_then(|text| text.trim().parse().ok()),
        Some("trackName") => track.name = value.filter(|text| !text.is_empty()),
        Some("systemBitrate") if track.bitrate.is_none() => {
            track.bitrate = value.and_then(|text| text.trim().parse().ok());
        }
        Some("systemLanguage") if track.language.is_none() => track.language = value,
        _ => {}
    }
    Ok(())
}

/// Only files of the same container: no scheme, no way up, no root.
fn file_name(src: String) -> Result<String, IsmError> {
    let name = src.strip_prefix("./").unwrap_or(&src);
    let outside = name.is_empty()
        || name.starts_with('/')
        || name.contains(['\\', ':', '?', '#', '\0'])
        || name.split('/').any(|part| part == ".." || part == ".");
    match outside {
        true => Err(IsmError::Path(src)),
        false => Ok(name.to_owned()),
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, IsmError> {
    let xml = |error: &dyn std::fmt::Display| IsmError::Xml(error.to_string());
    match element.try_get_attribute(name).map_err(|error| xml(&error))? {
        Some(attribute) => {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| xml(&error))?;
            Ok(Some(value.into_owned()))
        }
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENCODER: &str = r#"<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<smil xmlns="http://www.w3.org/2001/SMIL20/Language">
  <head><meta name="clientManifestRelativePath" content="film.ismc" /></head>
  <body><switch>
    <video src="film_1080.mp4" systemBitrate="4500000" systemLanguage="und">
      <param name="systemBitrate" value="1" valuetype="data" />
      <param name="trackID" value="1" valuetype="data" />
      <param name="trackName" value="video" valuetype="data" />
    </video>
    <audio src="film &amp; sound.mp4"><param name="trackID" value="2" /><param name="systemLanguage" value="eng" /></audio>
    <audio src="b.isma" systemBitrate="x"/>
    <param name="trackID" value="9" />
  </switch></body>
</smil>"#;

    fn expected() -> Vec<IsmTrack> {
        let video = IsmTrack {
            kind: MediaKind::Video,
            file: "film_1080.mp4".into(),
            track_id: Some(1),
            bitrate: Some(4_500_000),
            name: Some("video".into()),
            language: Some("und".into()),
        };
        let audio = IsmTrack {
            kind: MediaKind::Audio,
            file: "film & sound.mp4".into(),
            track_id: Some(2),
            bitrate: None,
            name: None,
            language: Some("eng".into()),
        };
        let plain = IsmTrack { file: "b.isma".into(), track_id: None, language: None, ..audio.clone() };
        vec![video, audio, plain]
    }

    #[test]
    fn reads_what_encoders_write() {
        assert_eq!(parse_ism(ENCODER.as_bytes()), Ok(expected()));
        let with_mark = [b"\xef\xbb\xbf", ENCODER.as_bytes()].concat();
        assert_eq!(parse_ism(&with_mark), Ok(expected()));
        let wide: Vec<u8> =
            std::iter::once(0xfeff).chain(ENCODER.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(parse_ism(&wide), Ok(expected()));
    }

    #[test]
    fn never_leaves_the_container() {
        for src in ["../a.mp4", "/a.mp4", "http://x/a.mp4", "a/../../b.mp4", "", "c:\\a.mp4"] {
            let ism = format!(r#"<smil><video src="{src}"/></smil>"#);
            assert!(matches!(parse_ism(ism.as_bytes()), Err(IsmError::Path(_))), "{src}");
        }
        let inside = parse_ism(br#"<smil><video src="./sub/a.mp4"/></smil>"#).unwrap();
        assert_eq!(inside[0].file, "sub/a.mp4");
    }

    #[test]
    fn says_what_is_wrong() {
        assert!(matches!(parse_ism(b"<smil><video"), Err(IsmError::Xml(_))));
        assert_eq!(parse_ism(b"<smil/>"), Err(IsmError::NoTracks));
        assert_eq!(parse_ism(&[0xff, 0xff, 0x80]), Err(IsmError::NotText));
        let many = "<video src='a'/>".repeat(MAX_TRACKS + 1);
        assert_eq!(parse_ism(many.as_bytes()), Err(IsmError::TooManyTracks));
        let entity = b"<!DOCTYPE s [<!ENTITY a \"aaaa\">]><smil><video src='&a;'/></smil>";
        assert!(matches!(parse_ism(entity), Err(IsmError::Xml(_))));
    }
}
