//! Inputs as local files: blobs, fetched addresses, and copies in a container that seeks exactly.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use millrace_blob::{Account, BlobName, Blobs, ContainerName, LocalFile};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::Config;
use super::fetch::Fetcher;
use crate::ffmpeg::Tools;
use crate::plan::types::{InputFile, Place};
use crate::probe::{File, Source, problem_of};
use crate::problem::{Code, Failure, Problem};

/// Containers in which ffmpeg finds a frame exactly, by time, without reading all before it.
const SEEKING: &[&str] = &["mp4", "matroska", "nut"];

/// An input on this machine's disk, good as long as the value lives.
pub(crate) enum Held {
    /// A blob.
    Blob(LocalFile),
    /// A scratch file, or a file of the machine.
    Path(PathBuf),
}

impl Held {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Held::Blob(file) => file.path(),
            Held::Path(path) => path,
        }
    }
}

/// Finds and makes local files of inputs; each is made once, however many tasks ask.
pub(crate) struct Inputs {
    folder: PathBuf,
    fetcher: Fetcher,
    making: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Inputs {
    /// Scratch files go into the configured folder.
    pub(crate) fn new(config: &Config) -> Inputs {
        Inputs {
            folder: config.inputs(),
            fetcher: Fetcher::new(config.allow_private_targets, config.max_input),
            making: Mutex::default(),
        }
    }

    /// The input as decoders shall read it: the copy, for those that need one.
    pub(crate) async fn hold(
        &self,
        blobs: &Blobs,
        tools: &Tools,
        input: &InputFile,
        source: &Source,
        stop: &CancellationToken,
    ) -> Result<Held, Failure> {
        let original = self.original(blobs, input, stop).await?;
        if !input.remux {
            return Ok(original);
        }
        let path = self.copy_path(input);
        self.once(&path, async |part: &Path| {
            remux(tools, original.path(), &input.name, source, part, stop).await
        })
        .await?;
        Ok(Held::Path(path))
    }

    /// The input itself.
    pub(crate) async fn original(
        &self,
        blobs: &Blobs,
        input: &InputFile,
        stop: &CancellationToken,
    ) -> Result<Held, Failure> {
        match &input.place {
            Place::Local { path } => Ok(Held::Path(path.clone())),
            Place::Blob { account, container, blob, .. } => {
                let missing = || missing(&input.name);
                let account: &Account = blobs.account(account).ok_or_else(missing)?;
                let container = ContainerName::new(container.clone()).map_err(|_| missing())?;
                let blob = BlobName::new(blob.clone()).map_err(|_| missing())?;
                let file = account.local_file(&container, &blob).await;
                Ok(Held::Blob(file.map_err(|error| input_problem(&input.name, error))?))
            }
            Place::Http { url, .. } => {
                let path = self.folder.join(format!("{}.bin", digest(&[url, &input.name])));
                self.once(&path, async |part: &Path| self.fetcher.fetch(url, &input.name, part, stop).await)
                    .await?;
                Ok(Held::Path(path))
            }
        }
    }

    /// Removes the scratch files of an input.
    pub(crate) async fn forget(&self, input: &InputFile) {
        let mut paths = vec![self.copy_path(input)];
        if let Place::Http { url, .. } = &input.place {
            paths.push(self.folder.join(format!("{}.bin", digest(&[url, &input.name]))));
        }
        for path in paths {
            if let Err(error) = tokio::fs::remove_file(&path).await
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(%error, "a scratch file of an input remains");
            }
        }
    }

    fn copy_path(&self, input: &InputFile) -> PathBuf {
        let place = serde_json::to_string(&input.place).unwrap_or_default();
        self.folder.join(format!("{}.mkv", digest(&[&place])))
    }

    /// Makes the file `path` by `make`, which gets a path of its own; renamed once complete, so a file that is there is whole.
    async fn once(
        &self,
        path: &Path,
        make: impl AsyncFnOnce(&Path) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let key = path.to_string_lossy().into_owned();
        let lock = {
            let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
            making.retain(|_, lock| Arc::strong_count(lock) > 1);
            making.entry(key).or_default().clone()
        };
        let _held = lock.lock().await;
        if tokio::fs::try_exists(path).await.unwrap_or(false) {
            return Ok(());
        }
        let part = path.with_extension("part");
        make(&part).await?;
        tokio::fs::rename(&part, path).await.map_err(|error| Problem::io("Keeping the input", &error))?;
        Ok(())
    }
}

fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether an input is copied before it is encoded.
pub(super) fn needs_copy(source: &Source) -> bool {
    let seeks = source.container.split(',').any(|name| SEEKING.contains(&name));
    source.video.is_some() && (!seeks || source.duration_us.is_none())
}

/// Copies video and audio into a Matroska file: exact seeking, and time stamps that a broken source lacks.
async fn remux(
    tools: &Tools,
    from: &Path,
    name: &str,
    source: &Source,
    to: &Path,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let mut args = crate::chunk::command::Arguments::default();
    args.all(["-hide_banner", "-nostdin", "-y", "-v", "error", "-progress", "pipe:1", "-fflags", "+genpts"]);
    args.all(crate::ffmpeg::tools::guarded_input());
    args.one("-i");
    args.0.push(crate::ffmpeg::tools::file_url(from));
    let video = source.video.iter().map(|video| video.index);
    for index in video.chain(source.audio.iter().map(|audio| audio.index)) {
        args.all(["-map", &format!("0:{index}")]);
    }
    args.all(["-c", "copy", "-map_chapters", "-1", "-f", "matroska"]);
    args.0.push(crate::ffmpeg::tools::file_url(to));
    let run = crate::ffmpeg::Run { tools, arguments: args.0, stop };
    let ended = run.to_end(|_| ()).await.map_err(|stopped| problem_of(stopped, name))?;
    if ended.success { Ok(()) } else { Err(ended.said.problem(name, "Reading").into()) }
}

/// Probes the copy of an input; facts that the copy cannot tell are the original's.
pub(super) async fn probe_copy(
    tools: &Tools,
    held: &Held,
    name: &str,
    original: &Source,
    stop: &CancellationToken,
) -> Result<Source, Failure> {
    let mut copy = crate::probe::probe(tools, File { path: held.path(), name }, stop).await?;
    copy.container.clone_from(&original.container);
    copy.size = original.size;
    if let (Some(copied), Some(video)) = (&mut copy.video, &original.video) {
        copied.bit_rate = video.bit_rate.or(copied.bit_rate);
        copied.scan = video.scan;
        copied.pixel_aspect = video.pixel_aspect;
        copied.turn = video.turn;
    }
    for (copied, audio) in copy.audio.iter_mut().zip(&original.audio) {
        copied.bit_rate = audio.bit_rate;
    }
    Ok(copy)
}

fn missing(name: &str) -> Problem {
    Problem::new(Code::DownloadNotAccessible, format!("'{name}' was not found in the input asset."))
}

/// A failed read of an input.
pub(super) fn input_problem(name: &str, error: millrace_blob::Error) -> Problem {
    use millrace_blob::Error;
    match error {
        Error::BlobNotFound | Error::ContainerNotFound => missing(name),
        Error::Full => Problem::disk_full("copying the input"),
        Error::Io(error) => Problem::io(&format!("Reading '{name}'"), &error),
        other => Problem::new(Code::DownloadTransientError, format!("'{name}' could not be read: {other}.")),
    }
}
