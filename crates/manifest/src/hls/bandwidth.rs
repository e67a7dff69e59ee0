//! What a track costs on the wire once it is packed.

use super::Flavour;
use crate::{Bandwidth, Media, Track};

/// Packets of 188 bytes carry 184 of payload.
const PACKET: u64 = 188;
const PAYLOAD: u64 = 184;
/// Of each access unit: a PES header with two timestamps (19), an access unit delimiter (6), a PCR (8), and half a
/// packet of stuffing at its end (92).
const PER_PICTURE: u64 = 125;
/// Of each AAC frame: an ADTS header (7).
const PER_AUDIO_FRAME: u64 = 7;
/// Of each audio PES packet: its header (14), and half a packet of stuffing.
const PER_AUDIO_PES: u64 = 106;
/// Bytes that an audio PES packet collects. The last of a segment may hold fewer, hence one more a second.
const AUDIO_PES: u64 = 2_900;
/// Samples of one AAC frame.
const AAC_FRAME: u64 = 1024;
/// PAT, PMT and parameter sets, once a segment; no segment is shorter than a second but the last.
const PER_SECOND: u64 = 3 * PACKET;
/// Assumed where the rate of pictures is unknown.
const USUAL_PICTURES: u64 = 30;

/// Bits per second of the track in that packing.
///
/// For MPEG-TS an estimate from above: the measured rates are those of CMAF, and `BANDWIDTH` is an upper bound.
pub(super) fn packed(track: &Track, flavour: Flavour) -> Bandwidth {
    if flavour == Flavour::Cmaf {
        return track.bandwidth;
    }
    in_packets(track.bandwidth, overhead(track))
}

/// Bits per second of a video track's key frames in that packing. There is hardly more than one a second.
pub(super) fn packed_key_frames(rate: Bandwidth, flavour: Flavour) -> Bandwidth {
    if flavour == Flavour::Cmaf { rate } else { in_packets(rate, (PER_PICTURE + 2 * PACKET) * 8) }
}

fn in_packets(rate: Bandwidth, overhead: u64) -> Bandwidth {
    let packed = |rate: u64| rate.saturating_add(overhead).saturating_mul(PACKET).div_ceil(PAYLOAD);
    Bandwidth { peak: packed(rate.peak), average: packed(rate.average) }
}

fn overhead(track: &Track) -> u64 {
    let bytes = match &track.media {
        Media::Video(video) => {
            let pictures =
                video.frame_rate.map(|(frames, per)| u64::from(frames.get()).div_ceil(u64::from(per.get())));
            pictures.unwrap_or(USUAL_PICTURES) * PER_PICTURE
        }
        Media::Audio(audio) => {
            u64::from(audio.sample_rate).div_ceil(AAC_FRAME) * PER_AUDIO_FRAME
                + (track.bandwidth.peak / 8 / AUDIO_PES + 1) * PER_AUDIO_PES
        }
    };
    (bytes + PER_SECOND) * 8
}

/// Two tracks played together.
pub(super) fn sum(one: Bandwidth, other: Bandwidth) -> Bandwidth {
    Bandwidth {
        peak: one.peak.saturating_add(other.peak),
        average: one.average.saturating_add(other.average),
    }
}
