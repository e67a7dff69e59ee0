//! Bytes waiting to be read, in the pieces they came in.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// A queue of byte pieces. Taking from within one piece copies nothing.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pieces: VecDeque<Bytes>,
    len: u64,
}

impl Queue {
    pub(super) fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.len += piece.len() as u64;
            self.pieces.push_back(piece);
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Copies the first bytes, as many as there are, into `buffer`; gives how many.
    pub(super) fn peek(&self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        for piece in &self.pieces {
            let free = buffer.get_mut(filled..).unwrap_or_default();
            let count = free.len().min(piece.len());
            for (to, from) in free.iter_mut().zip(piece.iter()) {
                *to = *from;
            }
            filled += count;
            if filled == buffer.len() {
                break;
            }
        }
        filled
    }

    /// The next `count` bytes; `None` when there are not as many yet.
    pub(super) fn take(&mut self, count: usize) -> Option<Bytes> {
        if count as u64 > self.len {
            return None;
        }
        self.len -= count as u64;
        if let Some(front) = self.pieces.front_mut()
            && front.len() >= count
        {
            let taken = front.split_to(count);
            self.drop_empty();
            return Some(taken);
        }
        let mut joined = BytesMut::with_capacity(count);
        while joined.len() < count {
            let front = self.pieces.front_mut()?;
            let part = front.split_to(front.len().min(count - joined.len()));
            joined.extend_from_slice(&part);
            self.drop_empty();
        }
        Some(joined.freeze())
    }

    /// Drops up to `count` bytes; gives how many there were to drop.
    pub(super) fn skip(&mut self, count: u64) -> u64 {
        let mut left = count.min(self.len);
        let skipped = left;
        self.len -= skipped;
        while let Some(front) = self.pieces.front_mut().filter(|_| left > 0) {
            let part = usize::try_from(left).unwrap_or(usize::MAX).min(front.len());
            let _ = front.split_to(part);
            left -= part as u64;
            self.drop_empty();
        }
        skipped
    }

    fn drop_empty(&mut self) {
        while self.pieces.front().is_some_and(Bytes::is_empty) {
            self.pieces.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(pieces: &[&'static str]) -> Queue {
        let mut queue = Queue::default();
        pieces.iter().for_each(|piece| queue.push(Bytes::from_static(piece.as_bytes())));
        queue
    }

    #[test]
    fn takes_across_pieces() {
        let mut queue = queue(&["abc", "", "de", "fgh"]);
        assert_eq!(queue.take(2).as_deref(), Some(&b"ab"[..]));
        assert_eq!(queue.take(4).as_deref(), Some(&b"cdef"[..]));
        assert_eq!(queue.take(3), None, "two are left");
        assert_eq!(queue.take(2).as_deref(), Some(&b"gh"[..]));
        assert_eq!((queue.len(), queue.take(0)), (0, Some(Bytes::new())));
    }

    #[test]
    fn peeks_and_skips() {
        let mut queue = queue(&["abc", "de"]);
        let mut buffer = [0; 4];
        assert_eq!((queue.peek(&mut buffer), &buffer), (4, b"abcd"));
        assert_eq!((queue.skip(4), queue.len()), (4, 1));
        assert_eq!((queue.peek(&mut buffer), queue.skip(9), queue.len()), (1, 1, 0));
    }
}
