//! Audio tracks of a plan: every track of the source, as AAC or as it is.

use super::draft::Draft;
use super::types::{AudioMake, AudioTrack};
use crate::probe::Audio;

/// What AAC tracks are made like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AacSettings {
    /// Channels; sources with more are mixed down, sources with fewer keep theirs.
    pub channels: u32,
    /// Hertz.
    pub sample_rate: u32,
    /// Bits per second.
    pub bitrate: u32,
}

impl Default for AacSettings {
    fn default() -> Self {
        AacSettings { channels: 2, sample_rate: 48_000, bitrate: 128_000 }
    }
}

/// Adds every audio track of the source as AAC.
pub fn add_aac(draft: &mut Draft, settings: &AacSettings, labels: &[String]) {
    for (index, source) in sources(draft).into_iter().enumerate() {
        let channels = settings.channels.min(if settings.channels > 2 { source.channels } else { 2 }).max(1);
        let bitrate = settings.bitrate.min(channels * MAX_PER_CHANNEL);
        let make = AudioMake::Aac { channels, sample_rate: settings.sample_rate, bitrate };
        push(draft, index, &source, make, labels);
    }
}

/// AAC-LC cannot use more than 6144 bits per frame and channel; at 48 kHz that is 288 kbit/s.
const MAX_PER_CHANNEL: u32 = 256_000;

/// Adds every audio track of the source as it is.
pub fn add_copies(draft: &mut Draft, labels: &[String]) {
    for (index, source) in sources(draft).into_iter().enumerate() {
        push(draft, index, &source, AudioMake::Copy, labels);
    }
}

fn sources(draft: &Draft) -> Vec<Audio> {
    draft.plan.clips.first().map(|clip| clip.source.audio.clone()).unwrap_or_default()
}

fn push(draft: &mut Draft, index: usize, source: &Audio, make: AudioMake, labels: &[String]) {
    let language = source.language.clone();
    let tongue = language.as_deref().unwrap_or("und");
    let name = match &make {
        AudioMake::Aac { channels, bitrate, .. } => format!("aac_{tongue}_{channels}_{}", bitrate / 1000),
        AudioMake::Copy => format!("{}_{tongue}_{}", source.codec, source.channels),
    };
    let any_default = sources(draft).iter().any(|audio| audio.default);
    let is_first = !draft.plan.audio.iter().any(|track| track.default);
    draft.push_audio(AudioTrack {
        name,
        labels: labels.to_vec(),
        track: index,
        language,
        title: source.title.clone(),
        default: is_first && (source.default || !any_default),
        make,
    });
}

/// The part of a file name that tells a track from others: `aac_eng_2_128`.
pub fn file_part(track: &AudioTrack) -> String {
    track.name.clone()
}
