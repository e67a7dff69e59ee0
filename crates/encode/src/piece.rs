//! Pieces: stretches of tracks that are finished and durable, and the records that say so.
//!
//! A piece is one object with consecutive fragments of one track. Its record is written after the object, so a record means
//! that the bytes are there; a piece without a record is made again.

use bytes::Bytes;
use millrace_blob::{Put, Writer};
use millrace_media::{Language, TrackConfig};
use millrace_mp4::write::{TrackInit, init_segment};
use millrace_package::{Fragment, Row};
use serde::{Deserialize, Serialize};

use crate::problem::{Failure, Problem};
use crate::store::{Store, write_problem};

/// Fragments of one track in one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// Blob name.
    pub object: String,
    /// Initialization segment of the track, in hexadecimal digits.
    pub init: String,
    /// Fragments in the order of the object.
    pub rows: Vec<StoredRow>,
    /// Ticks by which decode times in it are later than presentation times at most.
    #[serde(default)]
    pub delay: u32,
}

/// [`Row`] as it is stored: time, duration, size, head size, key size, samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRow(u64, u32, u32, u32, u32, u32);

impl From<Row> for StoredRow {
    fn from(row: Row) -> Self {
        StoredRow(row.time, row.duration, row.size, row.head_size, row.key_size, row.samples)
    }
}

impl From<StoredRow> for Row {
    fn from(row: StoredRow) -> Self {
        Row { time: row.0, duration: row.1, size: row.2, head_size: row.3, key_size: row.4, samples: row.5 }
    }
}

impl Piece {
    /// The initialization segment.
    pub fn init_bytes(&self) -> Option<Bytes> {
        let pairs = self.init.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        pairs.map(byte).collect::<Option<Vec<u8>>>().map(Bytes::from)
    }

    /// Samples in all fragments.
    pub fn samples(&self) -> u64 {
        self.rows.iter().map(|row| u64::from(row.5)).sum()
    }

    /// First tick after the last fragment.
    pub fn end(&self) -> Option<u64> {
        self.rows.last().map(|row| Row::from(*row).end())
    }
}

/// Writes fragments of one track as a piece.
pub struct PieceWriter {
    object: String,
    init: Bytes,
    writer: Writer,
    rows: Vec<StoredRow>,
}

impl PieceWriter {
    /// Opens the object `name` for fragments of this configuration.
    pub async fn open(store: &Store, name: &str, config: &TrackConfig) -> Result<Self, Failure> {
        let init = init_segment(&[TrackInit::new(config)]).map_err(|error| {
            Problem::unsupported(format!(
                "The codec '{}' cannot be kept in an MP4 file that streams: {error}.",
                config.rfc6381()
            ))
        })?;
        let object = store.work(name);
        let writer = store.writer(&object, Put::of_type("video/mp4")).await?;
        Ok(PieceWriter { object, init, writer, rows: Vec::new() })
    }

    /// Adds the next fragment.
    pub async fn write(&mut self, fragment: Fragment) -> Result<(), Failure> {
        self.rows.push(fragment.row.into());
        self.writer.write(fragment.head).await.map_err(write_problem)?;
        for data in fragment.data {
            self.writer.write(data).await.map_err(write_problem)?;
        }
        Ok(())
    }

    /// Fragments so far.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Makes the object durable; `None` if there were no fragments.
    pub async fn finish(self) -> Result<Option<Piece>, Failure> {
        let PieceWriter { object, init, writer, rows } = self;
        if rows.is_empty() {
            return Ok(None);
        }
        writer.finish().await.map_err(write_problem)?;
        let init = init.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Some(Piece { object, init, rows, delay: 0 }))
    }
}

/// Samples that our own encoders made and that no fragment can hold.
pub fn media_problem(error: impl std::fmt::Display) -> Problem {
    Problem::service(format!("The encoder's output cannot be packaged: {error}."))
}

/// The configuration under which a track is stored: number 1, and the language that the plan says.
pub fn stored_config(track: &TrackConfig, id: u32, language: Option<&str>) -> TrackConfig {
    let mut config = track.clone();
    config.id = id;
    config.language = language.and_then(|tag| Language::new(tag).ok()).unwrap_or_default();
    config
}
