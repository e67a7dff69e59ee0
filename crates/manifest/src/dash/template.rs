//! `SegmentTemplate` with `SegmentTimeline`: where segments are and when.

use crate::{MediaTime, Track, xml::Xml};

/// The track whose template holds for all, if one does.
pub(super) fn shared<'a>(tracks: &[&'a Track]) -> Option<&'a Track> {
    let first = *tracks.first()?;
    let same = |track: &&Track| track.timescale == first.timescale && track.segments == first.segments;
    tracks.iter().all(same).then_some(first)
}

/// The template of a track. `start` is the media time at which the period begins.
///
/// A period begins at its presentation time zero, so a presentation that starts later says so by
/// `presentationTimeOffset`; segments keep their own times, and with them their URLs.
pub(super) fn write(xml: &mut Xml, track: &Track, start: MediaTime) {
    let timescale = track.timescale.get();
    xml.open("SegmentTemplate").attr("timescale", timescale);
    let offset = start.to(timescale);
    if offset > 0 {
        xml.number("presentationTimeOffset", offset);
    }
    xml.attr("initialization", "$RepresentationID$/init.mp4").attr("media", "$RepresentationID$/$Time$.m4s");
    xml.open("SegmentTimeline");
    let mut expected = None;
    for run in track.segments.runs() {
        xml.open("S");
        if expected != Some(run.start) {
            xml.number("t", run.start);
        }
        xml.number("d", run.duration);
        if run.count > 1 {
            xml.number("r", u64::from(run.count) - 1);
        }
        xml.close();
        expected = Some(run.end());
    }
    xml.close().close();
}
