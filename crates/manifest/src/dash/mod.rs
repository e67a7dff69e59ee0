//! MPEG-DASH: the MPD (ISO/IEC 23009-1), with a `SegmentTemplate` and its `SegmentTimeline` for every track.

mod adaptation;
mod template;

use std::fmt::{self, Display};

use crate::{NothingToPlay, Presentation, State, WallClock, xml::Xml};

/// The media type of an MPD.
pub const CONTENT_TYPE: &str = "application/dash+xml";

/// Which promises the MPD makes of its segments. The segments are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// ISO BMFF live profile and CMAF: `mpd-time-cmaf`.
    Cmaf,
    /// ISO BMFF live profile alone, for players of the older format: `mpd-time-csf`.
    Csf,
}

impl Profile {
    /// The name of the format in URLs.
    pub fn format(self) -> &'static str {
        match self {
            Self::Cmaf => "mpd-time-cmaf",
            Self::Csf => "mpd-time-csf",
        }
    }

    fn urns(self) -> &'static str {
        match self {
            Self::Cmaf => "urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019",
            Self::Csf => "urn:mpeg:dash:profile:isoff-live:2011",
        }
    }
}

/// Where a player of a growing title learns what time it is. A complete title needs no clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UtcTiming {
    /// The time at which the MPD is made, in it; as wrong as the MPD is old.
    Direct(WallClock),
    /// A resource whose body is the time in ISO 8601.
    HttpIso(String),
}

/// The MPD of the presentation: `dynamic` while it grows, `static` once complete.
pub fn mpd(
    presentation: &Presentation,
    profile: Profile,
    clock: &UtcTiming,
) -> Result<String, NothingToPlay> {
    let sets = adaptation::sets(presentation);
    if sets.is_empty() {
        return Err(NothingToPlay);
    }
    let runs: usize = presentation.tracks().iter().map(|track| track.segments.runs().len()).sum();
    let mut xml = Xml::with_capacity(2048 + presentation.tracks().len() * 512 + runs * 40);
    open_mpd(&mut xml, presentation, profile);
    write_latency(&mut xml, presentation);
    xml.open("Period").attr("id", 0).attr("start", "PT0S");
    for (id, set) in sets.iter().enumerate() {
        set.write(&mut xml, id, presentation.start());
    }
    xml.close();
    if presentation.is_growing() {
        write_clock(&mut xml, clock);
    }
    Ok(xml.finish())
}

fn open_mpd(xml: &mut Xml, presentation: &Presentation, profile: Profile) {
    let target = u64::from(presentation.target_ms().get());
    xml.open("MPD").attr("xmlns", "urn:mpeg:dash:schema:mpd:2011");
    xml.attr("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
    xml.attr("xsi:schemaLocation", "urn:mpeg:dash:schema:mpd:2011 DASH-MPD.xsd");
    xml.attr("profiles", profile.urns());
    match presentation.state() {
        State::Growing { availability_start, published, refresh_ms } => {
            xml.attr("type", "dynamic").attr("availabilityStartTime", availability_start);
            xml.attr("publishTime", published)
                .attr("minimumUpdatePeriod", Millis(u64::from(refresh_ms.get())));
            // No timeShiftBufferDepth: nothing that was once listed goes away.
            xml.attr("suggestedPresentationDelay", Millis(target * 3));
            // The end is known though not all is there: dash.js takes it for the end of what can be played, where it
            // would else take the wall clock, which has nothing to do with how fast a title is encoded.
            if let Some(expected) = presentation.expected_duration_ms() {
                xml.attr("mediaPresentationDuration", Millis(expected));
            }
        }
        State::Complete => {
            xml.attr("type", "static").attr("mediaPresentationDuration", Millis(presentation.duration_ms()));
        }
    }
    xml.attr("maxSegmentDuration", Millis(longest_ms(presentation).max(target)));
    xml.attr("minBufferTime", Millis(target));
}

fn longest_ms(presentation: &Presentation) -> u64 {
    let longest = presentation.tracks().iter().filter_map(|track| {
        let ticks = track.segments.longest()?;
        Some(ticks.saturating_mul(1000).div_ceil(u64::from(track.timescale.get())))
    });
    longest.max().unwrap_or(0)
}

/// Asks players to begin at the beginning: as far behind the end as the title is long. (Shaka reads only the
/// `suggestedPresentationDelay`, and lets nobody seek into it; so that one is short.)
fn write_latency(xml: &mut Xml, presentation: &Presentation) {
    if let Some(expected) = presentation.expected_duration_ms().filter(|_| presentation.is_growing()) {
        xml.open("ServiceDescription").attr("id", 0);
        xml.open("Latency").attr("target", expected).close();
        xml.close();
    }
}

fn write_clock(xml: &mut Xml, clock: &UtcTiming) {
    xml.open("UTCTiming");
    match clock {
        UtcTiming::Direct(now) => xml.attr("schemeIdUri", "urn:mpeg:dash:utc:direct:2014").attr("value", now),
        UtcTiming::HttpIso(url) => {
            xml.attr("schemeIdUri", "urn:mpeg:dash:utc:http-iso:2014").attr("value", url)
        }
    };
    xml.close();
}

/// Milliseconds as an `xs:duration` of seconds.
struct Millis(u64);

impl Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0 / 1000, self.0 % 1000);
        match millis {
            0 => write!(f, "PT{seconds}S"),
            _ => write!(f, "PT{seconds}.{millis:03}S"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_in_seconds() {
        for (millis, expected) in
            [(0, "PT0S"), (6000, "PT6S"), (6006, "PT6.006S"), (7_200_050, "PT7200.050S")]
        {
            assert_eq!(Millis(millis).to_string(), expected);
        }
    }
}
