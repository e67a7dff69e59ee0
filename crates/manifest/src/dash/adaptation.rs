//! Adaptation sets: tracks among which a player may switch without anyone noticing.

use super::template;
use crate::{Audio, Media, MediaTime, Presentation, Role, Track, Video, xml::Xml};

/// Tracks of one kind, codec, language, label and role; sound also of one layout, since speakers do not switch.
pub(super) struct AdaptationSet<'a> {
    tracks: Vec<&'a Track>,
}

/// All tracks that have a segment, each in its set; sets and tracks in the presentation's order.
pub(super) fn sets(presentation: &Presentation) -> Vec<AdaptationSet<'_>> {
    let mut sets: Vec<AdaptationSet<'_>> = Vec::new();
    let ordered =
        presentation.videos().map(|(track, _)| track).chain(presentation.audios().map(|(track, _)| track));
    for track in ordered.filter(|track| !track.segments.is_empty()) {
        let matching =
            |set: &&mut AdaptationSet<'_>| set.tracks.first().is_some_and(|first| switchable(first, track));
        match sets.iter_mut().find(matching) {
            Some(set) => set.tracks.push(track),
            None => sets.push(AdaptationSet { tracks: vec![track] }),
        }
    }
    sets
}

fn switchable(one: &Track, other: &Track) -> bool {
    let same_media = match (&one.media, &other.media) {
        (Media::Video(_), Media::Video(_)) => one.codec_family() == other.codec_family(),
        (Media::Audio(a), Media::Audio(b)) => a == b && one.codecs == other.codecs,
        _ => false,
    };
    same_media
        && (one.known_language(), &one.label, one.role) == (other.known_language(), &other.label, other.role)
}

impl AdaptationSet<'_> {
    pub(super) fn write(&self, xml: &mut Xml, id: usize, start: MediaTime) {
        let Some(first) = self.tracks.first() else { return };
        let kind = match first.media {
            Media::Video(_) => "video",
            Media::Audio(_) => "audio",
        };
        xml.open("AdaptationSet")
            .attr("id", id)
            .attr("contentType", kind)
            .attr("mimeType", format_args!("{kind}/mp4"));
        xml.maybe("lang", first.known_language());
        xml.attr("segmentAlignment", "true").attr("startWithSAP", 1);
        self.write_picture_limits(xml);
        if let Some(audio) = first.audio() {
            write_speakers(xml, audio);
        }
        if let Some(label) = first.label.as_deref().filter(|label| !label.is_empty()) {
            xml.text("Label", label);
        }
        write_roles(xml, first.role);
        let shared = template::shared(&self.tracks);
        if let Some(track) = shared {
            template::write(xml, track, start);
        }
        for track in &self.tracks {
            write_representation(xml, track, shared.is_none().then_some(start));
        }
        xml.close();
    }

    fn write_picture_limits(&self, xml: &mut Xml) {
        let videos = || self.tracks.iter().filter_map(|track| track.video());
        let Some(largest) = videos().max_by_key(|video| u64::from(video.width) * u64::from(video.height))
        else {
            return;
        };
        xml.attr("par", picture_aspect(largest));
        xml.maybe("maxWidth", videos().map(|video| video.width).max());
        xml.maybe("maxHeight", videos().map(|video| video.height).max());
        let faster = |a: &(u64, u64), b: &(u64, u64)| (a.0 * b.1).cmp(&(b.0 * a.1));
        let rates = videos().filter_map(|video| video.frame_rate);
        let fastest = rates.map(|(n, d)| (u64::from(n.get()), u64::from(d.get()))).max_by(faster);
        xml.maybe("maxFrameRate", fastest.map(|(frames, per)| ratio(frames, per, '/')));
    }
}

/// The aspect ratio of the picture as shown. Sizes are whole and often even, so 854x480 is meant as 16:9; within half
/// a percent of a usual ratio, it is that ratio.
fn picture_aspect(video: &Video) -> String {
    const USUAL: [(u64, u64); 7] = [(16, 9), (9, 16), (4, 3), (3, 4), (1, 1), (21, 9), (3, 2)];
    let width = u64::from(video.width) * u64::from(video.sample_aspect.0.max(1));
    let height = u64::from(video.height) * u64::from(video.sample_aspect.1.max(1));
    let near = |(w, h): &&(u64, u64)| {
        let (a, b) = (u128::from(width) * u128::from(*h), u128::from(height) * u128::from(*w));
        a.abs_diff(b) * 200 <= b
    };
    let (w, h) = USUAL.iter().find(near).copied().unwrap_or((width, height));
    ratio(w, h, ':')
}

fn write_speakers(xml: &mut Xml, audio: &Audio) {
    const CICP: &str = "urn:mpeg:mpegB:cicp:ChannelConfiguration";
    const COUNT: &str = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011";
    // ISO/IEC 23091-3, ChannelConfiguration: up to six speakers the usual layout has the number of its speakers.
    let (scheme, value) = match audio.channels {
        1..=6 => (CICP, audio.channels),
        8 => (CICP, 12),
        other => (COUNT, other),
    };
    xml.open("AudioChannelConfiguration").attr("schemeIdUri", scheme).attr("value", value).close();
}

fn write_roles(xml: &mut Xml, role: Role) {
    if role == Role::Description {
        let scheme = "urn:tva:metadata:cs:AudioPurposeCS:2007";
        xml.open("Accessibility").attr("schemeIdUri", scheme).attr("value", 1).close();
    }
    let value = match role {
        Role::Main => "main",
        Role::Alternate => "alternate",
        Role::Description => "description",
        Role::Commentary => "commentary",
    };
    xml.open("Role").attr("schemeIdUri", "urn:mpeg:dash:role:2011").attr("value", value).close();
}

/// `own_template` is where the presentation starts, if the set has no template for all.
fn write_representation(xml: &mut Xml, track: &Track, own_template: Option<MediaTime>) {
    xml.open("Representation").attr("id", track.key);
    xml.number("bandwidth", track.bandwidth.peak.max(1)).attr("codecs", &track.codecs);
    match &track.media {
        Media::Video(video) => {
            let (across, down) = video.sample_aspect;
            xml.attr("width", video.width).attr("height", video.height);
            xml.maybe(
                "frameRate",
                video.frame_rate.map(|(n, d)| ratio(u64::from(n.get()), u64::from(d.get()), '/')),
            );
            xml.attr("sar", ratio(u64::from(across), u64::from(down), ':'));
        }
        Media::Audio(audio) => {
            xml.attr("audioSamplingRate", audio.sample_rate);
        }
    }
    if let Some(start) = own_template {
        template::write(xml, track, start);
    }
    xml.close();
}

/// A fraction in lowest terms; a frame rate of whole frames is written without its `/1`.
fn ratio(over: u64, under: u64, sign: char) -> String {
    let (mut a, mut b) = (over, under);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    match (over, under) {
        (0, _) | (_, 0) => format!("1{sign}1"),
        _ if sign == '/' && under == a => (over / a).to_string(),
        _ => format!("{}{sign}{}", over / a, under / a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn video(width: u32, height: u32, sample_aspect: (u32, u32)) -> Video {
        Video { width, height, sample_aspect, frame_rate: None, key_frames: None }
    }

    #[test]
    fn aspects_are_those_that_people_mean() {
        for (width, height, sar, expected) in [
            (1920, 1080, (1, 1), "16:9"),
            (854, 480, (1, 1), "16:9"),
            (720, 576, (16, 15), "4:3"),
            (1080, 1920, (1, 1), "9:16"),
            (500, 401, (1, 1), "500:401"),
            (100, 100, (0, 0), "1:1"),
        ] {
            assert_eq!(picture_aspect(&video(width, height, sar)), expected, "{width}x{height}");
        }
    }

    #[test]
    fn fractions_are_in_lowest_terms() {
        for (over, under, sign, expected) in [
            (30, 1, '/', "30"),
            (60, 2, '/', "30"),
            (30_000, 1001, '/', "30000/1001"),
            (4, 4, ':', "1:1"),
            (0, 0, ':', "1:1"),
        ] {
            assert_eq!(ratio(over, under, sign), expected);
        }
    }
}
