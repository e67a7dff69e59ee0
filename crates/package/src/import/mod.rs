//! Foreign MP4 files made into tracks without touching their media.
//!
//! An [`Importer`] asks for ranges of files and is given them, until it has seen where all samples are. Then it cuts them
//! into fragments at their key frames, writes a CMAF head for each (the *heads* object), and makes an index in which a
//! fragment is its head and then the ranges of the source that hold its samples.
//!
//! Heads are made for fragmented sources too: their own may count from the start of the file, hold several tracks, leave
//! times to be guessed or need an edit list, and a head of ours costs a kilobyte.
//!
//! ```text
//! while let Some(need) = importer.need() { importer.feed(read(need.file, need.offset, need.len))?; }
//! let import = importer.finish()?;
//! ```

mod build;
mod ism;
mod scan;
mod select;
mod source;
mod survey;

use bytes::Bytes;
use millrace_mp4::{ParseError, write::WriteError};

use crate::{
    FragmentError, TrackIndex,
    index::{AppendError, DecodeError},
};
use scan::{Progress, Scan, Scanned};

pub use ism::{IsmError, IsmTrack, MAX_ISM, parse_ism};
pub use scan::ScanError;

/// Most files of one title: a ladder, languages, and room.
pub const MAX_FILES: usize = 128;
/// Most samples of all tracks together: 24 h of ten video tracks at 60 frames per second would be 52 million, and a file
/// that claims more asks for hours of work.
pub const MAX_SAMPLES: u64 = 64 << 20;
/// Most bytes of heads of all tracks together: 24 h of 20 tracks at 1 KB per 2 s have 900 MB, 2 h 72 MB.
pub const MAX_HEADS: u64 = 1 << 30;

/// A file that may belong to the title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceBlob {
    /// Blob name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// What tells this version of it from any other.
    pub etag: String,
}

/// Bytes that are needed next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need<'a> {
    /// Blob name.
    pub file: &'a str,
    /// First byte.
    pub offset: u64,
    /// Bytes, at least 1 and never beyond the end of the file.
    pub len: u64,
}

/// A title made of foreign files.
#[derive(Debug)]
pub struct Import {
    /// Video first, then audio, in the order of the server manifest or of the files.
    pub tracks: Vec<ImportedTrack>,
    /// What a user should know.
    pub warnings: Vec<ImportWarning>,
}

/// One track, its index complete.
#[derive(Debug)]
pub struct ImportedTrack {
    /// The index. Its objects are [`heads_blob`](crate::pointer::heads_blob) of its key and the source file.
    pub index: TrackIndex,
    /// Content of the heads object.
    pub heads: Bytes,
}

/// Something about a file that does not keep the title from playing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportWarning {
    /// A track is left out.
    #[error("{file}: track {track} is {codec}, which cannot be streamed")]
    Unsupported {
        /// Blob name.
        file: String,
        /// Number of the track.
        track: u32,
        /// RFC 6381 string.
        codec: String,
    },
    /// Samples are missing at the end.
    #[error("{file} is cut short; what is there plays")]
    Truncated {
        /// Blob name.
        file: String,
    },
    /// An edit list that cuts out or repeats parts plays as one stretch.
    #[error("{file}: only the first part of the edit list of track {track} is followed")]
    Edits {
        /// Blob name.
        file: String,
        /// Number of the track.
        track: u32,
    },
    /// Samples with another codec configuration than the first ones.
    #[error("{file}: track {track} changes its codec configuration, which players may not follow")]
    SampleEntries {
        /// Blob name.
        file: String,
        /// Number of the track.
        track: u32,
    },
    /// Its key frames are not where those of the first video are, so players cannot switch to it cleanly.
    #[error("the segments of `{track}` do not begin where those of `{reference}` do")]
    Misaligned {
        /// Track name.
        track: String,
        /// Name of the first video.
        reference: String,
    },
    /// A track is left out.
    #[error("{file}: track {track} is left out: {reason}")]
    Unusable {
        /// Blob name.
        file: String,
        /// Number of the track.
        track: u32,
        /// A sentence.
        reason: String,
    },
}

/// Why files do not make a title.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is no file.
    #[error("there is no MP4 file")]
    NoFiles,
    /// More than [`MAX_FILES`].
    #[error("{0} files are more than a title can have")]
    TooManyFiles(usize),
    /// The server manifest names a file that is not there.
    #[error("the server manifest names `{0}`, which is not there")]
    MissingFile(String),
    /// The server manifest names a track that the file does not have.
    #[error("the server manifest names a track of `{0}` that is not in it")]
    MissingTrack(String),
    /// A file cannot be walked.
    #[error("{file}: {error}")]
    Scan {
        /// Blob name.
        file: String,
        /// Why.
        error: Box<ScanError>,
    },
    /// Bytes of another length than was asked for.
    #[error("{given} bytes were given where {wanted} were asked for")]
    Length {
        /// Bytes asked for.
        wanted: u64,
        /// Bytes given.
        given: u64,
    },
    /// Bytes were given, or the end was asked for, out of turn.
    #[error("the import was driven out of order")]
    OutOfOrder,
    /// No track is left that can be streamed.
    #[error("no track of the files can be streamed{}", reason(.0))]
    NoTracks(Vec<ImportWarning>),
    /// More than [`MAX_SAMPLES`].
    #[error("the files have more samples than can be indexed")]
    TooManySamples,
    /// More than [`MAX_HEADS`].
    #[error("the files have more fragments than can be indexed")]
    TooManyHeads,
    /// A sample table or a fragment that cannot be read.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// Samples that cannot be put into a fragment.
    #[error(transparent)]
    Fragment(#[from] FragmentError),
    /// Fragments that cannot be put into an index.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// An initialization segment cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The initialization segment that was written cannot be read.
    #[error(transparent)]
    Init(#[from] DecodeError),
}

fn reason(warnings: &[ImportWarning]) -> String {
    warnings.first().map_or_else(String::new, |warning| format!(": {warning}"))
}

/// Reads foreign files, sans I/O.
#[derive(Debug)]
pub struct Importer {
    files: Vec<SourceBlob>,
    ism: Option<Vec<IsmTrack>>,
    scanned: Vec<Scanned>,
    current: Option<Current>,
}

/// The file that is being walked.
#[derive(Debug)]
struct Current {
    scan: Scan,
    offset: u64,
    len: u64,
}

impl Importer {
    /// For the `files` of a container, of which a server manifest picks tracks; without one, all tracks of all files.
    pub fn new(files: Vec<SourceBlob>, ism: Option<Vec<IsmTrack>>) -> Result<Self, ImportError> {
        let files = match &ism {
            Some(tracks) => named(&files, tracks)?,
            None => files,
        };
        if files.is_empty() {
            return Err(ImportError::NoFiles);
        }
        if files.len() > MAX_FILES {
            return Err(ImportError::TooManyFiles(files.len()));
        }
        let mut importer = Self { files, ism, scanned: Vec::new(), current: None };
        importer.current = importer.next_file();
        importer.go_on()?;
        Ok(importer)
    }

    /// What is needed next; `None` when all is known.
    pub fn need(&self) -> Option<Need<'_>> {
        let file = self.files.get(self.scanned.len())?;
        let current = self.current.as_ref()?;
        Some(Need { file: &file.name, offset: current.offset, len: current.len })
    }

    /// Takes the bytes of the last [`need`](Self::need).
    pub fn feed(&mut self, bytes: Bytes) -> Result<(), ImportError> {
        let current = self.current.as_mut().ok_or(ImportError::OutOfOrder)?;
        let given = bytes.len() as u64;
        if given != current.len {
            return Err(ImportError::Length { wanted: current.len, given });
        }
        current.scan.feed(current.offset, bytes);
        self.go_on()
    }

    /// Cuts and indexes what was found.
    pub fn finish(self) -> Result<Import, ImportError> {
        if self.current.is_some() {
            return Err(ImportError::OutOfOrder);
        }
        build::build(&self.files, self.ism.as_deref(), &self.scanned)
    }

    /// The first file that has not been walked.
    fn next_file(&self) -> Option<Current> {
        let file = self.files.get(self.scanned.len())?;
        Some(Current { scan: Scan::new(file.size), offset: 0, len: 0 })
    }

    /// Walks on until bytes are needed or all files are walked.
    fn go_on(&mut self) -> Result<(), ImportError> {
        while let Some(mut current) = self.current.take() {
            match current.scan.advance().map_err(|error| self.failed(error))? {
                Progress::Need { offset, len } => {
                    self.current = Some(Current { offset, len, ..current });
                    break;
                }
                Progress::Done => {
                    self.scanned.push(current.scan.finish());
                    self.current = self.next_file();
                }
            }
        }
        Ok(())
    }

    fn failed(&self, error: ScanError) -> ImportError {
        let file = self.files.get(self.scanned.len()).map(|file| file.name.clone()).unwrap_or_default();
        ImportError::Scan { file, error: Box::new(error) }
    }
}

/// The files that a server manifest names, each once, in its order.
fn named(files: &[SourceBlob], tracks: &[IsmTrack]) -> Result<Vec<SourceBlob>, ImportError> {
    let mut named: Vec<SourceBlob> = Vec::new();
    for track in tracks {
        if named.iter().all(|file| file.name != track.file) {
            let file = files.iter().find(|file| file.name == track.file);
            named.push(file.ok_or_else(|| ImportError::MissingFile(track.file.clone()))?.clone());
        }
    }
    Ok(named)
}
