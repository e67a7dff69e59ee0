//! Tracks of real CMAF structure around made-up samples: nothing here decodes pictures.

use std::num::NonZeroU32;

use bytes::{Bytes, BytesMut};
use millrace_manifest::{Role, TrackName};
use millrace_media::{
    AudioFormat, CodecConfig, Format, FourCc, Language, Timescale, TrackConfig, VideoFormat,
    codec::{AacConfig, AvcConfig},
};
use millrace_mp4::write::{RunSample, TrackInit, fragment_header, init_segment};
use millrace_package::{Grid, Row, TrackFacts, TrackIndexBuilder};

use super::Stage;

/// High profile, 128x72, one of each parameter set.
const AVCC: &str = "0164000affe100196764000aacb20417f2e02200000300020000030064\
                    1e244c90010006 68ebc3cb22c0fdf8f800";
/// AAC-LC, 48 kHz, stereo.
const ASC: [u8; 2] = [0x11, 0x90];
const FRAMES_PER_GOP: u64 = 50;
const VIDEO_SCALE: u32 = 25_000;
const AUDIO_SCALE: u32 = 48_000;
const AAC_FRAME: u64 = 1024;

/// A track under construction, and the object that its fragments are stored in.
pub(crate) struct Track {
    pub(crate) builder: TrackIndexBuilder,
    object: String,
    /// All fragments so far.
    pub(crate) bytes: BytesMut,
    video: bool,
    seed: u8,
}

fn hex(text: &str) -> Bytes {
    let digits: Vec<u8> = text.bytes().filter_map(|b| char::from(b).to_digit(16).map(|d| d as u8)).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn facts(name: &str, bitrate: u32, language: Option<&str>) -> TrackFacts {
    TrackFacts {
        name: TrackName::sanitized(name),
        bitrate,
        language: language.map(str::to_owned),
        label: None,
        role: Role::Main,
        default: language != Some("de"),
        frame_rate: None,
        decode_delay: 0,
        segments: Grid::millis(NonZeroU32::new(6000).unwrap()),
    }
}

impl Track {
    pub(crate) fn video(name: &str, bitrate: u32, seed: u8) -> Self {
        let avc = AvcConfig::parse(FourCc(*b"avc1"), hex(AVCC)).unwrap();
        let config = TrackConfig {
            id: 1,
            timescale: Timescale::new(VIDEO_SCALE).unwrap(),
            language: Language::undetermined(),
            codec: CodecConfig::Avc(avc),
            format: Format::Video(VideoFormat::new(128, 72)),
        };
        Self::new(&config, facts(name, bitrate, None), true, seed)
    }

    pub(crate) fn audio(name: &str, language: &str, seed: u8) -> Self {
        let config = TrackConfig {
            id: 2,
            timescale: Timescale::new(AUDIO_SCALE).unwrap(),
            language: Language::new(language).unwrap(),
            codec: CodecConfig::Aac(AacConfig::parse(Bytes::from_static(&ASC)).unwrap()),
            format: Format::Audio(AudioFormat { sample_rate: AUDIO_SCALE, channels: 2 }),
        };
        Self::new(&config, facts(name, 128_000, Some(language)), false, seed)
    }

    fn new(config: &TrackConfig, facts: TrackFacts, video: bool, seed: u8) -> Self {
        let init = init_segment(&[TrackInit::new(config)]).unwrap();
        let object = format!("{}.cmf", facts.name);
        let builder = TrackIndexBuilder::new(init, facts, &[seed]).unwrap();
        Self { builder, object, bytes: BytesMut::new(), video, seed }
    }

    /// Adds fragment number `index`, about 2 s.
    pub(crate) fn grow(&mut self, index: u64) {
        let edge = |index: u64| match self.video {
            true => index * FRAMES_PER_GOP,
            false => (index * 2 * u64::from(AUDIO_SCALE)).div_ceil(AAC_FRAME),
        };
        let ticks = if self.video { 1000 } else { AAC_FRAME };
        let (first, end) = (edge(index), edge(index + 1));
        let samples: Vec<Vec<u8>> = (first..end).map(|frame| self.sample(frame, frame == first)).collect();
        let run: Vec<RunSample> = samples
            .iter()
            .enumerate()
            .map(|(position, sample)| RunSample {
                duration: ticks as u32,
                size: sample.len() as u32,
                cto: 0,
                key: !self.video || position == 0,
            })
            .collect();
        let id = if self.video { 1 } else { 2 };
        let head = fragment_header(index as u32 + 1, id, first * ticks, &run).unwrap();
        let size = head.len() + samples.iter().map(Vec::len).sum::<usize>();
        let row = Row {
            time: first * ticks,
            duration: ((end - first) * ticks) as u32,
            size: size as u32,
            head_size: head.len() as u32,
            key_size: samples[0].len() as u32,
            samples: samples.len() as u32,
        };
        let object = self.builder.object(&self.object).unwrap();
        self.builder.push_stored(row, object, self.bytes.len() as u64).unwrap();
        self.bytes.extend_from_slice(&head);
        samples.iter().for_each(|sample| self.bytes.extend_from_slice(sample));
    }

    /// A NAL unit with its length, or an AAC frame; no two are alike.
    fn sample(&self, frame: u64, key: bool) -> Vec<u8> {
        let length = if key { 900 } else { 100 + frame as usize % 50 };
        let noise = (0..length).map(|at| (frame as usize * 31 + at * 7 + self.seed as usize) as u8 | 0x80);
        match self.video {
            true => {
                let mut nal = (length as u32 + 1).to_be_bytes().to_vec();
                nal.push(if key { 0x65 } else { 0x41 });
                nal.extend(noise);
                nal
            }
            false => noise.collect(),
        }
    }

    pub(crate) async fn store(&self, stage: &Stage) {
        stage.put(&self.object, self.bytes.clone().freeze()).await;
    }

    pub(crate) fn seal(self) -> millrace_package::TrackIndex {
        self.builder.seal()
    }
}

/// Two rungs and two languages with that many fragments of 2 s, stored.
pub(crate) async fn film(stage: &Stage, fragments: u64) -> [Track; 4] {
    let mut tracks = [
        Track::video("video-low", 300_000, 1),
        Track::video("video-high", 900_000, 2),
        Track::audio("sound-en", "en", 3),
        Track::audio("sound-de", "de", 4),
    ];
    for track in &mut tracks {
        (0..fragments).for_each(|index| track.grow(index));
        track.store(stage).await;
    }
    tracks
}
