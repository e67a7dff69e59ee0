//! The grammar of URLs: what is understood, what is refused and how.

use millrace_manifest::{ContentKey, dash::Profile, hls::Flavour, smooth::Version};
use millrace_origin::url::{
    Format, ManifestOptions, Media, Packing, Part, PlaylistOptions, Request, Target, UrlError, parse,
};
use proptest::prelude::*;

const LOCATOR: &str = "0189f7aa-1111-4222-8333-444455556666";
const KEY: &str = "00000000000000ab";

fn part(below: &str) -> Result<Part, UrlError> {
    let request = parse(&format!("/{LOCATOR}/my%20film.v2.ism/{below}"))?;
    assert_eq!(request.locator.to_string(), LOCATOR);
    match request.target {
        Target::Stream { name, part } => {
            assert_eq!(name, "my film.v2");
            Ok(part)
        }
        Target::Download { file } => panic!("{below} is read as the file {file}"),
    }
}

fn manifest(format: Format, filters: &[&str], audio_only: bool) -> Result<Part, UrlError> {
    let filters = filters.iter().map(|name| (*name).to_owned()).collect();
    Ok(Part::Manifest(ManifestOptions { format, filters, audio_only }))
}

#[test]
fn manifests_of_every_format() {
    let hls = |flavour| manifest(Format::Hls(flavour), &[], true);
    let dash = |profile| manifest(Format::Dash(profile), &[], true);
    let smooth = |version| manifest(Format::Smooth(version), &[], true);
    for (below, expected) in [
        ("manifest", smooth(Version::V2_2)),
        ("Manifest", smooth(Version::V2_2)),
        ("manifest()", smooth(Version::V2_2)),
        ("manifest(format=fmp4-v20)", smooth(Version::V2_0)),
        ("manifest(format=m3u8-cmaf)", hls(Flavour::Cmaf)),
        ("MANIFEST(FORMAT=M3U8-CMAF)", hls(Flavour::Cmaf)),
        ("manifest(format=m3u8-cmaf).m3u8", hls(Flavour::Cmaf)),
        ("manifest(format=m3u8-aapl)", hls(Flavour::Ts)),
        ("manifest(format=m3u8-aapl-v4)", hls(Flavour::Ts)),
        ("manifest(format=m3u8-aapl-v3)", hls(Flavour::MuxedTs)),
        ("manifest(format=mpd-time-cmaf)", dash(Profile::Cmaf)),
        ("manifest(format=mpd-time-cmaf).mpd", dash(Profile::Cmaf)),
        ("manifest(format=mpd-time-csf)", dash(Profile::Csf)),
        ("manifest(format=mpd-time)", dash(Profile::Csf)),
        ("manifest%28format%3Dm3u8-cmaf%29", hls(Flavour::Cmaf)),
        (
            "%6Danifest(format=m3u8-cmaf%2Caudio-only%3Dfalse)",
            manifest(Format::Hls(Flavour::Cmaf), &[], false),
        ),
    ] {
        assert_eq!(part(below), expected, "{below}");
    }
}

#[test]
fn options_in_any_order() {
    let cmaf = Format::Hls(Flavour::Cmaf);
    for (below, expected) in [
        ("manifest(format=m3u8-cmaf,filter=a)", manifest(cmaf, &["a"], true)),
        ("manifest(filter=a;B;c,format=m3u8-cmaf)", manifest(cmaf, &["a", "B", "c"], true)),
        ("manifest(filter=a%3Bb,audio-only=false,format=m3u8-cmaf)", manifest(cmaf, &["a", "b"], false)),
        ("manifest( format = m3u8-cmaf , audio-only=TRUE )", manifest(cmaf, &[], true)),
        ("manifest(filter=top)", manifest(Format::Smooth(Version::V2_2), &["top"], true)),
    ] {
        assert_eq!(part(below), expected, "{below}");
    }
}

#[test]
fn manifests_that_are_refused() {
    let value = |option, value: &str| UrlError::Value { option, value: value.to_owned() };
    for (below, expected) in [
        ("manifest(format=m3u8)", value("format", "m3u8")),
        ("manifest(format=)", value("format", "")),
        ("manifest(audio-only=no)", value("audio-only", "no")),
        ("manifest(filter=)", value("filter", "")),
        ("manifest(filter=a;;b)", value("filter", "a;;b")),
        ("manifest(filter=a;b;c;d)", UrlError::TooManyFilters),
        ("manifest(encryption=cbcs-aapl,format=m3u8-cmaf)", UrlError::Encryption),
        ("manifest(colour=red)", UrlError::Option("colour=red".to_owned())),
        ("manifest(m3u8-cmaf)", UrlError::Option("m3u8-cmaf".to_owned())),
        ("manifest(type=keyframes)", UrlError::Option("type".to_owned())),
        ("manifest(format=mpd-time,format=mpd-time)", UrlError::Twice("format")),
        ("manifest(format=mpd-time", UrlError::Parentheses("manifest(format=mpd-time".to_owned())),
        ("manifest((format=mpd-time))", UrlError::Parentheses("manifest((format=mpd-time))".to_owned())),
        (
            "manifest(format=mpd-time).mpd.mpd",
            UrlError::Parentheses("manifest(format=mpd-time).mpd".to_owned()),
        ),
        ("manifests", UrlError::Unknown("manifests".to_owned())),
        ("", UrlError::Unknown(String::new())),
        ("manifest/", UrlError::Unknown("manifest/".to_owned())),
        ("manifest%2", UrlError::Encoding),
        ("manifest%zz", UrlError::Encoding),
        ("manifest%ff", UrlError::Encoding),
    ] {
        assert_eq!(part(below), Err(expected), "{below}");
    }
}

#[test]
fn playlists() {
    let options = |flavour, key_frames, filters: &[&str]| PlaylistOptions {
        flavour,
        key_frames,
        filters: filters.iter().map(|name| (*name).to_owned()).collect(),
    };
    let playlist = |track: &str, options| Ok(Part::Playlist { track: track.to_owned(), options });
    for (below, expected) in [
        (
            "QualityLevels(600000)/Manifest(video-360p,format=m3u8-cmaf)",
            playlist("video-360p", options(Flavour::Cmaf, false, &[])),
        ),
        (
            "qualitylevels(0)/manifest(v,type=KeyFrames,format=m3u8-aapl,filter=a;b)",
            playlist("v", options(Flavour::Ts, true, &["a", "b"])),
        ),
        (
            "QualityLevels%281%29/Manifest%28v%2Cformat%3Dm3u8-aapl-v3%29",
            playlist("v", options(Flavour::MuxedTs, false, &[])),
        ),
    ] {
        assert_eq!(part(below), expected, "{below}");
    }
    for below in [
        "QualityLevels(1)/Manifest(v)",
        "QualityLevels(1)/Manifest(v,format=mpd-time)",
        "QualityLevels(1)/Manifest(format=m3u8-cmaf)",
        "QualityLevels(1)/Manifest(v,format=m3u8-cmaf,type=all)",
        "QualityLevels(1)/Manifest(v,format=m3u8-cmaf,audio-only=true)",
        "QualityLevels(x)/Manifest(v,format=m3u8-cmaf)",
        "QualityLevels(1)/Manifest",
        "QualityLevels(1)/Fragments(v=1)",
    ] {
        assert!(part(below).is_err(), "{below}");
    }
}

#[test]
fn media_has_one_spelling() {
    let key = ContentKey(0xab);
    let segment = |muxed, time, packing| Ok(Part::Media(Media::Segment { key, muxed, time, packing }));
    for (below, expected) in [
        (format!("{KEY}/init.mp4"), Ok(Part::Media(Media::Init { key }))),
        (format!("{KEY}/0.m4s"), segment(None, 0, Packing::Cmaf)),
        (format!("{KEY}/18446744073709551615.ts"), segment(None, u64::MAX, Packing::Ts)),
        (format!("{KEY}+00000000000000cd/90000.ts"), segment(Some(ContentKey(0xcd)), 90_000, Packing::Ts)),
        (format!("{KEY}%2B00000000000000cd/90000.ts"), segment(Some(ContentKey(0xcd)), 90_000, Packing::Ts)),
        (format!("{KEY}/7-i.m4s"), Ok(Part::Media(Media::KeyFrame { key, time: 7, packing: Packing::Cmaf }))),
    ] {
        assert_eq!(part(&below), expected, "{below}");
    }
    for file in [
        "00.m4s",
        "+1.m4s",
        "-1.m4s",
        "1.M4S",
        "1.mp4",
        ".m4s",
        "18446744073709551616.ts",
        "init.MP4",
        "1-i-i.ts",
        "1_0.ts",
    ] {
        assert!(part(&format!("{KEY}/{file}")).is_err(), "{file}");
    }
    for keys in [
        "00000000000000AB",
        "ab",
        "0x000000000000ab",
        "00000000000000ab+",
        "00000000000000ab+00000000000000cd",
    ] {
        assert!(part(&format!("{keys}/1.m4s")).is_err(), "{keys}");
    }
}

#[test]
fn chunks() {
    let chunk = Part::Chunk {
        presentation: ContentKey(0xab),
        stream: "aac_en".to_owned(),
        bitrate: 128_000,
        time: 20_053_333,
        filters: Vec::new(),
    };
    assert_eq!(part(&format!("{KEY}/QualityLevels(128000)/Fragments(aac_en=20053333)")), Ok(chunk.clone()));
    assert_eq!(part(&format!("{KEY}/qualitylevels(128000)/fragments%28aac_en%3D20053333%29")), Ok(chunk));
    for below in [
        "QualityLevels(1)/Fragments(v)",
        "QualityLevels(1)/Fragments(v=i)",
        "QualityLevels(1)/Fragments(v=01)",
        "QualityLevels()/Fragments(v=1)",
        "Levels(1)/Fragments(v=1)",
        "QualityLevels(1)/Fragments(v=1,format=fmp4-v20)",
        "QualityLevels(1)/Fragments(v=1,filter=a;b;c;d)",
    ] {
        assert!(part(&format!("{KEY}/{below}")).is_err(), "{below}");
    }
    let filtered = part(&format!("{KEY}/QualityLevels(1)/Fragments(v=1,filter=a%3Bb)"));
    assert!(matches!(filtered, Ok(Part::Chunk { filters, .. }) if filters == ["a", "b"]));
    assert!(part("nokey/QualityLevels(1)/Fragments(v=1)").is_err());
}

#[test]
fn downloads_are_files_of_the_container() {
    let file = |path: &str| match parse(path) {
        Ok(Request { target: Target::Download { file }, .. }) => Some(file),
        _ => None,
    };
    for (below, expected) in [
        ("film.mp4", Some("film.mp4")),
        ("my%20film%2fa.mp4", Some("my film/a.mp4")),
        ("dir/film.mp4", Some("dir/film.mp4")),
        ("film.ism", Some("film.ism")),
        ("..", None),
        ("dir/../film.mp4", None),
        ("dir//film.mp4", None),
        ("%2e%2e/film.mp4", None),
        ("dir%2f..%2ffilm.mp4", None),
        ("..%2ffilm.mp4", None),
        ("%2ffilm.mp4", None),
        ("", None),
    ] {
        assert_eq!(file(&format!("/{LOCATOR}/{below}")).as_deref(), expected, "{below}");
    }
}

#[test]
fn a_path_begins_with_a_locator() {
    for path in [
        "",
        "/",
        "/film.ism/manifest",
        "//film.ism/manifest",
        &format!("/{LOCATOR}"),
        "/{0}/film.ism/manifest",
    ] {
        assert_eq!(parse(path), Err(UrlError::NoLocator), "{path}");
    }
    let simple = LOCATOR.replace('-', "");
    assert_eq!(parse(&format!("/{simple}/a.ism/manifest")), Err(UrlError::NoLocator));
    assert_eq!(parse(&format!("/{LOCATOR}/{}", "a".repeat(20_000))), Err(UrlError::TooLong));
    assert!(parse(&format!("/{}/a.ism/manifest", LOCATOR.to_uppercase())).is_ok());
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(path in "\\PC{0,80}") {
        let _ = parse(&path);
        let _ = parse(&format!("/{LOCATOR}/{path}"));
        let _ = parse(&format!("/{LOCATOR}/a.ism/{path}"));
    }

    #[test]
    fn words_of_the_grammar_in_any_order_do_not_either(
        words in prop::collection::vec(prop::sample::select(&[
            "manifest", "(", ")", "format=", "m3u8-cmaf", ",", "=", ";", "filter", "/", "%", "%2", "%28", "QualityLevels",
            "Fragments", "Manifest", "1", "+", ".ts", ".m4s", "-i", "00000000000000ab", "é", "init.mp4", ".ism", "..",
        ][..]), 0..12),
    ) {
        let _ = parse(&format!("/{LOCATOR}/a.ism/{}", words.concat()));
    }
}
