//! Output time: the timescale of all renditions, and the grid that key frames and chunks stand on.
//!
//! Output time 0 is the first frame of the first clip. A frame's output tick is a fixed function of its source time stamp,
//! so it does not matter which chunk decodes it, and boundaries on the grid put every frame into exactly one chunk.

use serde::{Deserialize, Serialize};

use crate::probe::{Rate, Video};
use crate::ratio::Ratio;

/// Time stamps given to ffmpeg's encoders are this many seconds later than output time, since a first decode time before zero
/// cannot be written in a fragmented MP4.
pub const LEAD_SECONDS: i64 = 10;

/// Timescale and grid of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// Ticks per second.
    pub timescale: u32,
    /// Ticks per frame where all frames last equally long.
    pub frame: Option<u32>,
    /// Ticks from one key frame to the next.
    pub gop: u32,
    /// Frames per second, exact or on average.
    pub rate: Ratio,
    /// Whether source time stamps are so coarse (Matroska's milliseconds) that frames are put onto the frame grid.
    pub snap: bool,
}

impl Timing {
    /// Timing for a source, with key frames `interval_us` microseconds apart, or the nearest whole number of frames.
    pub fn new(video: &Video, interval_us: i64) -> Timing {
        match video.rate {
            Rate::Constant(rate) => constant(rate, video.time_base, interval_us),
            Rate::Variable(rate) => variable(rate, video.time_base, interval_us),
        }
    }

    /// Timing for a title without pictures: only the grid matters.
    pub fn audio_only(interval_us: i64) -> Timing {
        let rate = Ratio { num: 25, den: 1 };
        variable(rate, Ratio { num: 1, den: 90_000 }, interval_us)
    }

    /// Half a frame, or half a tick: what a time stamp may be off and still belong to the grid point before or after it.
    pub fn slack(&self) -> f64 {
        self.frame.map_or(0.5, |frame| f64::from(frame) / 2.0)
    }

    /// First tick that belongs to GOP number `gop` of a clip.
    pub fn boundary(&self, gop: i64) -> i64 {
        let slack = self.frame.map_or(0, |frame| i64::from(frame / 2));
        gop * i64::from(self.gop) - slack
    }

    /// The GOP that a tick belongs to.
    pub fn gop_of(&self, tick: i64) -> i64 {
        let slack = self.frame.map_or(0, |frame| i64::from(frame / 2));
        (tick + slack).div_euclid(i64::from(self.gop))
    }

    /// Ticks of so many microseconds, to nearest.
    pub fn ticks(&self, us: i64) -> i64 {
        let wide = i128::from(us) * i128::from(self.timescale);
        let half = if wide < 0 { -500_000 } else { 500_000 };
        ((wide + half) / 1_000_000) as i64
    }

    /// Microseconds of so many ticks.
    pub fn us(&self, ticks: i64) -> i64 {
        (i128::from(ticks) * 1_000_000 / i128::from(self.timescale)) as i64
    }

    /// [`LEAD_SECONDS`] in ticks.
    pub fn lead(&self) -> i64 {
        LEAD_SECONDS * i64::from(self.timescale)
    }
}

fn constant(rate: Ratio, time_base: Ratio, interval_us: i64) -> Timing {
    let (timescale, frame) = clock_of(rate);
    let frames = (interval_us as f64 / 1e6 * rate.value()).round().max(1.0) as u32;
    Timing {
        timescale,
        frame: Some(frame),
        gop: frames.saturating_mul(frame),
        rate,
        snap: time_base.value() > 1.0 / 10_000.0 && time_base.value() > 0.01 / rate.value(),
    }
}

fn variable(rate: Ratio, time_base: Ratio, interval_us: i64) -> Timing {
    /// A finer clock than this overflows nothing, but 32-bit durations of long frames come near.
    const FINEST: u32 = 1_000_000;
    let own = time_base.num == 1 && (1_000..=FINEST).contains(&time_base.den);
    let timescale = if own { time_base.den } else { 90_000 };
    let gop = (interval_us as i128 * i128::from(timescale) / 1_000_000).max(1) as u32;
    Timing { timescale, frame: None, gop, rate, snap: false }
}

/// A timescale in which one frame is a whole number of ticks: 90 kHz where that works.
fn clock_of(rate: Ratio) -> (u32, u32) {
    let ninety = 90_000_u64 * u64::from(rate.den);
    if ninety.is_multiple_of(u64::from(rate.num)) && ninety / u64::from(rate.num) > 0 {
        return (90_000, (ninety / u64::from(rate.num)) as u32);
    }
    let times = 12_000_u32.div_ceil(rate.num).max(1);
    (rate.num.saturating_mul(times), rate.den.saturating_mul(times))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(rate: &str, base: &str) -> Timing {
        let ratio = |text| Ratio::parse(text).unwrap_or(Ratio::ONE);
        constant(ratio(rate), ratio(base), 2_000_000)
    }

    #[test]
    fn clocks_hold_whole_frames() {
        let check = |rate, clock, frame, gop| {
            let timing = timing(rate, "1/90000");
            assert_eq!((timing.timescale, timing.frame, timing.gop), (clock, Some(frame), gop), "{rate}");
        };
        check("25", 90_000, 3_600, 180_000);
        check("30000/1001", 90_000, 3_003, 180_180);
        check("24000/1001", 24_000, 1_001, 48_048);
        check("60000/1001", 60_000, 1_001, 120_120);
        check("15", 90_000, 6_000, 180_000);
        check("7", 12_005, 1_715, 24_010);
    }

    #[test]
    fn coarse_clocks_snap() {
        assert!(timing("30", "1/1000").snap);
        assert!(!timing("30", "1/15360").snap);
        assert!(!timing("30", "1/30").snap || timing("30", "1/30").frame.is_some());
    }

    #[test]
    fn every_tick_has_one_gop() {
        let timing = timing("30000/1001", "1/30000");
        for gop in 0..50 {
            let start = timing.boundary(gop);
            assert_eq!(timing.gop_of(start), gop);
            assert_eq!(timing.gop_of(start - 1), gop - 1);
        }
    }
}
