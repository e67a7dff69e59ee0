//! Bytes that were read in several buffers, looked at as if they were in one.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

/// The concatenation of buffers, none of which is copied.
#[derive(Clone, Debug, Default)]
pub struct Rope {
    /// Each with the place at which it begins; none is empty.
    chunks: Vec<(usize, Bytes)>,
    len: usize,
}

impl Rope {
    /// Adds a buffer at the end.
    pub fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            let at = self.len;
            self.len += bytes.len();
            self.chunks.push((at, bytes));
        }
    }

    /// All bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes of a range, without a copy where one buffer has them all; `None` beyond the end.
    pub fn slice(&self, range: Range<usize>) -> Option<Bytes> {
        if range.start > range.end || range.end > self.len {
            return None;
        }
        let first = self.chunks.partition_point(|(at, bytes)| at + bytes.len() <= range.start);
        let within = self.chunks.get(first..).unwrap_or_default();
        let part = |(at, bytes): &(usize, Bytes)| {
            let from = range.start.max(*at) - at;
            let to = range.end.min(at + bytes.len()) - at;
            bytes.slice(from.min(to)..to)
        };
        match within.first() {
            Some(chunk) if range.end <= chunk.0 + chunk.1.len() => Some(part(chunk)),
            _ => {
                let mut all = BytesMut::with_capacity(range.len());
                let reached = within.iter().take_while(|(at, _)| *at < range.end);
                reached.for_each(|chunk| all.extend_from_slice(&part(chunk)));
                Some(all.freeze())
            }
        }
    }
}

impl From<Bytes> for Rope {
    fn from(bytes: Bytes) -> Self {
        let mut rope = Self::default();
        rope.push(bytes);
        rope
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_slice_does_not_tell_where_buffers_end(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..6), 0..6),
            start in 0usize..32,
            length in 0usize..32,
        ) {
            let mut rope = Rope::default();
            chunks.iter().for_each(|chunk| rope.push(Bytes::copy_from_slice(chunk)));
            let all = chunks.concat();
            prop_assert_eq!(rope.len(), all.len());
            let expected = all.get(start..start + length).map(Bytes::copy_from_slice);
            prop_assert_eq!(rope.slice(start..start + length), expected);
        }
    }

    #[test]
    fn what_lies_in_one_buffer_is_not_copied() {
        let buffers = [Bytes::from_static(b"abc"), Bytes::from_static(b"defg")];
        let mut rope = Rope::default();
        buffers.iter().for_each(|bytes| rope.push(bytes.clone()));
        let inside = rope.slice(4..7).unwrap();
        assert_eq!(inside.as_ptr(), buffers[1][1..].as_ptr());
        assert_eq!(rope.slice(2..4).unwrap(), "cd");
    }
}
