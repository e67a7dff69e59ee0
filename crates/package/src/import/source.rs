//! The samples of a foreign track, wherever its file describes them.

use millrace_media::{MediaKind, TrackConfig, rescale};
use millrace_mp4::{
    ParseError,
    read::{Fragment, FragmentSample, Movie, Timeline, Track},
};

use super::scan::Scanned;

/// A sample with its place in the presentation and in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SourceSample {
    /// Ticks, edit list applied.
    pub(super) dts: i64,
    /// Ticks, edit list applied.
    pub(super) pts: i64,
    pub(super) duration: u32,
    pub(super) key: bool,
    pub(super) size: u32,
    pub(super) offset: u64,
}

impl SourceSample {
    /// First byte after it.
    pub(super) fn end(&self) -> u64 {
        self.offset.saturating_add(u64::from(self.size))
    }
}

/// One track of a scanned file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    scanned: &'a Scanned,
    movie: &'a Movie,
    track: &'a Track,
}

impl<'a> Source<'a> {
    pub(super) fn new(scanned: &'a Scanned, track_id: u32) -> Option<Self> {
        let movie = scanned.movie.as_ref()?;
        Some(Self { scanned, movie, track: movie.track(track_id)? })
    }

    pub(super) fn config(&self) -> &'a TrackConfig {
        &self.track.config
    }

    pub(super) fn track(&self) -> &'a Track {
        self.track
    }

    /// The end that the edit list sets, in ticks of the presentation.
    ///
    /// In a fragmented file it tells at most how long the first fragments were.
    pub(super) fn edited_end(&self) -> Option<i64> {
        let edits = &self.track.edits.edits;
        if self.track.samples.is_empty() || !self.track.edits.is_simple() {
            return None;
        }
        let last = edits.last().filter(|edit| edit.media_time.is_some() && edit.duration > 0)?;
        let pauses = edits.iter().filter(|edit| edit.media_time.is_none());
        let ticks = pauses.fold(last.duration, |sum, pause| sum.saturating_add(pause.duration));
        let ticks = i64::try_from(ticks).ok()?;
        Some(rescale(ticks, self.movie.timescale, self.config().timescale))
    }

    /// All samples in decode order. Ends after its first error.
    pub(super) fn samples(&self) -> Box<dyn Iterator<Item = Result<SourceSample, ParseError>> + 'a> {
        let offset = self.movie.presentation_offset(self.track);
        // Every audio frame of the codecs that are carried can be decoded alone; some files flag none.
        let all_key = self.config().kind() != MediaKind::Video;
        let place = move |sample: SourceSample| SourceSample {
            dts: sample.dts.saturating_add(offset),
            pts: sample.pts.saturating_add(offset),
            key: sample.key || all_key,
            ..sample
        };
        match self.track.samples.is_empty() {
            false => Box::new(self.whole().map(move |sample| sample.map(place))),
            true => Box::new(self.fragmented().map(move |sample| sample.map(place))),
        }
    }

    fn whole(self) -> impl Iterator<Item = Result<SourceSample, ParseError>> + 'a {
        self.track.samples.samples().map(|sample| {
            let sample = sample?;
            Ok(SourceSample {
                dts: sample.dts,
                pts: sample.pts(),
                duration: sample.duration,
                key: sample.key,
                size: sample.size,
                offset: sample.offset,
            })
        })
    }

    fn fragmented(self) -> impl Iterator<Item = Result<SourceSample, ParseError>> + 'a {
        let mut timeline = Timeline::default();
        let (id, mut failed) = (self.config().id, false);
        self.scanned.moofs.iter().flat_map(move |moof| {
            let mut samples: Vec<Result<SourceSample, ParseError>> = Vec::new();
            match Fragment::parse(&moof.bytes, moof.offset, self.movie) {
                _ if failed => {}
                Ok(fragment) => {
                    for track in fragment.tracks.iter().filter(|track| track.track_id == id) {
                        let start = timeline.start_of(track);
                        samples.extend(placed(start, track.samples()).map(Ok));
                    }
                }
                Err(error) => {
                    failed = true;
                    samples.push(Err(error));
                }
            }
            samples
        })
    }
}

fn placed(start: i64, samples: impl Iterator<Item = FragmentSample>) -> impl Iterator<Item = SourceSample> {
    let mut dts = start;
    samples.map(move |sample| {
        let placed = SourceSample {
            dts,
            pts: dts.saturating_add(sample.cto),
            duration: sample.duration,
            key: sample.key,
            size: sample.size,
            offset: sample.offset,
        };
        dts = dts.saturating_add(i64::from(sample.duration));
        placed
    })
}
