//! Walking a sample table, sample by sample.

use super::SampleTable;
use super::sample_table::entry;
use crate::limits::MAX_SAMPLES;
use crate::{ParseError, Problem};

/// One sample as the tables describe it. Times are media time in ticks of the track, before the edit list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleInfo {
    /// Decode time, 0 for the first.
    pub dts: i64,
    /// Composition time minus decode time.
    pub cto: i64,
    /// Ticks until the next sample is decoded.
    pub duration: u32,
    /// Bytes.
    pub size: u32,
    /// Where its bytes begin in the file.
    pub offset: u64,
    /// Whether decoding can start here.
    pub key: bool,
    /// Number of its sample entry, from 1.
    pub sample_entry: u32,
}

impl SampleInfo {
    /// Composition time in ticks of the track, before the edit list.
    pub fn pts(&self) -> i64 {
        self.dts.saturating_add(self.cto)
    }
}

/// Samples of a [`SampleTable`] in decode order. Ends after its first error.
#[derive(Clone, Debug)]
pub struct Samples<'a> {
    table: &'a SampleTable,
    index: u32,
    dts: i64,
    durations: Runs<'a>,
    offsets: Runs<'a>,
    keys: Keys<'a>,
    chunks: ChunkWalk<'a>,
}

impl<'a> Samples<'a> {
    pub(super) fn new(table: &'a SampleTable) -> Self {
        Self {
            table,
            index: 0,
            dts: 0,
            durations: Runs::new(&table.durations),
            offsets: Runs::new(&table.offsets),
            keys: Keys { numbers: table.keys.as_deref(), at: 0 },
            chunks: ChunkWalk::new(table),
        }
    }

    fn read(&mut self) -> Result<SampleInfo, ParseError> {
        let table = self.table;
        if self.index >= MAX_SAMPLES {
            let problem = Problem::TooMany { what: "samples in a track", limit: MAX_SAMPLES.into() };
            return Err(ParseError { path: table.path, offset: table.offset, problem });
        }
        let size = table.sizes.get(self.index).ok_or_else(|| table.error("fewer sizes than samples"))?;
        let duration = self.durations.next().ok_or_else(|| table.error("fewer durations than samples"))?;
        // Offsets may be absent altogether, and some files leave them out for the last samples.
        let cto = self.offsets.next().map_or(0, |offset| i64::from(offset as i32));
        let offset = self.chunks.next(size)?;
        let number = self.index + 1;
        let (key, sample_entry) = (self.keys.contains(number), self.chunks.sample_entry);
        let sample = SampleInfo { dts: self.dts, cto, duration, size, offset, key, sample_entry };
        self.dts += i64::from(duration);
        Ok(sample)
    }
}

impl Iterator for Samples<'_> {
    type Item = Result<SampleInfo, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.index >= self.table.count {
            return None;
        }
        let sample = self.read();
        self.index = if sample.is_ok() { self.index + 1 } else { self.table.count };
        Some(sample)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some((self.table.count - self.index) as usize))
    }
}

/// Run-length pairs of (count, value).
#[derive(Clone, Debug)]
struct Runs<'a> {
    pairs: std::slice::Iter<'a, [u8; 8]>,
    left: u32,
    value: u32,
}

impl<'a> Runs<'a> {
    fn new(table: &'a [u8]) -> Self {
        Self { pairs: table.as_chunks().0.iter(), left: 0, value: 0 }
    }

    fn next(&mut self) -> Option<u32> {
        while self.left == 0 {
            let [a, b, c, d, value @ ..] = *self.pairs.next()?;
            self.left = u32::from_be_bytes([a, b, c, d]);
            self.value = u32::from_be_bytes(value);
        }
        self.left -= 1;
        Some(self.value)
    }
}

/// Ascending numbers of key samples.
#[derive(Clone, Debug)]
struct Keys<'a> {
    numbers: Option<&'a [u8]>,
    at: usize,
}

impl Keys<'_> {
    fn contains(&mut self, number: u32) -> bool {
        let Some(numbers) = self.numbers else { return true };
        while let Some(key) = entry::<4>(numbers, self.at).map(u32::from_be_bytes) {
            if key >= number {
                return key == number;
            }
            self.at += 1;
        }
        false
    }
}

/// Chunk after chunk, and the samples within each.
#[derive(Clone, Debug)]
struct ChunkWalk<'a> {
    table: &'a SampleTable,
    runs: &'a [[u8; 12]],
    run: usize,
    /// Number of the chunk after the current one, from 0.
    next_chunk: u32,
    per_chunk: u32,
    left: u32,
    position: u64,
    sample_entry: u32,
}

impl<'a> ChunkWalk<'a> {
    fn new(table: &'a SampleTable) -> Self {
        let runs = table.chunk_runs.as_chunks().0;
        Self { table, runs, run: 0, next_chunk: 0, per_chunk: 0, left: 0, position: 0, sample_entry: 1 }
    }

    /// The offset of the next sample, which has `size` bytes.
    fn next(&mut self, size: u32) -> Result<u64, ParseError> {
        while self.left == 0 {
            self.enter_chunk()?;
        }
        self.left -= 1;
        let offset = self.position;
        let end = offset.checked_add(size.into());
        self.position = end.ok_or_else(|| self.table.error("a sample beyond the end of any file"))?;
        Ok(offset)
    }

    fn enter_chunk(&mut self) -> Result<(), ParseError> {
        while let Some((first, per_chunk, sample_entry)) = self.runs.get(self.run).map(chunk_run) {
            if u64::from(first) > u64::from(self.next_chunk) + 1 {
                break;
            }
            (self.per_chunk, self.sample_entry) = (per_chunk, sample_entry);
            self.run += 1;
        }
        let offset = self.table.chunks.get(self.next_chunk);
        self.position = offset.ok_or_else(|| self.table.error("fewer chunks than samples"))?;
        self.next_chunk += 1;
        self.left = self.per_chunk;
        Ok(())
    }
}

fn chunk_run(run: &[u8; 12]) -> (u32, u32, u32) {
    let word = |at: usize| entry::<4>(run, at).map_or(0, u32::from_be_bytes);
    (word(0), word(1), word(2))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::BoxPath;
    use crate::read::sample_table::{Chunks, Sizes};

    fn words(words: &[u32]) -> Bytes {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn a_huge_count_of_uniform_samples_ends_at_the_limit() {
        let table = SampleTable {
            path: BoxPath::ROOT,
            offset: 0,
            count: u32::MAX,
            sizes: Sizes::Uniform(4),
            durations: words(&[u32::MAX, 1]),
            offsets: Bytes::new(),
            chunk_runs: words(&[1, u32::MAX, 1]),
            chunks: Chunks::Short(words(&[1000])),
            keys: None,
        };
        let mut samples = Samples { index: MAX_SAMPLES - 1, ..Samples::new(&table) };
        assert!(samples.next().is_some_and(|sample| sample.is_ok()));
        let error = samples.next().and_then(Result::err).map(|error| error.problem);
        assert_eq!(error, Some(Problem::TooMany { what: "samples in a track", limit: MAX_SAMPLES.into() }));
        assert_eq!(samples.next(), None);
    }
}
