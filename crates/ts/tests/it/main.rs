//! Segments against ffmpeg, which has never seen our code.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use millrace_media::codec::{AacConfig, AvcConfig, CodecConfig};
use millrace_media::{FourCc, nal};
use millrace_ts::{AccessUnit, PACKET, Stream, TsError, segment};

const FRAMES: i64 = 50;
/// 25 fps in 90 kHz.
const FRAME_TICKS: i64 = 3600;
/// Keeps decoding before presentation and the clock above zero.
const BASE: i64 = 900_000;

fn ffmpeg(args: &[&str]) -> String {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-y"])
        .args(args)
        .output()
        .expect("ffmpeg runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    text
}

/// An avcC and length-prefixed access units out of an Annex B file: IDR every 25 frames, no B-frames.
fn video(dir: &Path) -> (CodecConfig, Vec<Vec<u8>>) {
    let path = dir.join("v.h264");
    let name = path.to_str().expect("a UTF-8 path");
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x180:rate=25:duration=2",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-bf",
        "0",
        "-g",
        "25",
        "-x264-params",
        "slices=1:aud=1",
        "-pix_fmt",
        "yuv420p",
        name,
    ]);
    let bytes = std::fs::read(&path).expect("ffmpeg wrote it");
    let (mut sets, mut units): (Vec<Vec<u8>>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
    for unit in split_annex_b(&bytes) {
        match nal::avc_type(unit) {
            Some(9) => units.push(Vec::new()),
            Some(7 | 8) => sets.push(unit.to_vec()),
            _ => {
                let sample = units.last_mut().expect("a delimiter first");
                sample.extend((unit.len() as u32).to_be_bytes());
                sample.extend(unit);
            }
        }
    }
    let (sps, pps) = (&sets[0], &sets[1]);
    let mut avcc = vec![1, sps[1], sps[2], sps[3], 0xff, 0xe1];
    avcc.extend((sps.len() as u16).to_be_bytes());
    avcc.extend(sps);
    avcc.push(1);
    avcc.extend((pps.len() as u16).to_be_bytes());
    avcc.extend(pps);
    let config = AvcConfig::parse(FourCc::new(b"avc1"), Bytes::from(avcc)).expect("an avcC");
    (CodecConfig::Avc(config), units)
}

fn split_annex_b(bytes: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> =
        bytes.windows(3).enumerate().filter(|(_, w)| *w == [0, 0, 1]).map(|(i, _)| i + 3).collect();
    let ends = starts.iter().skip(1).map(|start| start - 3).chain([bytes.len()]);
    let trimmed = |unit: &[u8]| unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    starts.iter().zip(ends).map(|(&start, end)| &bytes[start..start + trimmed(&bytes[start..end])]).collect()
}

/// AAC frames without their ADTS headers.
fn audio(dir: &Path) -> (CodecConfig, Vec<Vec<u8>>) {
    let path = dir.join("a.aac");
    let name = path.to_str().expect("a UTF-8 path");
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:sample_rate=48000:duration=2",
        "-c:a",
        "aac",
        "-ac",
        "2",
        name,
    ]);
    let bytes = std::fs::read(&path).expect("ffmpeg wrote it");
    let (mut rest, mut frames) = (&bytes[..], Vec::new());
    while rest.len() > 7 {
        let length = usize::from(rest[3] & 3) << 11 | usize::from(rest[4]) << 3 | usize::from(rest[5]) >> 5;
        frames.push(rest[7..length].to_vec());
        rest = &rest[length..];
    }
    let config = AacConfig::parse(Bytes::from_static(&[0x11, 0x90])).expect("AAC LC, 48 kHz, stereo");
    (CodecConfig::Aac(config), frames)
}

fn video_units(samples: &[Vec<u8>], from: i64) -> Vec<AccessUnit<'_>> {
    samples
        .iter()
        .enumerate()
        .map(|(index, data)| {
            let at = BASE + (from + index as i64) * FRAME_TICKS;
            AccessUnit { dts: at, pts: at, key: (from + index as i64) % 25 == 0, data }
        })
        .collect()
}

fn audio_units(frames: &[Vec<u8>]) -> Vec<AccessUnit<'_>> {
    let at = |index: usize| BASE + index as i64 * 1024 * 90_000 / 48_000;
    frames
        .iter()
        .enumerate()
        .map(|(i, data)| AccessUnit { dts: at(i), pts: at(i), key: true, data })
        .collect()
}

/// MD5 of every decoded frame, in order.
fn frame_hashes(path: &Path, stream: &str) -> Vec<String> {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-loglevel", "warning", "-i"])
        .arg(path)
        .args(["-map", stream, "-f", "framemd5", "-"])
        .output()
        .expect("ffmpeg runs");
    if path.extension().is_some_and(|extension| extension == "ts") {
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "ffmpeg warns of {}", path.display());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .filter(|l| !l.starts_with('#'))
        .map(|l| l.rsplit(' ').next().expect("a hash").to_owned())
        .collect()
}

#[test]
fn two_segments_joined_decode_to_the_same_frames_without_a_warning() {
    let dir = tempfile::tempdir().expect("a directory");
    let (video_codec, samples) = video(dir.path());
    let (audio_codec, frames) = audio(dir.path());
    assert_eq!(samples.len() as i64, FRAMES);
    let sound = audio_units(&frames);
    let middle = sound.partition_point(|unit| unit.dts < BASE + 25 * FRAME_TICKS);

    let mut joined = Vec::new();
    for (picture, sound) in [
        (video_units(&samples[..25], 0), &sound[..middle]),
        (video_units(&samples[25..], 25), &sound[middle..]),
    ] {
        let streams =
            [Stream { codec: &video_codec, units: &picture }, Stream { codec: &audio_codec, units: sound }];
        let bytes = segment(&streams).expect("a segment");
        assert_eq!(bytes.len() % PACKET, 0);
        joined.extend_from_slice(&bytes);
    }
    let path = dir.path().join("joined.ts");
    std::fs::write(&path, &joined).expect("written");
    assert_eq!(frame_hashes(&path, "0:v"), frame_hashes(&dir.path().join("v.h264"), "0:v"));
    assert_eq!(frame_hashes(&path, "0:a"), frame_hashes(&dir.path().join("a.aac"), "0:a"));
    assert_continuous(&joined);

    // Negative control: a lost packet must not go unseen by the same checks.
    let mut torn = joined.clone();
    torn.drain(5 * PACKET..6 * PACKET);
    assert!(std::panic::catch_unwind(|| assert_continuous(&torn)).is_err());
}

/// Counters of every elementary PID go up by one from packet to packet, over segment borders too.
fn assert_continuous(bytes: &[u8]) {
    let mut last = std::collections::HashMap::new();
    for packet in bytes.chunks(PACKET) {
        let pid = u16::from_be_bytes([packet[1], packet[2]]) & 0x1fff;
        let counter = packet[3] & 15;
        if (0x100..0x110).contains(&pid) {
            let before = last.insert(pid, counter);
            assert_eq!(before.unwrap_or(15), counter.wrapping_sub(1) & 15, "PID {pid}");
        }
    }
}

#[test]
fn times_arrive_as_given() {
    let dir = tempfile::tempdir().expect("a directory");
    let (codec, samples) = video(dir.path());
    let mut units = video_units(&samples[..3], 0);
    // Decoded 0 1 2, shown 0 2 1.
    (units[1].pts, units[2].pts) = (units[2].pts + FRAME_TICKS, units[1].pts + FRAME_TICKS);
    let path = dir.path().join("b.ts");
    std::fs::write(&path, segment(&[Stream { codec: &codec, units: &units }]).expect("a segment"))
        .expect("written");
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", "packet=pts,dts", "-of", "csv=p=0"])
        .arg(&path)
        .output()
        .expect("ffprobe runs");
    let seen: Vec<(i64, i64)> = String::from_utf8_lossy(&probe.stdout)
        .lines()
        .filter_map(|line| line.split_once(','))
        .map(|(pts, dts)| (pts.parse().expect("a time"), dts.trim_end_matches(',').parse().expect("a time")))
        .collect();
    let given: Vec<(i64, i64)> = units.iter().map(|unit| (unit.pts, unit.dts)).collect();
    assert_eq!(seen, given);
}

#[test]
fn says_what_it_cannot_carry() {
    let opus = CodecConfig::Other { fourcc: FourCc::new(b"mp4v"), object_type: None };
    assert_eq!(segment(&[Stream { codec: &opus, units: &[] }]), Err(TsError::Codec("mp4v".into())));
    assert_eq!(segment(&[]), Err(TsError::Streams(0)));
    let dir = tempfile::tempdir().expect("a directory");
    let (codec, samples) = video(dir.path());
    let unit = AccessUnit { dts: 2, pts: 1, key: true, data: &samples[0] };
    assert_eq!(segment(&[Stream { codec: &codec, units: &[unit] }]), Err(TsError::Order { pts: 1, dts: 2 }));
    let broken = AccessUnit { dts: 1, pts: 1, key: true, data: &[0, 0, 1, 0, 5] };
    assert!(matches!(segment(&[Stream { codec: &codec, units: &[broken] }]), Err(TsError::Nal(_))));
}
