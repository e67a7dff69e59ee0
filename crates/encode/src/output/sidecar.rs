//! The small files that AMS writes beside the media: server and client manifest, and descriptions of output and input.

use millrace_manifest::smooth::{self, Version};
use millrace_package::present::{Publication, presentation};
use millrace_package::{Row, TrackIndex};
use serde_json::{Value, json};

use crate::plan::types::{AudioMake, Plan, VideoMake};
use crate::plan::{AudioTrack, OutputFile, VideoTrack};
use crate::problem::{Failure, Problem};

/// File names and contents.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sidecars {
    /// Name, media type, text.
    pub files: Vec<(String, &'static str, String)>,
}

/// All side files of a finished output. `asset` is the output asset's id, `tracks` the sealed indexes in plan order and `sizes` the bytes of
/// the plan's files.
pub fn sidecars(plan: &Plan, tracks: &[TrackIndex], sizes: &[u64], asset: &str) -> Result<Sidecars, Failure> {
    let base = &plan.basename;
    let mut all = Sidecars::default();
    if !tracks.is_empty() {
        all.files.push((format!("{base}.ism"), "application/smil+xml", server_manifest(plan)));
        all.files.push((format!("{base}.ismc"), smooth::CONTENT_TYPE, client_manifest(tracks)?));
    }
    let output = output_description(plan, tracks, sizes);
    all.files.push((format!("{base}_manifest.json"), "application/json", pretty(&output)));
    all.files.push((format!("{asset}_metadata.json"), "application/json", pretty(&input_description(plan))));
    Ok(all)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn client_manifest(tracks: &[TrackIndex]) -> Result<String, Failure> {
    let told = presentation(tracks, &[], Publication::Complete)
        .map_err(|error| Problem::service(format!("The client manifest cannot be made: {error}.")))?;
    // A title that Smooth Streaming cannot carry (H.265 sound only, say) has an empty one.
    Ok(smooth::manifest(&told, Version::V2_2, &[]).unwrap_or_default())
}

/// SMIL 2.0 as AMS writes it: which track of which file is which.
fn server_manifest(plan: &Plan) -> String {
    let mut body = String::new();
    for file in &plan.files {
        if let Some(track) = file.video.and_then(|index| plan.video.get(index)) {
            body.push_str(&element("video", &file.name, video_bitrate(plan, track), 1, &track.name, None));
        }
    }
    for (index, track) in plan.audio.iter().enumerate() {
        let Some(file) = plan.files.iter().find(|file| file.audio.contains(&index)) else { continue };
        let id = crate::sound::id_of(index);
        let language = track.language.as_deref();
        body.push_str(&element("audio", &file.name, audio_bitrate(plan, track), id, &track.name, language));
    }
    let base = escape(&plan.basename);
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <smil xmlns=\"http://www.w3.org/2001/SMIL20/Language\">\n  <head>\n    \
         <meta name=\"formats\" content=\"mp4\" />\n    \
         <meta name=\"clientManifestRelativePath\" content=\"{base}.ismc\" />\n  </head>\n  <body>\n    <switch>\n\
         {body}    </switch>\n  </body>\n</smil>\n"
    )
}

fn element(kind: &str, file: &str, bitrate: u64, id: u32, name: &str, language: Option<&str>) -> String {
    let language = language.map(|tag| format!(" systemLanguage=\"{}\"", escape(tag))).unwrap_or_default();
    format!(
        "      <{kind} src=\"{}\" systemBitrate=\"{bitrate}\"{language}>\n        \
         <param name=\"systemBitrate\" value=\"{bitrate}\" valuetype=\"data\" />\n        \
         <param name=\"trackID\" value=\"{id}\" valuetype=\"data\" />\n        \
         <param name=\"trackName\" value=\"{}\" valuetype=\"data\" />\n      </{kind}>\n",
        escape(file),
        escape(name)
    )
}

fn escape(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

fn video_bitrate(plan: &Plan, track: &VideoTrack) -> u64 {
    match &track.make {
        VideoMake::Encode(encode) => encode.bitrate,
        VideoMake::Copy => {
            let video = plan.clips.first().and_then(|clip| clip.source.video.as_ref());
            video.and_then(|video| video.bit_rate).unwrap_or(0)
        }
    }
}

fn audio_bitrate(plan: &Plan, track: &AudioTrack) -> u64 {
    match &track.make {
        AudioMake::Aac { bitrate, .. } => u64::from(*bitrate),
        AudioMake::Copy => {
            let audio = plan.clips.first().and_then(|clip| clip.source.audio.get(track.track));
            audio.and_then(|audio| audio.bit_rate).unwrap_or(0)
        }
    }
}

/// `{source}_manifest.json`: what was made.
fn output_description(plan: &Plan, tracks: &[TrackIndex], sizes: &[u64]) -> Value {
    let files: Vec<Value> = plan
        .files
        .iter()
        .zip(sizes.iter().map(Some).chain(std::iter::repeat(None)))
        .map(|(file, size)| file_description(plan, tracks, file, size.copied().unwrap_or(0)))
        .collect();
    json!({ "AssetFile": files })
}

fn file_description(plan: &Plan, tracks: &[TrackIndex], file: &OutputFile, size: u64) -> Value {
    let sources: Vec<Value> = plan.clips.iter().map(|clip| json!({ "Name": clip.input.name })).collect();
    let index = |name: &str| tracks.iter().find(|index| index.facts().name.as_str() == name);
    let video: Vec<Value> = file
        .video
        .and_then(|number| plan.video.get(number))
        .map(|track| video_description(plan, track, index(&track.name)))
        .into_iter()
        .collect();
    let audio: Vec<Value> = file
        .audio
        .iter()
        .filter_map(|number| Some((*number, plan.audio.get(*number)?)))
        .map(|(number, track)| audio_description(plan, number, track, index(&track.name)))
        .collect();
    json!({
        "Sources": sources, "VideoTracks": video, "AudioTracks": audio,
        "Name": file.name, "Size": size, "Duration": duration(plan.duration_us()),
    })
}

fn video_description(plan: &Plan, track: &VideoTrack, index: Option<&TrackIndex>) -> Value {
    let codec = index.map(|index| index.config().rfc6381()).unwrap_or_default();
    json!({
        "Id": 1,
        "FourCC": index.map(|index| index.config().fourcc().to_string()),
        "Codec": codec,
        "Width": track.size.0, "Height": track.size.1,
        "Framerate": (plan.timing.rate.value() * 1000.0).round() / 1000.0,
        "Bitrate": index.map(measured),
        "TargetBitrate": video_bitrate(plan, track) / 1000,
    })
}

fn audio_description(plan: &Plan, number: usize, track: &AudioTrack, index: Option<&TrackIndex>) -> Value {
    let format = index.and_then(|index| index.config().audio().cloned());
    json!({
        "Id": crate::sound::id_of(number),
        "Codec": index.map(|index| index.config().rfc6381()),
        "Language": track.language,
        "Channels": format.as_ref().map(|format| format.channels),
        "SamplingRate": format.as_ref().map(|format| format.sample_rate),
        "Bitrate": index.map(measured),
        "TargetBitrate": audio_bitrate(plan, track) / 1000,
    })
}

/// Kilobits per second of all fragments.
fn measured(index: &TrackIndex) -> u64 {
    let ticks: u64 = index.rows().iter().map(|row: &Row| u64::from(row.duration)).sum();
    let bits = u128::from(index.bytes()) * 8 * u128::from(index.timescale().get());
    (bits / u128::from(ticks.max(1)) / 1000) as u64
}

/// `{assetId}_metadata.json`: what was read.
fn input_description(plan: &Plan) -> Value {
    let files: Vec<Value> =
        plan.clips
            .iter()
            .map(|clip| {
                let source = &clip.source;
                let video: Vec<Value> = source.video.iter().map(|video| {
                let (width, height) = video.display_size();
                json!({
                    "Id": video.index, "Codec": video.codec, "Profile": video.profile,
                    "Width": video.width, "Height": video.height,
                    "DisplayAspectRatioNumerator": width, "DisplayAspectRatioDenominator": height,
                    "Framerate": (video.rate.per_second().value() * 1000.0).round() / 1000.0,
                    "Bitrate": video.bit_rate.map(|rate| rate / 1000), "PixelFormat": video.pixel_format,
                })
            }).collect();
                let audio: Vec<Value> = source
                    .audio
                    .iter()
                    .map(|audio| {
                        json!({
                            "Id": audio.index, "Codec": audio.codec, "Channels": audio.channels,
                            "SamplingRate": audio.sample_rate, "Language": audio.language,
                            "Bitrate": audio.bit_rate.map(|rate| rate / 1000),
                        })
                    })
                    .collect();
                json!({
                    "Name": clip.input.name, "Size": source.size, "Container": source.container,
                    "Duration": source.duration_us.map(duration),
                    "VideoTracks": video, "AudioTracks": audio,
                })
            })
            .collect();
    json!({ "AssetFile": files })
}

/// ISO 8601.
fn duration(us: i64) -> String {
    let us = us.max(0);
    let (seconds, rest) = (us / 1_000_000, us % 1_000_000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = String::from("PT");
    if hours > 0 {
        text.push_str(&format!("{hours}H"));
    }
    if minutes > 0 {
        text.push_str(&format!("{minutes}M"));
    }
    let fraction = format!("{rest:06}");
    let fraction = fraction.trim_end_matches('0');
    match fraction {
        "" => text.push_str(&format!("{seconds}S")),
        fraction => text.push_str(&format!("{seconds}.{fraction}S")),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{clip, plan_of};

    #[test]
    fn durations_are_iso() {
        let check = |us, text: &str| assert_eq!(duration(us), text);
        check(0, "PT0S");
        check(61_500_000, "PT1M1.5S");
        check(3_600_000_000, "PT1H0S");
    }

    #[test]
    fn the_server_manifest_names_every_track() {
        let plan = plan_of(vec![clip(10.0)]);
        let text = server_manifest(&plan);
        assert_eq!(text.matches("<video ").count(), plan.video.len());
        assert!(text.contains("in_1920x1080_") && text.contains("in_aac_eng_2_128.mp4"), "{text}");
    }
}
