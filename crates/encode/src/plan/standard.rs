//! `StandardEncoderPreset`: codecs, formats and filters spelt out.

use millrace_catalog::preset::{
    AacAudio, Codec, EntropyMode, Format, H264Layer, H264Profile as WantedProfile, H264Video, H265Layer,
    H265Profile, H265Video, Macro, Mp4Format, Pattern, RateControl, Standard, StretchMode, SyncMode,
    VideoCommon, VideoLayer,
};

use super::audio::{self, AacSettings};
use super::builtin::speed;
use super::draft::Draft;
use super::geometry::meet;
use super::thumbnails;
use super::types::{
    AudioMake, AudioTrack, Control, H264Profile, Plan, Speed, VideoCodec, VideoEncode, VideoMake, VideoTrack,
};
use crate::problem::Problem;
use crate::ratio::Ratio;

/// The key frame interval in microseconds: of the first video codec, for all of them, so that their edges line up.
pub fn interval_us(preset: &Standard) -> i64 {
    let wanted = preset.codecs.iter().find_map(|codec| match codec {
        Codec::H264Video(video) => video.common.key_frame_interval,
        Codec::H265Video(video) => video.common.key_frame_interval,
        _ => None,
    });
    wanted.map_or(2_000_000, |interval| interval.as_micros().clamp(500_000, 20_000_000) as i64)
}

/// The plan of a standard preset.
pub fn plan(preset: &Standard, mut draft: Draft) -> Result<Plan, Problem> {
    for codec in &preset.codecs {
        add_codec(&mut draft, codec);
    }
    let mut draft = name_files(preset, draft)?;
    thumbnails::add(&mut draft, preset);
    draft.done()
}

fn add_codec(draft: &mut Draft, codec: &Codec) {
    match codec {
        Codec::H264Video(video) => add_h264(draft, video),
        Codec::H265Video(video) => add_h265(draft, video),
        Codec::AacAudio(sound) => audio::add_aac(draft, &aac(sound), &labels(&[&sound.label])),
        Codec::CopyVideo(copy) => draft.copy_video(&labels(&[&copy.label])),
        Codec::CopyAudio(copy) => audio::add_copies(draft, &labels(&[&copy.label])),
        Codec::JpgImage(_) | Codec::PngImage(_) => {}
    }
}

fn labels(given: &[&Option<String>]) -> Vec<String> {
    given.iter().filter_map(|label| (*label).clone()).collect()
}

/// HE-AAC is made as AAC-LC, which every HE-AAC player plays: ffmpeg's own encoder has no other profile.
fn aac(sound: &AacAudio) -> AacSettings {
    let usual = AacSettings::default();
    AacSettings {
        channels: sound.channels.unwrap_or(usual.channels),
        sample_rate: sound.sampling_rate.unwrap_or(usual.sample_rate),
        bitrate: sound.bitrate.unwrap_or(usual.bitrate),
    }
}

fn add_h264(draft: &mut Draft, video: &H264Video) {
    for layer in &video.layers {
        let codec = h264_codec(layer);
        let encode =
            encode(&layer.video, &video.common, codec, speed(video.complexity), control(video, layer));
        add_layer(draft, &layer.video, &video.common, encode);
    }
}

fn add_h265(draft: &mut Draft, video: &H265Video) {
    for layer in &video.layers {
        let H265Layer { video: settings, profile } = layer;
        let codec = VideoCodec::H265 { ten_bit: *profile == H265Profile::Main10 };
        let encode = encode(settings, &video.common, codec, speed(video.complexity), Control::Average);
        add_layer(draft, settings, &video.common, encode);
    }
}

fn h264_codec(layer: &H264Layer) -> VideoCodec {
    let profile = match layer.profile {
        WantedProfile::Auto | WantedProfile::High => H264Profile::High,
        WantedProfile::Baseline => H264Profile::Baseline,
        WantedProfile::Main => H264Profile::Main,
        WantedProfile::High422 => H264Profile::High422,
        WantedProfile::High444 => H264Profile::High444,
    };
    let arithmetic = layer.entropy_mode != Some(EntropyMode::Cavlc);
    VideoCodec::H264 { profile, cabac: arithmetic && profile != H264Profile::Baseline }
}

fn control(video: &H264Video, layer: &H264Layer) -> Control {
    match video.rate_control {
        RateControl::Abr => Control::Average,
        RateControl::Cbr => Control::Constant,
        RateControl::Crf => Control::Quality(layer.video.crf.unwrap_or(23.0)),
    }
}

fn encode(
    layer: &VideoLayer,
    common: &VideoCommon,
    codec: VideoCodec,
    speed: Speed,
    control: Control,
) -> VideoEncode {
    let bitrate = u64::from(layer.bitrate);
    let max_bitrate = layer.max_bitrate.map_or(bitrate, u64::from).max(bitrate);
    let window_ms = layer.buffer_window.map_or(5_000, |window| window.as_millis().clamp(100, 100_000) as u64);
    let is_baseline = matches!(codec, VideoCodec::H264 { profile: H264Profile::Baseline, .. });
    // Time stamps as they are means frames as they are.
    let keeps_frames = matches!(common.sync_mode, SyncMode::Passthrough | SyncMode::Vfr);
    VideoEncode {
        codec,
        bitrate,
        max_bitrate,
        buffer: max_bitrate * window_ms / 1000,
        control,
        speed,
        b_frames: if is_baseline { 0 } else { layer.b_frames.unwrap_or(3).min(16) },
        adaptive_b_frames: layer.adaptive_b_frame.unwrap_or(true),
        reference_frames: layer.reference_frames.unwrap_or(3).clamp(1, 16),
        slices: layer.slices.unwrap_or(0),
        level: layer.level.clone(),
        rate: layer.frame_rate.filter(|_| !keeps_frames).and_then(|rate| Ratio::new(rate.num, rate.den)),
    }
}

fn add_layer(draft: &mut Draft, layer: &VideoLayer, common: &VideoCommon, encode: VideoEncode) {
    let Some(picture) = draft.picture_size() else { return };
    let fitted = meet(picture, layer.width, layer.height, common.stretch_mode);
    let (width, height) = fitted.size;
    let codec = match encode.codec {
        VideoCodec::H264 { .. } => "video",
        VideoCodec::H265 { .. } => "hevc",
    };
    draft.push_video(VideoTrack {
        name: format!("{codec}_{}p_{}", width.min(height), encode.bitrate / 1000),
        labels: labels(&[&layer.label, &common.label]),
        size: fitted.size,
        inner: fitted.inner.filter(|_| common.stretch_mode == StretchMode::AutoFit),
        make: VideoMake::Encode(encode),
    });
}

/// Names the files of all MP4 formats. A track that no format mentions still gets a file: work that was done is not thrown away.
fn name_files(preset: &Standard, mut draft: Draft) -> Result<Draft, Problem> {
    for format in &preset.formats {
        if let Format::Mp4(format) = format {
            add_mp4(&mut draft, format)?;
        }
    }
    let named = |draft: &Draft, video: usize| draft.plan.files.iter().any(|file| file.video == Some(video));
    for index in 0..draft.plan.video.len() {
        if !named(&draft, index) {
            let name = format!("{}_{}.mp4", draft.plan.basename, draft.plan.video[index].name);
            draft.push_file(name, Some(index), Vec::new());
        }
    }
    for index in 0..draft.plan.audio.len() {
        // Streaming reads each track from a file of its own or from the first that has it.
        if !draft.plan.files.iter().any(|file| file.audio.contains(&index)) {
            let name = format!("{}_{}.mp4", draft.plan.basename, draft.plan.audio[index].name);
            draft.push_file(name, None, vec![index]);
        }
    }
    Ok(draft)
}

fn add_mp4(draft: &mut Draft, format: &Mp4Format) -> Result<(), Problem> {
    let sound: Vec<usize> = (0..draft.plan.audio.len()).collect();
    if format.output_files.is_empty() {
        for index in 0..draft.plan.video.len() {
            let name = expand(draft, &format.filename_pattern, Some(index), sound.first().copied(), None);
            draft.push_file(name, Some(index), sound.clone());
        }
        if draft.plan.video.is_empty() {
            for index in sound {
                let name = expand(draft, &format.filename_pattern, None, Some(index), None);
                draft.push_file(name, None, vec![index]);
            }
        }
        return Ok(());
    }
    for file in &format.output_files {
        add_labelled(draft, format, &file.labels)?;
    }
    Ok(())
}

fn add_labelled(draft: &mut Draft, format: &Mp4Format, wanted: &[String]) -> Result<(), Problem> {
    let has = |labels: &[String]| labels.iter().any(|label| wanted.contains(label));
    let video: Vec<usize> = matching(draft.plan.video.iter().map(|track| has(&track.labels)));
    let audio: Vec<usize> = matching(draft.plan.audio.iter().map(|track| has(&track.labels)));
    let label = wanted.first().map(String::as_str);
    if video.is_empty() && !audio.is_empty() {
        let name = expand(draft, &format.filename_pattern, None, audio.first().copied(), label);
        draft.push_file(name, None, audio);
        return Ok(());
    }
    for index in video {
        let name = expand(draft, &format.filename_pattern, Some(index), audio.first().copied(), label);
        draft.push_file(name, Some(index), audio.clone());
    }
    Ok(())
}

fn matching(flags: impl Iterator<Item = bool>) -> Vec<usize> {
    flags.enumerate().filter(|(_, wanted)| *wanted).map(|(index, _)| index).collect()
}

fn expand(
    draft: &Draft,
    pattern: &Pattern,
    video: Option<usize>,
    audio: Option<usize>,
    label: Option<&str>,
) -> String {
    let video = video.and_then(|index| draft.plan.video.get(index));
    let sound = audio.and_then(|index| draft.plan.audio.get(index));
    let name = pattern.expand(|wanted| macro_value(draft, wanted, video, sound, label));
    let name: String = name.chars().filter(|c| !matches!(c, '/' | '\\')).collect();
    if name.contains('.') { name } else { format!("{name}.mp4") }
}

fn macro_value(
    draft: &Draft,
    wanted: Macro,
    video: Option<&VideoTrack>,
    sound: Option<&AudioTrack>,
    label: Option<&str>,
) -> Option<String> {
    let own = |labels: &[String]| labels.first().cloned();
    match wanted {
        Macro::Basename => Some(draft.plan.basename.clone()),
        Macro::Extension => Some(".mp4".to_owned()),
        Macro::Label => match video {
            Some(track) => own(&track.labels).or_else(|| label.map(str::to_owned)),
            None => label.map(str::to_owned).or_else(|| sound.and_then(|track| own(&track.labels))),
        },
        Macro::Index => None,
        Macro::AudioStream => sound.map(|track| format!("Audio{}", track.track + 1)),
        Macro::Bitrate => kilobits(video, sound).map(|rate| rate.to_string()),
        Macro::Codec => Some(codec_word(video, sound).to_owned()),
        Macro::Resolution => video.map(|track| format!("{}x{}", track.size.0, track.size.1)),
    }
}

fn kilobits(video: Option<&VideoTrack>, sound: Option<&AudioTrack>) -> Option<u64> {
    match (video.map(|track| &track.make), sound.map(|track| &track.make)) {
        (Some(VideoMake::Encode(encode)), _) => Some(encode.bitrate / 1000),
        (None, Some(AudioMake::Aac { bitrate, .. })) => Some(u64::from(*bitrate) / 1000),
        _ => None,
    }
}

fn codec_word(video: Option<&VideoTrack>, sound: Option<&AudioTrack>) -> &'static str {
    match (video.map(|track| &track.make), sound.map(|track| &track.make)) {
        (Some(VideoMake::Encode(VideoEncode { codec: VideoCodec::H265 { .. }, .. })), _) => "H265",
        (Some(VideoMake::Encode(_)), _) => "H264",
        (None, Some(AudioMake::Aac { .. })) => "AAC",
        _ => "Copy",
    }
}
