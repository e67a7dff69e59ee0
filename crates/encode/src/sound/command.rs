//! The ffmpeg command of one audio track: all clips, decoded from their beginning, on the output timeline.
//!
//! Picture and sound share one origin, the first frame of video. Sound that begins later gets silence before it, sound that
//! begins earlier loses what nobody could see, and gaps are filled (`aresample=async=1`), so that the sample at tick *t* is
//! what sounded at *t* whatever the container did.

use std::ffi::OsString;
use std::path::Path;

use crate::chunk::command::Arguments;
use crate::chunk::filters::seconds;
use crate::ffmpeg::tools::{file_url, guarded_input};
use crate::plan::chunks::{clip_length, clip_start};
use crate::plan::timing::LEAD_SECONDS;
use crate::plan::types::{AudioMake, AudioTrack, Clip, Plan};
use crate::ratio::Ratio;

/// Arguments for a track; fragmented MP4 comes out of standard output, [`LEAD_SECONDS`] late. `inputs` are the clips' files.
pub fn arguments(plan: &Plan, track: &AudioTrack, inputs: &[&Path]) -> Vec<OsString> {
    let mut args = Arguments::default();
    args.all(["-hide_banner", "-nostdin", "-v", "error", "-copyts"]);
    for input in inputs {
        args.all(["-vn", "-sn", "-dn"]);
        args.all(guarded_input());
        args.one("-i");
        args.0.push(file_url(input));
    }
    match &track.make {
        AudioMake::Aac { channels, sample_rate, bitrate } => {
            args.all([
                "-filter_complex",
                &graph(plan, track, *sample_rate, layout(*channels)),
                "-map",
                "[a]",
            ]);
            args.all(["-c:a", "aac", "-b:a", &bitrate.to_string()]);
        }
        AudioMake::Copy => copy(&mut args, plan, track),
    }
    // Half-second fragments: samples flow while the source is read.
    args.all(["-frag_duration", "500000", "-avoid_negative_ts", "disabled", "-use_editlist", "0"]);
    args.all(["-movflags", "+empty_moov+default_base_moof+frag_discont+skip_trailer+delay_moov"]);
    args.all(["-map_metadata", "-1", "-map_chapters", "-1", "-f", "mp4", "pipe:1"]);
    args.0
}

/// Copies keep their time stamps but for the origin and the lead. Only the first clip can be copied.
fn copy(args: &mut Arguments, plan: &Plan, track: &AudioTrack) {
    let Some(clip) = plan.clips.first() else { return };
    let Some(source) = clip.source.audio.get(track.track) else { return };
    let origin_us = origin(clip).map_or(0.0, |(pts, base)| pts as f64 * base.value() * 1e6) as i64;
    let offset = seconds(LEAD_SECONDS * 1_000_000 - origin_us - clip.start_us);
    args.all(["-map", &format!("0:{}", source.index), "-c:a", "copy", "-output_ts_offset", &offset]);
}

/// First presentation time of the clip's video, and its time base; `None` without video.
fn origin(clip: &Clip) -> Option<(i64, Ratio)> {
    clip.source.video.as_ref().map(|video| (video.first_pts, video.time_base))
}

fn graph(plan: &Plan, track: &AudioTrack, rate: u32, layout: &str) -> String {
    let mut graph = String::new();
    let lead = LEAD_SECONDS * i64::from(rate);
    let joined = plan.clips.len() > 1;
    for (n, clip) in plan.clips.iter().enumerate() {
        let last = n + 1 == plan.clips.len();
        let end = if joined { format!("[c{n}];") } else { format!(",asetpts=PTS+{lead}[a]") };
        let stretch = Stretch::of(plan, clip, rate, last);
        graph.push_str(&one(clip, track, n, rate, layout, &stretch));
        graph.push_str(&end);
    }
    if joined {
        let all: String = (0..plan.clips.len()).map(|n| format!("[c{n}]")).collect();
        graph.push_str(&format!(
            "{all}concat=n={}:v=0:a=1,asettb=1/{rate},asetpts=N+{lead}[a]",
            plan.clips.len()
        ));
    }
    graph
}

/// Which samples of a clip are wanted, counted from its origin; without an end: all that come.
struct Stretch {
    from: i64,
    to: Option<i64>,
}

impl Stretch {
    fn of(plan: &Plan, clip: &Clip, rate: u32, last: bool) -> Stretch {
        let timing = &plan.timing;
        let samples =
            |ticks: i64| (i128::from(ticks) * i128::from(rate) / i128::from(timing.timescale)) as i64;
        let start = clip_start(timing, clip);
        let to = start + clip_length(timing, clip);
        let open = last && clip.end_us.is_none();
        Stretch { from: samples(start), to: if open { None } else { Some(samples(to)) } }
    }
}

fn one(clip: &Clip, track: &AudioTrack, n: usize, rate: u32, layout: &str, stretch: &Stretch) -> String {
    let form = format!("aformat=sample_fmts=fltp:sample_rates={rate}:channel_layouts={layout}");
    let Some(source) = clip.source.audio.get(track.track).or(clip.source.audio.first()) else {
        // A clip without sound among clips with sound.
        let samples = stretch.to.unwrap_or(stretch.from) - stretch.from;
        return format!("anullsrc=r={rate}:cl={layout},atrim=end_sample={},{form}", samples.max(1));
    };
    let rebase = match origin(clip) {
        Some((pts, base)) => format!("asetpts='round(PTS-({pts}*{}/{})/TB)'", base.num, base.den),
        None => "asetpts=PTS-STARTPTS".to_owned(),
    };
    let mut chain = format!("[{n}:{}]{rebase},aresample={rate}:async=1:first_pts=0,{form}", source.index);
    if stretch.from > 0 || stretch.to.is_some() {
        let end = stretch.to.map(|to| format!(":end_pts={to}")).unwrap_or_default();
        chain.push_str(&format!(",atrim=start_pts={}{end},asetpts=PTS-{}", stretch.from, stretch.from));
    }
    if let Some(to) = stretch.to {
        // Sound that ends early is silent until the clip ends.
        chain.push_str(&format!(",apad=whole_len={}", to - stretch.from));
    }
    chain
}

/// ffmpeg's name of the layout that AAC has for so many channels.
fn layout(channels: u32) -> &'static str {
    match channels {
        0 | 1 => "mono",
        2 => "stereo",
        3 => "3.0",
        4 => "4.0",
        5 => "5.0",
        6 => "5.1",
        7 => "6.1",
        _ => "7.1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{clip, plan_of};

    #[test]
    fn one_clip_is_moved_to_the_pictures_origin() {
        let mut late = clip(10.0);
        if let Some(video) = &mut late.source.video {
            video.first_pts = 126_000;
        }
        let plan = plan_of(vec![late]);
        assert_eq!(
            graph(&plan, &plan.audio[0], 48_000, "stereo"),
            "[0:1]asetpts='round(PTS-(126000*1/90000)/TB)',aresample=48000:async=1:first_pts=0,\
             aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo,asetpts=PTS+480000[a]"
        );
    }

    #[test]
    fn clips_last_as_long_as_their_pictures() {
        let mut silent = clip(3.0);
        silent.source.audio.clear();
        let plan = plan_of(vec![clip(5.0), silent]);
        let graph = graph(&plan, &plan.audio[0], 48_000, "stereo");
        assert!(
            graph.contains("atrim=start_pts=0:end_pts=240000,asetpts=PTS-0,apad=whole_len=240000[c0]"),
            "{graph}"
        );
        assert!(graph.ends_with("[c0][c1]concat=n=2:v=0:a=1,asettb=1/48000,asetpts=N+480000[a]"), "{graph}");
    }
}
