//! A buffer of boxes whose sizes are filled in when they close.

/// Boxes being written. All of them are far below 4 GiB; the one that is not, `mdat`, is written as a bare header.
#[derive(Default)]
pub(crate) struct Boxes(Vec<u8>);

impl Boxes {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub(crate) fn into_bytes(self) -> bytes::Bytes {
        self.0.into()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// A box with what `fill` writes inside.
    pub(crate) fn boxed(&mut self, kind: &[u8; 4], fill: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        self.u32(0);
        self.bytes(kind);
        fill(self);
        let size = (self.0.len() - start) as u32;
        self.patch(start, size);
    }

    /// A box with version and flags.
    pub(crate) fn full(&mut self, kind: &[u8; 4], version: u8, flags: u32, fill: impl FnOnce(&mut Self)) {
        self.boxed(kind, |out| {
            out.u32(u32::from(version) << 24 | flags);
            fill(out);
        });
    }

    /// A `uuid` box with version and flags.
    pub(crate) fn full_uuid(&mut self, uuid: &[u8; 16], version: u8, fill: impl FnOnce(&mut Self)) {
        self.boxed(b"uuid", |out| {
            out.bytes(uuid);
            out.u32(u32::from(version) << 24);
            fill(out);
        });
    }

    /// Writes over four bytes already there.
    pub(crate) fn patch(&mut self, at: usize, value: u32) {
        if let Some(field) = self.0.get_mut(at..at + 4) {
            field.copy_from_slice(&value.to_be_bytes());
        }
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.0.extend_from_slice(value);
    }

    pub(crate) fn zeros(&mut self, count: usize) {
        self.0.resize(self.0.len() + count, 0);
    }
}
