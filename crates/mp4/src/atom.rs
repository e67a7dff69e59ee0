//! A box in a buffer: its children and its fields, each knowing where it stands for error messages.

use millrace_media::FourCc;

use crate::{BoxHeader, BoxPath, ParseError, Problem};

/// A whole box within bytes at hand.
#[derive(Clone, Copy)]
pub(crate) struct Atom<'a> {
    pub(crate) kind: FourCc,
    pub(crate) uuid: Option<[u8; 16]>,
    pub(crate) path: BoxPath,
    /// Where the box begins, counted from what the caller called zero.
    pub(crate) offset: u64,
    /// The box with its header.
    pub(crate) whole: &'a [u8],
    /// The box without it.
    pub(crate) body: &'a [u8],
}

impl<'a> Atom<'a> {
    /// The box at the start of `data`, which lies at `offset` of the file.
    pub(crate) fn first(data: &'a [u8], offset: u64) -> Result<Self, ParseError> {
        let mut boxes = Atoms { rest: data, offset, path: BoxPath::ROOT };
        let truncated = Problem::Truncated { needed: 8, left: data.len() as u64 };
        boxes.next().unwrap_or(Err(ParseError { path: BoxPath::ROOT, offset, problem: truncated }))
    }

    /// The box at the start of `data`, which has to be of this kind.
    pub(crate) fn expect(data: &'a [u8], offset: u64, kind: &[u8; 4]) -> Result<Self, ParseError> {
        let atom = Self::first(data, offset)?;
        if atom.kind == FourCc::new(kind) {
            Ok(atom)
        } else {
            Err(atom.error(Problem::Unexpected(FourCc::new(kind))))
        }
    }

    /// Boxes within, from the start of the body.
    pub(crate) fn children(&self) -> Atoms<'a> {
        self.children_after(0)
    }

    /// Boxes within, behind `skip` bytes of fields.
    pub(crate) fn children_after(&self, skip: usize) -> Atoms<'a> {
        let rest = self.body.get(skip..).unwrap_or_default();
        Atoms { rest, offset: self.end() - rest.len() as u64, path: self.path }
    }

    /// The first box of this kind within.
    pub(crate) fn child(&self, kind: &[u8; 4]) -> Result<Option<Atom<'a>>, ParseError> {
        for child in self.children() {
            let child = child?;
            if child.kind.0 == *kind {
                return Ok(Some(child));
            }
        }
        Ok(None)
    }

    /// The first box of this kind within, which has to be there.
    pub(crate) fn require(&self, kind: &[u8; 4]) -> Result<Atom<'a>, ParseError> {
        self.child(kind)?.ok_or_else(|| self.error(Problem::Missing(FourCc::new(kind))))
    }

    /// The body as fields.
    pub(crate) fn fields(&self) -> Fields<'a> {
        Fields { atom: *self, rest: self.body }
    }

    /// Version, flags and the fields after them (§4.2, `FullBox`).
    pub(crate) fn full(&self) -> Result<(u8, u32, Fields<'a>), ParseError> {
        let mut fields = self.fields();
        let word = fields.u32()?;
        Ok(((word >> 24) as u8, word & 0x00ff_ffff, fields))
    }

    pub(crate) fn error(&self, problem: impl Into<Problem>) -> ParseError {
        ParseError { path: self.path, offset: self.offset, problem: problem.into() }
    }

    fn end(&self) -> u64 {
        self.offset + self.whole.len() as u64
    }
}

/// Boxes one after another. Ends at the first error, and quietly at a tail too short for a box or the zeros with which
/// QuickTime ends a list.
pub(crate) struct Atoms<'a> {
    rest: &'a [u8],
    offset: u64,
    path: BoxPath,
}

impl<'a> Atoms<'a> {
    pub(crate) fn of(data: &'a [u8], offset: u64) -> Self {
        Self { rest: data, offset, path: BoxPath::ROOT }
    }

    fn take(&mut self) -> Result<Option<Atom<'a>>, Problem> {
        let left = self.rest.len() as u64;
        let header = match BoxHeader::parse(self.rest) {
            Ok(Some(header)) => header,
            Ok(None) if left < 8 => return Ok(None),
            Ok(None) => return Err(Problem::Truncated { needed: BoxHeader::MAX_LEN as u64, left }),
            Err(error) => return Err(Problem::BadSize { size: error.size, left }),
        };
        if header.kind.0 == [0; 4] {
            return Ok(None);
        }
        let size = header.size.unwrap_or(left);
        let split = usize::try_from(size).ok().and_then(|size| self.rest.split_at_checked(size));
        let (whole, rest) = split.ok_or(Problem::BadSize { size, left })?;
        let too_deep =
            Problem::TooMany { what: "boxes within boxes", limit: crate::limits::MAX_DEPTH as u64 };
        let path = self.path.join(header.kind).ok_or(too_deep)?;
        let body = whole.get(usize::from(header.header_len)..).unwrap_or_default();
        let atom = Atom { kind: header.kind, uuid: header.uuid, path, offset: self.offset, whole, body };
        self.rest = rest;
        self.offset += size;
        Ok(Some(atom))
    }
}

impl<'a> Iterator for Atoms<'a> {
    type Item = Result<Atom<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let taken = self.take();
        if !matches!(taken, Ok(Some(_))) {
            self.rest = &[];
        }
        taken.map_err(|problem| ParseError { path: self.path, offset: self.offset, problem }).transpose()
    }
}

/// Fields of a box, read in order.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    atom: Atom<'a>,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn u8(&mut self) -> Result<u8, ParseError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, ParseError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, ParseError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, ParseError> {
        self.array().map(i32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, ParseError> {
        self.array().map(u64::from_be_bytes)
    }

    /// 64 bits in later versions of a box, 32 in version 0.
    pub(crate) fn word(&mut self, version: u8) -> Result<u64, ParseError> {
        if version == 0 { self.u32().map(u64::from) } else { self.u64() }
    }

    pub(crate) fn fourcc(&mut self) -> Result<FourCc, ParseError> {
        self.array().map(FourCc)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], ParseError> {
        match self.rest.split_first_chunk::<N>() {
            Some((array, rest)) => {
                self.rest = rest;
                Ok(*array)
            }
            None => Err(self.truncated(N as u64)),
        }
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], ParseError> {
        match self.rest.split_at_checked(count) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(self.truncated(count as u64)),
        }
    }

    /// A table of `count` entries of `entry` bytes.
    pub(crate) fn table(&mut self, count: u32, entry: usize) -> Result<&'a [u8], ParseError> {
        let needed = u64::from(count) * entry as u64;
        match usize::try_from(needed) {
            Ok(needed) => self.bytes(needed),
            Err(_) => Err(self.truncated(needed)),
        }
    }

    pub(crate) fn skip(&mut self, count: usize) -> Result<(), ParseError> {
        self.bytes(count).map(|_| ())
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn truncated(&self, needed: u64) -> ParseError {
        let left = self.rest.len() as u64;
        ParseError {
            path: self.atom.path,
            offset: self.atom.end() - left,
            problem: Problem::Truncated { needed, left },
        }
    }
}
