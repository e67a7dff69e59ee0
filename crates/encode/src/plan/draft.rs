//! A plan in the making: presets add tracks to it, and files follow from the tracks.

use super::audio;
use super::names::unique;
use super::timing::Timing;
use super::types::{
    AudioTrack, Clip, OutputFile, PLAN_VERSION, Picture, Plan, VideoCodec, VideoMake, VideoTrack,
};
use crate::probe::Video;
use crate::problem::Problem;

/// Most video tracks of one plan: a preset has at most some ten layers per codec.
const MAX_VIDEO: usize = 32;

/// A plan in the making.
#[derive(Debug, Clone)]
pub struct Draft {
    pub(super) plan: Plan,
}

impl Draft {
    /// Starts from at least one clip.
    pub fn new(basename: String, clips: Vec<Clip>, timing: Timing, picture: Option<Picture>) -> Draft {
        let (video, audio, images, files) = Default::default();
        Draft {
            plan: Plan {
                version: PLAN_VERSION,
                basename,
                clips,
                timing,
                picture,
                video,
                audio,
                images,
                files,
            },
        }
    }

    /// The first clip's video, which renditions are made for.
    pub fn video(&self) -> Option<&Video> {
        self.plan.clips.first()?.source.video.as_ref()
    }

    /// Size of the picture that renditions are scaled from.
    pub fn picture_size(&self) -> Option<(u32, u32)> {
        self.plan.picture.as_ref().map(|picture| picture.size)
    }

    /// Refuses an input without sound.
    pub fn need_audio(&self, preset: &str) -> Result<(), Problem> {
        let clip = self.plan.clips.first();
        match clip {
            Some(clip) if clip.source.audio.is_empty() => Err(Problem::configuration(format!(
                "'{}' has no sound, and {preset} makes nothing but sound.",
                clip.input.name
            ))),
            _ => Ok(()),
        }
    }

    /// Adds a video track under a name that is free.
    pub fn push_video(&mut self, mut track: VideoTrack) {
        if self.plan.video.len() < MAX_VIDEO {
            track.name = unique(&track.name, &self.track_names());
            self.plan.video.push(track);
        }
    }

    /// Adds an audio track under a name that is free.
    pub fn push_audio(&mut self, mut track: AudioTrack) {
        track.name = unique(&track.name, &self.track_names());
        self.plan.audio.push(track);
    }

    /// Adds the source's video as it is.
    pub fn copy_video(&mut self, labels: &[String]) {
        let Some(video) = self.video() else { return };
        let size = (video.width, video.height);
        self.push_video(VideoTrack {
            name: "video_copy".to_owned(),
            labels: labels.to_vec(),
            size,
            inner: None,
            make: VideoMake::Copy,
        });
    }

    fn track_names(&self) -> Vec<String> {
        let video = self.plan.video.iter().map(|track| track.name.clone());
        video.chain(self.plan.audio.iter().map(|track| track.name.clone())).collect()
    }

    /// Ends with one file per track.
    pub fn finish_apart(mut self) -> Result<Plan, Problem> {
        for index in 0..self.plan.video.len() {
            let name = self.video_file(index);
            self.push_file(name, Some(index), Vec::new());
        }
        self.add_audio_files();
        self.done()
    }

    /// Ends with one file per video track, each with all sound in it, and files of sound alone besides.
    pub fn finish_together(mut self) -> Result<Plan, Problem> {
        let sound: Vec<usize> = (0..self.plan.audio.len()).collect();
        for index in 0..self.plan.video.len() {
            let name = self.video_file(index);
            self.push_file(name, Some(index), sound.clone());
        }
        self.add_audio_files();
        self.done()
    }

    fn add_audio_files(&mut self) {
        for index in 0..self.plan.audio.len() {
            let Some(track) = self.plan.audio.get(index) else { continue };
            let name = format!("{}_{}.mp4", self.plan.basename, audio::file_part(track));
            self.push_file(name, None, vec![index]);
        }
    }

    fn video_file(&self, index: usize) -> String {
        let base = &self.plan.basename;
        match self.plan.video.get(index) {
            Some(VideoTrack { size: (width, height), make: VideoMake::Encode(encode), .. }) => {
                let codec = match encode.codec {
                    VideoCodec::H264 { .. } => "",
                    VideoCodec::H265 { .. } => "_hevc",
                };
                format!("{base}_{width}x{height}{codec}_{}.mp4", encode.bitrate / 1000)
            }
            _ => format!("{base}_video.mp4"),
        }
    }

    pub(super) fn push_file(&mut self, wanted: String, video: Option<usize>, audio: Vec<usize>) {
        let taken: Vec<String> = self.file_names();
        self.plan.files.push(OutputFile { name: unique(&wanted, &taken), video, audio });
    }

    pub(super) fn file_names(&self) -> Vec<String> {
        let images = self.plan.images.iter().flat_map(|set| set.names.iter());
        self.plan.files.iter().map(|file| &file.name).chain(images).cloned().collect()
    }

    /// The plan, unless there is nothing to make.
    pub(super) fn done(self) -> Result<Plan, Problem> {
        let plan = self.plan;
        if plan.video.is_empty() && plan.audio.is_empty() && plan.images.is_empty() {
            let name = plan.clips.first().map_or("The input", |clip| clip.input.name.as_str());
            return Err(Problem::configuration(format!(
                "The transform makes nothing of '{name}': it asks for pictures or sound that the file does not have."
            )));
        }
        Ok(plan)
    }
}
