//! From ffprobe's report to facts.

use super::report::{Report, Stream};
use super::source::{Audio, Range, Rate, Scan, Source, Turn, Video};
use crate::problem::Problem;
use crate::ratio::Ratio;

/// More audio tracks than this are not offered by any player.
const MAX_AUDIO: usize = 32;

pub(super) fn source(json: &[u8], size: u64, name: &str) -> Result<Source, Problem> {
    let report: Report = serde_json::from_slice(json).map_err(|_| {
        Problem::malformed(format!("'{name}' could not be read: its description is damaged."))
    })?;
    if report.streams.is_empty() {
        return Err(Problem::malformed(format!(
            "'{name}' holds no video and no audio; it may be truncated."
        )));
    }
    refuse_protected(&report, name)?;
    let late_us = late_start(&report);
    let duration_us =
        report.format.duration.as_deref().and_then(microseconds).map(|us| (us - late_us).max(1));
    let audio: Vec<Audio> = report.streams.iter().filter_map(audio_of).take(MAX_AUDIO).collect();
    let mut video = report.streams.iter().find_map(video_of);
    if let Some(video) = &mut video {
        video.duration_us = video.duration_us.map(|us| (us - late_us).max(1)).or(duration_us);
        video.bit_rate = video.bit_rate.or_else(|| rest_of(&report, size, duration_us, &audio));
    }
    Ok(Source { container: report.format.format_name.clone(), size, duration_us, video, audio })
}

/// Matroska states when its media ends, all others how long it lasts: what is to be taken off.
fn late_start(report: &Report) -> i64 {
    let is_end = report.format.format_name.contains("matroska");
    let start = report.format.start_time.as_deref().filter(|_| is_end);
    start.and_then(microseconds).unwrap_or(0)
}

/// Encrypted samples decode to noise; better to say so.
fn refuse_protected(report: &Report, name: &str) -> Result<(), Problem> {
    let tags = ["encv", "enca", "drmi", "drms", "drmt"];
    let protected =
        |stream: &Stream| stream.codec_tag_string.as_deref().is_some_and(|tag| tags.contains(&tag));
    if report.streams.iter().any(protected) {
        return Err(Problem::unsupported(format!(
            "'{name}' is protected by DRM; submit the unprotected master instead."
        )));
    }
    Ok(())
}

fn video_of(stream: &Stream) -> Option<Video> {
    let is_picture = stream.codec_type.as_deref() == Some("video") && stream.disposition.attached_pic == 0;
    let codec = stream.codec_name.clone().filter(|name| name != "unknown")?;
    let (width, height) = (stream.width?, stream.height?);
    if !is_picture || width == 0 || height == 0 {
        return None;
    }
    let time_base = Ratio::parse(stream.time_base.as_deref()?)?;
    Some(Video {
        index: stream.index,
        codec,
        profile: stream.profile.clone().unwrap_or_default(),
        time_base,
        first_pts: stream.start_pts.unwrap_or(0),
        duration_us: duration_of(stream, time_base),
        width,
        height,
        pixel_aspect: pixel_aspect(stream),
        turn: turn(stream),
        rate: declared_rate(stream),
        scan: scan(stream),
        pixel_format: stream.pix_fmt.clone().unwrap_or_default(),
        range: range(stream),
        bit_rate: bit_rate(stream),
        frames: stream.nb_frames.as_deref().and_then(|n| n.parse().ok()),
    })
}

fn audio_of(stream: &Stream) -> Option<Audio> {
    if stream.codec_type.as_deref() != Some("audio") {
        return None;
    }
    let codec = stream.codec_name.clone().filter(|name| name != "unknown")?;
    let sample_rate = stream.sample_rate.as_deref()?.parse().ok()?;
    let channels = stream.channels?;
    if sample_rate == 0 || channels == 0 {
        return None;
    }
    let time_base = stream.time_base.as_deref().and_then(Ratio::parse).unwrap_or(Ratio::ONE);
    Some(Audio {
        index: stream.index,
        codec,
        sample_rate,
        channels,
        language: language(stream),
        title: title(stream),
        default: stream.disposition.default != 0,
        bit_rate: bit_rate(stream),
        duration_us: duration_of(stream, time_base),
    })
}

fn language(stream: &Stream) -> Option<String> {
    let tag = stream.tags.language.as_deref()?.trim();
    (tag.len() >= 2 && !tag.eq_ignore_ascii_case("und")).then(|| tag.to_owned())
}

/// Recorders write "SoundHandler" and the like into every file; that is no name.
fn title(stream: &Stream) -> Option<String> {
    let named = |text: &&String| !text.trim().is_empty() && !text.contains("Handler") && text.len() <= 128;
    let handler = stream.tags.handler_name.as_ref().filter(named);
    let title = stream.tags.title.as_ref().filter(named).or(handler)?;
    Some(title.trim_matches(|c: char| c.is_control() || c.is_whitespace()).to_owned())
}

fn duration_of(stream: &Stream, time_base: Ratio) -> Option<i64> {
    if let Some(ticks) = stream.duration_ts.filter(|ticks| *ticks > 0) {
        let us = i128::from(ticks) * 1_000_000 * i128::from(time_base.num) / i128::from(time_base.den);
        return i64::try_from(us).ok();
    }
    let text = stream.duration.as_deref().and_then(microseconds);
    text.or_else(|| stream.tags.duration.as_deref().and_then(clock_text))
}

/// `12.345000` seconds.
pub(super) fn microseconds(text: &str) -> Option<i64> {
    let seconds: f64 = text.parse().ok()?;
    (seconds.is_finite() && seconds > 0.0 && seconds < 1e9).then_some((seconds * 1e6).round() as i64)
}

/// Matroska's `00:01:02.345000000`.
fn clock_text(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hours: f64 = parts.next()?.parse().ok()?;
    let minutes: f64 = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next()?.parse().ok()?;
    let total = hours * 3600.0 + minutes * 60.0 + seconds;
    (total > 0.0 && total < 1e9).then_some((total * 1e6).round() as i64)
}

/// A pixel ten times as wide as high is a damaged header.
fn pixel_aspect(stream: &Stream) -> Ratio {
    stream
        .sample_aspect_ratio
        .as_deref()
        .and_then(Ratio::parse)
        .filter(|ratio| (0.1..=10.0).contains(&ratio.value()))
        .unwrap_or(Ratio::ONE)
}

/// ffprobe prints the angle counter-clockwise, so -90 means a quarter turn clockwise stands it upright.
fn turn(stream: &Stream) -> Turn {
    let degrees = stream.side_data_list.iter().find_map(|data| data.rotation);
    Turn::from_degrees(-degrees.unwrap_or(0.0))
}

/// What the container claims; [`super::cadence`] looks whether it is true.
fn declared_rate(stream: &Stream) -> Rate {
    let read = |text: &Option<String>| text.as_deref().and_then(Ratio::parse).filter(sane);
    let (tick, average) = (read(&stream.r_frame_rate), read(&stream.avg_frame_rate));
    match (tick, average) {
        (Some(tick), Some(average)) if near(tick, average, 0.001) => Rate::Constant(tick),
        (_, Some(average)) => Rate::Variable(average),
        (Some(tick), None) => Rate::Variable(tick),
        (None, None) => Rate::Variable(Ratio { num: 25, den: 1 }),
    }
}

fn sane(rate: &Ratio) -> bool {
    (0.001..=1_000.0).contains(&rate.value())
}

pub(super) fn near(a: Ratio, b: Ratio, share: f64) -> bool {
    (a.value() / b.value() - 1.0).abs() <= share
}

fn scan(stream: &Stream) -> Scan {
    match stream.field_order.as_deref() {
        Some("tt" | "bb" | "tb" | "bt") => Scan::Interlaced,
        _ => Scan::Progressive,
    }
}

fn range(stream: &Stream) -> Range {
    match stream.color_transfer.as_deref() {
        Some("smpte2084" | "arib-std-b67") => Range::High,
        _ => Range::Standard,
    }
}

fn bit_rate(stream: &Stream) -> Option<u64> {
    let own = stream.bit_rate.as_deref().or(stream.tags.bits_per_second.as_deref());
    own.and_then(|text| text.parse().ok()).filter(|rate| *rate > 0)
}

/// What is left of the file's bit rate for the video, where streams do not say themselves.
fn rest_of(report: &Report, size: u64, duration_us: Option<i64>, audio: &[Audio]) -> Option<u64> {
    let whole = report.format.bit_rate.as_deref().and_then(|text| text.parse().ok());
    let whole: u64 = whole.or_else(|| {
        let us = u64::try_from(duration_us?).ok().filter(|us| *us > 0)?;
        Some((u128::from(size) * 8_000_000 / u128::from(us)) as u64)
    })?;
    let sound: u64 = audio.iter().filter_map(|track| track.bit_rate).sum();
    Some(whole.saturating_sub(sound)).filter(|rate| *rate > 0)
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
