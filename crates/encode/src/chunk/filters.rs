//! The filter graph of a chunk: decoded once, then one branch per rendition.
//!
//! Time comes first. Frames leave the decoder with the input's own time stamps (`-copyts`); they are counted from the first
//! frame, brought to the output's clock, and only then cut, so that a frame's tick does not depend on where decoding began.

use crate::plan::Chunk;
use crate::plan::timing::Timing;
use crate::plan::types::{
    Deinterlace, Fade, H264Profile, Picture, Plan, VideoCodec, VideoEncode, VideoMake, VideoTrack,
};
use crate::probe::{Turn, Video};

/// What is decoded around a chunk where a branch changes the frame rate: it needs neighbours on both sides.
const RATE_MARGIN_SECONDS: i64 = 1;

/// A chunk of a plan with the video it is cut from.
#[derive(Debug, Clone, Copy)]
pub struct Cut<'a> {
    /// All tracks and the clock.
    pub plan: &'a Plan,
    /// The stretch.
    pub chunk: &'a Chunk,
    /// The clip's video stream.
    pub video: &'a Video,
}

/// The graph for `-filter_complex`; branch `n` ends in `[v{n}]`, in the order of `tracks`.
pub fn graph(cut: &Cut<'_>, tracks: &[&VideoTrack]) -> String {
    let widened = tracks.iter().any(|track| rate_of(track).is_some());
    let mut common = vec![clock(cut)];
    if let Some(picture) = &cut.plan.picture {
        // Fields and turning are the source's, whatever clip it is.
        common.extend(picture_filters(cut, picture));
    }
    common.push(trim(cut, widened));
    let timing = &cut.plan.timing;
    common.push(format!("setpts=PTS+({})", cut.chunk.shift + timing.lead()));
    common.extend(fades(cut));
    let split: String = (0..tracks.len()).map(|n| format!("[s{n}]")).collect();
    let mut graph = format!("[0:{}]{},split={}{split}", cut.video.index, common.join(","), tracks.len());
    for (n, track) in tracks.iter().enumerate() {
        graph.push_str(&format!(";[s{n}]{}[v{n}]", branch(cut, track, widened).join(",")));
    }
    graph
}

/// From the input's time stamps to output ticks counted from the input's first frame.
fn clock(cut: &Cut<'_>) -> String {
    let timing = &cut.plan.timing;
    let base = format!("setpts=PTS-({}),settb=1/{}", cut.video.first_pts, timing.timescale);
    match timing.frame {
        // The input's clock is too coarse to tell where a frame stands; never two on one tick.
        Some(frame) if timing.snap => format!(
            "{base},setpts='max(round(PTS/{frame})*{frame},if(isnan(PREV_OUTPTS),-{frame}*1000000,PREV_OUTPTS+1))'"
        ),
        _ => base,
    }
}

fn trim(cut: &Cut<'_>, widened: bool) -> String {
    let margin = if widened { RATE_MARGIN_SECONDS * i64::from(cut.plan.timing.timescale) } else { 0 };
    let from = cut.chunk.from - margin;
    match cut.chunk.to {
        Some(to) => format!("trim=start_pts={from}:end_pts={}", to + margin),
        None => format!("trim=start_pts={from}"),
    }
}

fn picture_filters(cut: &Cut<'_>, picture: &Picture) -> Vec<String> {
    let mut filters = Vec::new();
    let timing = &cut.plan.timing;
    let first_clip = cut.chunk.clip == 0;
    let needed = if first_clip { picture.deinterlace } else { Deinterlace::needed(cut.video.scan) };
    if let Some(fields) = needed {
        let mode = match fields {
            Deinterlace::Auto => "parity=auto:deint=interlaced",
            Deinterlace::TopFirst => "parity=tff:deint=all",
            Deinterlace::BottomFirst => "parity=bff:deint=all",
        };
        // One frame out for each frame in; the filter halves its time base.
        filters.push(format!("bwdif=mode=send_frame:{mode},settb=1/{}", timing.timescale));
    }
    match if first_clip { picture.turn } else { cut.video.turn } {
        Turn::None => {}
        Turn::Right => filters.push("transpose=clock".into()),
        Turn::Half => filters.push("hflip,vflip".into()),
        Turn::Left => filters.push("transpose=cclock".into()),
    }
    if let Some(part) = picture.crop.filter(|_| first_clip) {
        filters.push(format!("crop={}:{}:{}:{}", part.width, part.height, part.left, part.top));
    }
    if picture.tone_map {
        filters.push(TONE_MAP.into());
    }
    filters
}

/// PQ and HLG in BT.2020 to BT.709, by Hable's curve, 100 nits as white.
const TONE_MAP: &str = "zscale=min=bt2020nc:pin=bt2020:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,\
tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=yuv420p";

/// The fades that reach into this chunk: outside of it ffmpeg's filter would count from the wrong frame.
fn fades(cut: &Cut<'_>) -> Vec<String> {
    let Some(picture) = &cut.plan.picture else { return Vec::new() };
    let timing = &cut.plan.timing;
    let from_us = timing.us(cut.chunk.from + cut.chunk.shift);
    let to_us = cut.chunk.to.map_or(i64::MAX, |to| timing.us(to + cut.chunk.shift));
    let reaches = |fade: &&Fade| match fade.from_color {
        true => fade.start_us + fade.duration_us > from_us,
        false => fade.start_us < to_us,
    };
    picture.fades.iter().filter(reaches).map(fade).collect()
}

fn fade(fade: &Fade) -> String {
    let lead_us = crate::plan::timing::LEAD_SECONDS * 1_000_000;
    let [red, green, blue] = fade.color;
    format!(
        "fade=t={}:st={}:d={}:c=0x{red:02x}{green:02x}{blue:02x}",
        if fade.from_color { "in" } else { "out" },
        seconds(fade.start_us + lead_us),
        seconds(fade.duration_us.max(1_000)),
    )
}

/// Decimal seconds of microseconds.
pub fn seconds(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    let us = us.unsigned_abs();
    format!("{sign}{}.{:06}", us / 1_000_000, us % 1_000_000)
}

fn branch(cut: &Cut<'_>, track: &VideoTrack, widened: bool) -> Vec<String> {
    let timing = &cut.plan.timing;
    let mut filters = Vec::new();
    if widened {
        filters.extend(new_rate(cut, timing, track));
    }
    filters.extend(fit(cut, track));
    filters.push("setsar=1".into());
    filters.push(format!("format={}", pixel_format(track)));
    filters
}

fn fit(cut: &Cut<'_>, track: &VideoTrack) -> Vec<String> {
    let (width, height) = track.size;
    let inner = if cut.chunk.clip == 0 { track.inner } else { inner_of(cut.video, track.size) };
    let (inner_width, inner_height) = inner.unwrap_or(track.size);
    let rgb = cut.video.pixel_format.contains("rgb")
        || cut.video.pixel_format.contains("bgr")
        || cut.video.pixel_format.contains("gbr");
    let matrix = if rgb { ":out_color_matrix=bt709" } else { "" };
    let mut filters = vec![format!("scale={inner_width}:{inner_height}:flags=bicubic:out_range=tv{matrix}")];
    if inner.is_some() {
        filters.push(format!("pad={width}:{height}:(ow-iw)/2:(oh-ih)/2:black"));
    }
    filters
}

/// Where a later clip's picture stands inside the rendition that the first clip shaped.
fn inner_of(video: &Video, (width, height): (u32, u32)) -> Option<(u32, u32)> {
    let (wide, high) = video.display_size();
    let scale = (f64::from(width) / f64::from(wide)).min(f64::from(height) / f64::from(high));
    let (inner_width, inner_height) = crate::plan::ladder::scaled((wide, high), scale);
    let inner = (inner_width.min(width), inner_height.min(height));
    // A line or two of black would only cost bits.
    (inner.0 + 4 < width || inner.1 + 4 < height).then_some(inner)
}

/// Frames at another rate, and then exactly those of this chunk.
fn new_rate(cut: &Cut<'_>, timing: &Timing, track: &VideoTrack) -> Vec<String> {
    let mut filters = Vec::new();
    let lead = timing.lead();
    if let Some(rate) = rate_of(track) {
        filters.push(format!("setpts=PTS-{lead},fps={rate},settb=1/{},setpts=PTS+{lead}", timing.timescale));
    }
    let at = cut.chunk.shift + lead;
    let from = cut.chunk.from + at;
    filters.push(match cut.chunk.to {
        Some(to) => format!("trim=start_pts={from}:end_pts={}", to + at),
        None => format!("trim=start_pts={from}"),
    });
    filters
}

fn rate_of(track: &VideoTrack) -> Option<crate::ratio::Ratio> {
    match &track.make {
        VideoMake::Encode(VideoEncode { rate, .. }) => *rate,
        VideoMake::Copy => None,
    }
}

fn pixel_format(track: &VideoTrack) -> &'static str {
    match &track.make {
        VideoMake::Encode(encode) => match encode.codec {
            VideoCodec::H264 { profile: H264Profile::High422, .. } => "yuv422p",
            VideoCodec::H264 { profile: H264Profile::High444, .. } => "yuv444p",
            VideoCodec::H265 { ten_bit: true } => "yuv420p10le",
            _ => "yuv420p",
        },
        VideoMake::Copy => "yuv420p",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{clip, plan_of};
    use crate::plan::{ChunkLengths, chunks};

    #[test]
    fn time_comes_first_and_cuts_are_exact() {
        let plan = plan_of(vec![clip(60.0)]);
        let all = chunks(&plan, ChunkLengths::default());
        let video = plan.clips[0].source.video.clone().expect("a video");
        let tracks: Vec<&VideoTrack> = plan.video.iter().take(2).collect();
        let graph = graph(&Cut { plan: &plan, chunk: &all[1], video: &video }, &tracks);
        assert_eq!(
            graph,
            "[0:0]setpts=PTS-(0),settb=1/90000,trim=start_pts=538200,setpts=PTS+(900000),split=2[s0][s1]\
             ;[s0]scale=1920:1080:flags=bicubic:out_range=tv,setsar=1,format=yuv420p[v0]\
             ;[s1]scale=1280:720:flags=bicubic:out_range=tv,setsar=1,format=yuv420p[v1]"
                .replace("trim=start_pts=538200", &format!("trim=start_pts=538200{}", end_of(&all[1])))
        );
    }

    fn end_of(chunk: &Chunk) -> String {
        chunk.to.map(|to| format!(":end_pts={to}")).unwrap_or_default()
    }

    #[test]
    fn seconds_are_exact() {
        assert_eq!(seconds(1_500_000), "1.500000");
        assert_eq!(seconds(-20), "-0.000020");
    }
}
