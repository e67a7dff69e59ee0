//! Read buffers that are used again: a fresh large buffer costs page faults and zeroing, more than the read itself.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Bytes of one buffer: large enough to make a system call cheap, small enough to stay in the second-level cache between
/// the copy in and the copy out to the socket.
pub(crate) const CHUNK: usize = 256 << 10;
/// Buffers kept when idle: 8 MiB.
const KEPT: usize = 32;

/// A bounded stock of buffers of [`CHUNK`] bytes.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: Mutex<Vec<Vec<u8>>>,
}

impl Pool {
    /// A buffer of exactly `length` bytes (at most [`CHUNK`]), with whatever was in it before.
    pub(crate) fn take(self: &Arc<Self>, length: usize) -> Buffer {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Buffer {
            bytes: idle.unwrap_or_else(|| vec![0; CHUNK]),
            length: length.min(CHUNK),
            pool: Arc::clone(self),
        }
    }
}

/// A buffer on loan; goes back when the last [`Bytes`] over it is dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    length: usize,
    pool: Arc<Pool>,
}

impl Buffer {
    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        let length = self.length;
        self.bytes.get_mut(..length).unwrap_or_default()
    }

    pub(crate) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_and_the_stock_is_bounded() {
        let pool = Arc::new(Pool::default());
        let out: Vec<_> = (0..KEPT + 5).map(|_| pool.take(10).freeze()).collect();
        assert!(out.iter().all(|bytes| bytes.len() == 10));
        drop(out);
        assert_eq!(pool.idle.lock().unwrap().len(), KEPT);
        drop(pool.take(CHUNK * 2));
        assert_eq!(pool.take(CHUNK * 2).freeze().len(), CHUNK);
    }
}
