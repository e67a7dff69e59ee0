//! From a path to a [`Request`]. Pure, total, and bounded by the length of the path.

use millrace_manifest::ContentKey;
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use super::{MAX_PATH, ManifestOptions, Media, Packing, Part, Request, Target, UrlError, options};

/// The request of a URL's path, as it came: still percent-encoded, and without a query.
pub fn parse(path: &str) -> Result<Request, UrlError> {
    if path.len() > MAX_PATH {
        return Err(UrlError::TooLong);
    }
    let segments =
        path.strip_prefix('/').unwrap_or(path).split('/').map(decode).collect::<Result<Vec<_>, _>>()?;
    let (locator, rest) = segments.split_first().ok_or(UrlError::NoLocator)?;
    let locator = parse_locator(locator).ok_or(UrlError::NoLocator)?;
    let target = match rest {
        [] => return Err(UrlError::NoLocator),
        [first, parts @ ..] => match presentation_name(first).filter(|_| !parts.is_empty()) {
            Some(name) => Target::Stream { name: name.to_owned(), part: part(parts)? },
            None => Target::Download { file: file(rest)? },
        },
    };
    Ok(Request { locator, target })
}

fn decode(segment: &str) -> Result<String, UrlError> {
    let escapes = segment.split('%').skip(1);
    let is_escape = |text: &str| text.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !escapes.into_iter().all(is_escape) {
        return Err(UrlError::Encoding);
    }
    match percent_decode_str(segment).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(UrlError::Encoding),
    }
}

/// A GUID with hyphens and nothing around it, the one form that locators are given in.
fn parse_locator(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

/// `name` of `name.ism` or, as live presentations are named, `name.isml`.
fn presentation_name(segment: &str) -> Option<&str> {
    let (name, extension) = segment.rsplit_once('.')?;
    let known = extension.eq_ignore_ascii_case("ism") || extension.eq_ignore_ascii_case("isml");
    (known && !name.is_empty()).then_some(name)
}

/// A blob name. Blob names may hold slashes, and no name is a way out of the container; still, empty and dotted
/// segments are refused, since no client sends them and intermediaries rewrite them.
fn file(segments: &[String]) -> Result<String, UrlError> {
    let name = segments.join("/");
    // Of the name and not of the path: an encoded slash makes two segments of one.
    let odd = |segment: &str| segment.is_empty() || segment == "." || segment == "..";
    if name.split('/').any(odd) { Err(UrlError::Unknown(name)) } else { Ok(name) }
}

fn part(segments: &[String]) -> Result<Part, UrlError> {
    let unknown = || UrlError::Unknown(segments.join("/"));
    match segments {
        [manifest] => Ok(Part::Manifest(parse_manifest(manifest)?.ok_or_else(unknown)?)),
        [level, playlist] if call(level, "QualityLevels")?.is_some() => {
            // The bitrate is for people: the track's name says which it is.
            number(call(level, "QualityLevels")?.unwrap_or_default())?;
            let arguments = call(playlist, "Manifest")?.ok_or_else(unknown)?;
            let (track, options) = options::playlist(arguments)?;
            Ok(Part::Playlist { track, options })
        }
        [keys, file] => Ok(Part::Media(media(keys, file).ok_or_else(unknown)?)),
        [key, level, fragments] => {
            let presentation: ContentKey = key.parse().map_err(|_| unknown())?;
            let bitrate = number(call(level, "QualityLevels")?.ok_or_else(unknown)?)?;
            let arguments = call(fragments, "Fragments")?.ok_or_else(unknown)?;
            let (stream, rest) = arguments.split_once('=').ok_or_else(unknown)?;
            let (time, options) = rest.split_once(',').unwrap_or((rest, ""));
            let (time, filters) = (number(time)?, options::chunk(options)?);
            Ok(Part::Chunk { presentation, stream: stream.to_owned(), bitrate, time, filters })
        }
        _ => Err(unknown()),
    }
}

/// `manifest`, `manifest(…)`, either with `.m3u8` or `.mpd` behind it; `None` for another word.
fn parse_manifest(segment: &str) -> Result<Option<ManifestOptions>, UrlError> {
    let plain = [".m3u8", ".mpd"].iter().find_map(|suffix| strip_suffix_ignoring_case(segment, suffix));
    let segment = plain.unwrap_or(segment);
    if segment.eq_ignore_ascii_case("manifest") {
        return Ok(Some(ManifestOptions::default()));
    }
    call(segment, "manifest")?.map(options::manifest).transpose()
}

/// What stands between the parentheses of `word(…)`; `None` for another word.
fn call<'a>(segment: &'a str, word: &str) -> Result<Option<&'a str>, UrlError> {
    let Some((name, rest)) = segment.split_once('(') else { return Ok(None) };
    if !name.eq_ignore_ascii_case(word) {
        return Ok(None);
    }
    match rest.strip_suffix(')') {
        Some(inside) if !inside.contains(['(', ')']) => Ok(Some(inside)),
        _ => Err(UrlError::Parentheses(segment.to_owned())),
    }
}

fn media(keys: &str, file: &str) -> Option<Media> {
    let (key, muxed) = match keys.split_once('+') {
        Some((key, muxed)) => (key.parse().ok()?, Some(muxed.parse().ok()?)),
        None => (keys.parse().ok()?, None),
    };
    if file == "init.mp4" {
        return muxed.is_none().then_some(Media::Init { key });
    }
    let (stem, packing) = match file.rsplit_once('.')? {
        (stem, "m4s") => (stem, Packing::Cmaf),
        (stem, "ts") => (stem, Packing::Ts),
        _ => return None,
    };
    match stem.strip_suffix("-i") {
        Some(time) => muxed.is_none().then_some(Media::KeyFrame { key, time: number(time).ok()?, packing }),
        None if muxed.is_some() && packing == Packing::Cmaf => None,
        None => Some(Media::Segment { key, muxed, time: number(stem).ok()?, packing }),
    }
}

/// A decimal number in its one spelling: digits alone, and no zero before them.
fn number(text: &str) -> Result<u64, UrlError> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let parsed = if canonical { text.parse().ok() } else { None };
    parsed.ok_or_else(|| UrlError::Number(text.to_owned()))
}

fn strip_suffix_ignoring_case<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(text.len().checked_sub(suffix.len())?)?;
    tail.eq_ignore_ascii_case(suffix).then_some(head)
}
