//! Settings of the encoder.

use std::path::PathBuf;

use crate::ffmpeg::Tools;
use crate::plan::ChunkLengths;

/// AMS's limit of one input file.
const MAX_INPUT: u64 = 260 << 30;

/// Settings of the encoder.
#[derive(Debug, Clone)]
pub struct Config {
    /// Programs and limits of children.
    pub tools: Tools,
    /// A directory of the encoder's own, on a disk with room for inputs from the web and for chunks.
    pub scratch: PathBuf,
    /// Chunks encoded at a time.
    pub encoders: usize,
    /// How long chunks are.
    pub lengths: ChunkLengths,
    /// Whether inputs from the web may be on loopback, link-local and private addresses.
    pub allow_private_targets: bool,
    /// Bytes of one input at most.
    pub max_input: u64,
}

impl Config {
    /// Usual settings with scratch space in a directory, for a machine with so many processors.
    ///
    /// An encoder of several renditions keeps about four processors busy.
    pub fn new(scratch: impl Into<PathBuf>, processors: usize) -> Config {
        Config {
            tools: Tools::default(),
            scratch: scratch.into(),
            encoders: (processors / 4).max(1),
            lengths: ChunkLengths::default(),
            allow_private_targets: false,
            max_input: MAX_INPUT,
        }
    }

    /// Folder of inputs that were fetched or copied: kept over a restart, for the jobs that need them.
    pub(super) fn inputs(&self) -> PathBuf {
        self.scratch.join("inputs")
    }

    /// Folder of children's files: worth nothing after a restart.
    pub(super) fn chunks(&self) -> PathBuf {
        self.scratch.join("chunks")
    }

    pub(super) fn prepare_scratch(&self) -> std::io::Result<()> {
        match std::fs::remove_dir_all(self.chunks()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        std::fs::create_dir_all(self.chunks())?;
        std::fs::create_dir_all(self.inputs())
    }
}
