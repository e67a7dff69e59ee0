//! An answer as a list of pieces: bytes that are there and ranges of objects that are not.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;

use crate::TrackIndex;

/// A range of a named object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Blob name.
    pub object: Arc<str>,
    /// First byte.
    pub offset: u64,
    /// Bytes, at least 1.
    pub len: u64,
}

/// Part of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes made for it.
    Bytes(Bytes),
    /// Bytes that lie in an object.
    Stored(Extent),
}

/// The bytes of an answer: the concatenation of its pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    pieces: Vec<Piece>,
    len: u64,
}

impl Piece {
    /// Bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stored(extent) => extent.len,
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `range` has to lie inside.
    fn slice(&self, range: Range<u64>) -> Self {
        match self {
            Self::Bytes(bytes) => {
                // Inside the piece, so inside usize.
                let (start, end) = (range.start as usize, range.end as usize);
                Self::Bytes(bytes.slice(start.min(bytes.len())..end.min(bytes.len())))
            }
            Self::Stored(extent) => Self::Stored(Extent {
                object: extent.object.clone(),
                offset: extent.offset + range.start,
                len: range.end - range.start,
            }),
        }
    }
}

impl Body {
    /// A body of bytes alone.
    pub fn from_bytes(bytes: Bytes) -> Self {
        let mut body = Self::default();
        body.push_bytes(bytes);
        body
    }

    /// All bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Pieces in order; none is empty.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Ranges of objects in order, without the bytes between them.
    pub fn extents(&self) -> impl Iterator<Item = &Extent> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Stored(extent) => Some(extent),
            Piece::Bytes(_) => None,
        })
    }

    /// The part of it that an HTTP range asks for. What lies beyond the end is left out.
    pub fn slice(&self, range: Range<u64>) -> Self {
        let (mut part, mut at) = (Self::default(), 0);
        for piece in &self.pieces {
            let end = at + piece.len();
            let (from, to) = (range.start.max(at), range.end.min(end));
            if from < to {
                part.push(piece.slice(from - at..to - at));
            }
            at = end;
        }
        part
    }

    pub(super) fn push_bytes(&mut self, bytes: Bytes) {
        self.push(Piece::Bytes(bytes));
    }

    /// Adds a piece. A range that goes on where the last one ends becomes one with it.
    pub(super) fn push(&mut self, piece: Piece) {
        if piece.is_empty() {
            return;
        }
        self.len += piece.len();
        match (self.pieces.last_mut(), piece) {
            (Some(Piece::Stored(last)), Piece::Stored(next)) if last.is_followed_by(&next) => {
                last.len += next.len;
            }
            (_, piece) => self.pieces.push(piece),
        }
    }

    /// Adds the bytes `range` of the fragment at `row`.
    pub(super) fn push_fragment(&mut self, index: &TrackIndex, row: usize, range: Range<u64>) {
        let mut at = 0;
        for extent in index.extents(row) {
            let end = at + u64::from(extent.len);
            let (from, to) = (range.start.max(at), range.end.min(end));
            if let (true, Some(object)) = (from < to, index.objects().get(extent.object as usize)) {
                let offset = extent.offset + (from - at);
                self.push(Piece::Stored(Extent { object: object.clone(), offset, len: to - from }));
            }
            at = end;
        }
    }
}

impl Extent {
    fn is_followed_by(&self, next: &Self) -> bool {
        self.object == next.object && self.offset.checked_add(self.len) == Some(next.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(object: &str, offset: u64, len: u64) -> Piece {
        Piece::Stored(Extent { object: object.into(), offset, len })
    }

    fn body() -> Body {
        let mut body = Body::from_bytes(Bytes::from_static(b"head"));
        for piece in [stored("a", 100, 10), stored("a", 110, 10), stored("b", 0, 5), stored("b", 9, 0)] {
            body.push(piece);
        }
        body
    }

    #[test]
    fn neighbours_are_one_range() {
        let body = body();
        assert_eq!(body.len(), 29);
        let head = Piece::Bytes(Bytes::from_static(b"head"));
        assert_eq!(body.pieces(), [head, stored("a", 100, 20), stored("b", 0, 5)]);
    }

    #[test]
    fn any_range_is_a_body() {
        let check = |range, expected: &[Piece]| assert_eq!(body().slice(range).pieces(), expected);
        check(0..29, body().pieces());
        check(2..5, &[Piece::Bytes(Bytes::from_static(b"ad")), stored("a", 100, 1)]);
        check(23..26, &[stored("a", 119, 1), stored("b", 0, 2)]);
        check(28..1000, &[stored("b", 4, 1)]);
        check(29..30, &[]);
        check(0..0, &[]);
    }
}
