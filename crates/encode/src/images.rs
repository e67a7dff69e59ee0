//! Making thumbnails and sprites: one child per picture, seeking to its moment; sheets are tiled from the pictures.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use millrace_blob::Put;

use crate::chunk::Bench;
use crate::chunk::command::Arguments;
use crate::chunk::filters::seconds;
use crate::ffmpeg::tools::{file_url, guarded_input};
use crate::ffmpeg::{output, stderr::Said};
use crate::plan::Plan;
use crate::plan::images::{ImageKind, ImageSet, Moments, Sprite};
use crate::plan::types::{Clip, Picture};
use crate::probe::{Turn, Video, problem_of};
use crate::problem::{Failure, Problem};

/// Frames among which the most telling picture is looked for: some four seconds.
const BEST_OF: u32 = 100;
/// Children print nothing; a word too many is ignored.
const MAX_PRINTED: usize = 1 << 20;
/// Largest picture or sheet that is taken over.
const MAX_PICTURE: u64 = 256 << 20;

/// Makes all image sets of a plan. May be repeated.
pub(crate) async fn make(
    bench: &Bench<'_>,
    plan: &Plan,
    inputs: &[&Path],
    on_progress: impl Fn(f64),
) -> Result<(), Failure> {
    let all: usize = plan.images.iter().map(|set| set.moments.count()).sum();
    let mut done = 0;
    for set in &plan.images {
        let folder = tempfile::Builder::new()
            .prefix("images-")
            .tempdir_in(bench.scratch)
            .map_err(|error| Problem::io("Making scratch space", &error))?;
        let studio = Studio { bench, plan, inputs, set, folder: folder.path() };
        let mut pictures = Vec::new();
        for number in 0..set.moments.count() {
            // Moments after the last frame give no picture.
            if let Some(path) = studio.picture(number).await? {
                pictures.push((number, path));
            }
            done += 1;
            on_progress(done as f64 / all.max(1) as f64 * 0.99);
        }
        match &set.sprite {
            Some(sprite) => studio.sheet(sprite, &pictures).await?,
            None => studio.keep(&pictures).await?,
        }
    }
    Ok(())
}

struct Studio<'a> {
    bench: &'a Bench<'a>,
    plan: &'a Plan,
    inputs: &'a [&'a Path],
    set: &'a ImageSet,
    folder: &'a Path,
}

impl Studio<'_> {
    /// One picture as a file; `None` where the clip has no frame.
    async fn picture(&self, number: usize) -> Result<Option<PathBuf>, Failure> {
        let at = match &self.set.moments {
            Moments::Best => 0,
            Moments::At(times) => times.get(number).copied().unwrap_or(0),
        };
        let Some((clip, input, into)) = self.place(at) else { return Ok(None) };
        let Some(video) = &clip.source.video else { return Ok(None) };
        let to = self.folder.join(format!("{number:06}.{}", extension(self.set.kind)));
        let arguments = self.arguments(clip, video, input, into, &to);
        let said = self.ffmpeg(&arguments, &clip.input.name).await?;
        if tokio::fs::try_exists(&to).await.unwrap_or(false) {
            return Ok(Some(to));
        }
        if number == 0 {
            return Err(said.problem(&clip.input.name, "Taking a picture of").into());
        }
        Ok(None)
    }

    /// The clip that plays at an output time, its file, and the time within it.
    fn place(&self, at: i64) -> Option<(&Clip, &Path, i64)> {
        let mut start = 0;
        for (n, clip) in self.plan.clips.iter().enumerate() {
            let length = clip.duration_us();
            if at < start + length || n + 1 == self.plan.clips.len() {
                return Some((clip, self.inputs.get(n).copied()?, clip.start_us + at - start));
            }
            start += length;
        }
        None
    }

    fn arguments(&self, clip: &Clip, video: &Video, input: &Path, into: i64, to: &Path) -> Vec<OsString> {
        /// Seeking lands on the key frame before.
        const MARGIN_US: i64 = 1_000_000;
        let first = (video.first_pts as f64 * video.time_base.value() * 1e6) as i64;
        let mut args = Arguments::default();
        args.all(["-hide_banner", "-nostdin", "-y", "-v", "error"]);
        args.all(["-copyts", "-noaccurate_seek", "-noautorotate", "-an", "-sn", "-dn"]);
        if into > 2 * MARGIN_US && clip.input.seekable {
            args.all(["-seek_timestamp", "1", "-ss", &seconds(first + into - MARGIN_US)]);
        }
        args.all(guarded_input());
        args.one("-i");
        args.0.push(file_url(input));
        args.all(["-filter_complex", &self.filters(video, first + into), "-map", "[v]", "-frames:v", "1"]);
        if let ImageKind::Jpg { quality } = self.set.kind {
            // ffmpeg counts from 2 (best) to 31.
            let scale = 2 + (100 - quality.min(100)) * 29 / 100;
            args.all(["-q:v", &scale.to_string()]);
        }
        args.all(["-update", "1", "-f", "image2"]);
        args.0.push(file_url(to));
        args.0
    }

    fn filters(&self, video: &Video, at_us: i64) -> String {
        let mut filters = Vec::new();
        match self.set.moments {
            Moments::Best => filters.push(format!("thumbnail={BEST_OF}")),
            // Half a millisecond early: the frame that begins at the moment is the one.
            Moments::At(_) => filters.push(format!("trim=start={}", seconds((at_us - 500).max(0)))),
        }
        if let Some(picture) = &self.plan.picture {
            filters.extend(upright(picture));
        }
        let (width, height) = self.set.inner.unwrap_or(self.set.size);
        filters.push(format!("scale={width}:{height}:flags=bicubic,setsar=1"));
        if self.set.inner.is_some() {
            let (width, height) = self.set.size;
            filters.push(format!("pad={width}:{height}:(ow-iw)/2:(oh-ih)/2:black"));
        }
        filters.push(match self.set.kind {
            ImageKind::Jpg { .. } => "scale=out_range=pc,format=yuvj420p".to_owned(),
            ImageKind::Png => "format=rgb24".to_owned(),
        });
        format!("[0:{}]{}[v]", video.index, filters.join(","))
    }

    async fn ffmpeg(&self, arguments: &[OsString], name: &str) -> Result<Said, Failure> {
        let tools = self.bench.tools;
        let (_, ended) = output(tools, &tools.ffmpeg, arguments, MAX_PRINTED, self.bench.stop)
            .await
            .map_err(|stopped| problem_of(stopped, name))?;
        Ok(ended.said)
    }

    async fn keep(&self, pictures: &[(usize, PathBuf)]) -> Result<(), Failure> {
        for (number, path) in pictures {
            if let Some(name) = self.set.names.get(*number) {
                self.put(path, name).await?;
            }
        }
        Ok(())
    }

    async fn put(&self, path: &Path, name: &str) -> Result<(), Failure> {
        let io = |error: std::io::Error| Problem::io("Reading a picture", &error);
        let length = tokio::fs::metadata(path).await.map_err(io)?.len();
        if length > MAX_PICTURE {
            return Err(
                Problem::configuration(format!("The picture '{name}' would have {length} bytes.")).into()
            );
        }
        let bytes = tokio::fs::read(path).await.map_err(io)?;
        let kind = match self.set.kind {
            ImageKind::Jpg { .. } => "image/jpeg",
            ImageKind::Png => "image/png",
        };
        self.bench.store.put(name, bytes, Put::of_type(kind)).await.map(drop)
    }

    /// All pictures in rows of `columns`, and the WebVTT map that says which is where when.
    async fn sheet(&self, sprite: &Sprite, pictures: &[(usize, PathBuf)]) -> Result<(), Failure> {
        let Some(name) = self.set.names.first() else { return Ok(()) };
        // Numbers without gaps, as the image reader wants them.
        for (n, (_, path)) in pictures.iter().enumerate() {
            let to = self.folder.join(format!("tile-{n:06}.{}", extension(self.set.kind)));
            tokio::fs::rename(path, &to).await.map_err(|error| Problem::io("Making a sprite", &error))?;
        }
        let columns = sprite.columns.clamp(1, pictures.len().max(1) as u32);
        let rows = (pictures.len() as u32).div_ceil(columns).max(1);
        let to = self.folder.join(format!("sheet.{}", extension(self.set.kind)));
        let mut args = Arguments::default();
        args.all(["-hide_banner", "-nostdin", "-y", "-v", "error", "-f", "image2", "-i"]);
        args.0.push(file_url(&self.folder.join(format!("tile-%06d.{}", extension(self.set.kind)))));
        args.all([
            "-vf",
            &format!("tile={columns}x{rows}"),
            "-frames:v",
            "1",
            "-q:v",
            "3",
            "-update",
            "1",
            "-f",
            "image2",
        ]);
        args.0.push(file_url(&to));
        let said = self.ffmpeg(&args.0, name).await?;
        if !tokio::fs::try_exists(&to).await.unwrap_or(false) {
            return Err(said.problem(name, "Making the sprite").into());
        }
        self.put(&to, name).await?;
        let taken: Vec<usize> = pictures.iter().map(|(number, _)| *number).collect();
        let map = self.map(name, columns, &taken);
        self.bench.store.put(&sprite.map, map, Put::of_type("text/vtt")).await.map(drop)
    }

    fn map(&self, sheet: &str, columns: u32, taken: &[usize]) -> String {
        let times: Vec<i64> = match &self.set.moments {
            Moments::Best => vec![0],
            Moments::At(times) => taken.iter().filter_map(|number| times.get(*number).copied()).collect(),
        };
        let total = self.plan.duration_us();
        let (width, height) = self.set.size;
        let mut text = String::from("WEBVTT\n");
        for (n, start) in times.iter().enumerate() {
            let end = times.get(n + 1).copied().unwrap_or(total.max(start + 1000));
            let (x, y) = (n as u32 % columns * width, n as u32 / columns * height);
            text.push_str(&format!(
                "\n{} --> {}\n{sheet}#xywh={x},{y},{width},{height}\n",
                clock(*start),
                clock(end)
            ));
        }
        text
    }
}

fn upright(picture: &Picture) -> Vec<String> {
    let mut filters = Vec::new();
    if picture.deinterlace.is_some() {
        filters.push("bwdif=mode=send_frame:deint=interlaced".to_owned());
    }
    match picture.turn {
        Turn::None => {}
        Turn::Right => filters.push("transpose=clock".into()),
        Turn::Half => filters.push("hflip,vflip".into()),
        Turn::Left => filters.push("transpose=cclock".into()),
    }
    if let Some(part) = picture.crop {
        filters.push(format!("crop={}:{}:{}:{}", part.width, part.height, part.left, part.top));
    }
    filters
}

fn extension(kind: ImageKind) -> &'static str {
    match kind {
        ImageKind::Jpg { .. } => "jpg",
        ImageKind::Png => "png",
    }
}

/// WebVTT's time.
fn clock(us: i64) -> String {
    let ms = us / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    #[test]
    fn clocks_are_webvtt() {
        assert_eq!(super::clock(3_661_500_000), "01:01:01.500");
    }
}
