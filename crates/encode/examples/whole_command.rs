//! Prints the ffmpeg arguments that encode a file in one piece, as the AdaptiveStreaming preset would in chunks: a JSON
//! object of two lists, `video` and `audio`. What `bench/encode.py` compares the chunked encoder with.
//!
//! `cargo run --example whole_command -- SOURCE DIRECTORY`

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use millrace_catalog::preset::{BuiltIn, BuiltInName, Preset};
use millrace_encode::chunk::{self, Cut};
use millrace_encode::ffmpeg::Tools;
use millrace_encode::plan::{self, ChunkLengths, Clip, InputFile, Place, VideoTrack};
use millrace_encode::{probe, sound};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [source, directory] = arguments.as_slice() else { return Err("SOURCE and DIRECTORY, please".into()) };
    let tools = Tools::default();
    let name = "source";
    let found = probe::probe(&tools, probe::File { path: source, name }, &CancellationToken::new()).await;
    // One chunk: inputs that cannot be sought are never cut.
    let input = InputFile {
        name: name.into(),
        place: Place::Local { path: source.clone() },
        remux: false,
        seekable: false,
    };
    let clip =
        Clip { input, source: found.map_err(|failure| format!("{failure:?}"))?, start_us: 0, end_us: None };
    let preset = Preset::BuiltIn(BuiltIn { name: BuiltInName::AdaptiveStreaming, configurations: None });
    let plan = plan::plan(&preset, vec![clip])?;
    let all = plan::chunks(&plan, ChunkLengths::default());
    let ([chunk], Some(video)) =
        (all.as_slice(), plan.clips.first().and_then(|clip| clip.source.video.as_ref()))
    else {
        return Err("a source with a picture, please".into());
    };
    let tracks: Vec<&VideoTrack> = plan.video.iter().collect();
    let outputs: Vec<PathBuf> = (0..tracks.len()).map(|n| directory.join(format!("{n}.mp4"))).collect();
    let cut = Cut { plan: &plan, chunk, video };
    let video = chunk::command::arguments(&tools, &cut, source, &tracks, &outputs, true);
    let audio = plan.audio.first().map(|track| sound::command::arguments(&plan, track, &[source]));
    let json = serde_json::json!({ "video": texts(video), "audio": audio.map(texts) });
    println!("{json}");
    Ok(())
}

fn texts(arguments: Vec<OsString>) -> Vec<String> {
    arguments.iter().map(|argument| Path::new(argument).display().to_string()).collect()
}
