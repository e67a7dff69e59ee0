//! `esds`: MPEG-4 descriptors around a decoder's configuration (ISO/IEC 14496-1 §7.2.6).

use bytes::Bytes;

use crate::atom::{Atom, Fields};
use crate::{ParseError, Problem};

/// What an elementary stream descriptor says about the codec.
pub(super) struct Esds {
    pub(super) object_type: u8,
    pub(super) specific: Option<Bytes>,
}

impl Esds {
    /// `source` is the buffer that `atom` was read from, so that the configuration can be kept without copying.
    pub(super) fn parse(atom: &Atom<'_>, source: &Bytes) -> Result<Self, ParseError> {
        let (_, _, mut fields) = atom.full()?;
        enter(atom, &mut fields, 0x03)?;
        fields.skip(2)?;
        let flags = fields.u8()?;
        if flags & 0x80 != 0 {
            fields.skip(2)?;
        }
        if flags & 0x40 != 0 {
            let url = fields.u8()?;
            fields.skip(usize::from(url))?;
        }
        if flags & 0x20 != 0 {
            fields.skip(2)?;
        }
        enter(atom, &mut fields, 0x04)?;
        let object_type = fields.u8()?;
        fields.skip(12)?;
        // MP3 has no decoder specific information: the next descriptor is then another one, or none.
        let specific = match descriptor(&mut fields) {
            Ok((0x05, len)) => Some(source.slice_ref(fields.bytes(len)?)),
            _ => None,
        };
        Ok(Self { object_type, specific })
    }
}

fn enter(atom: &Atom<'_>, fields: &mut Fields<'_>, tag: u8) -> Result<(), ParseError> {
    match descriptor(fields)? {
        (found, _) if found == tag => Ok(()),
        _ => Err(atom.error(Problem::Invalid("a descriptor out of order"))),
    }
}

/// Tag and length; a length has at most four bytes of seven bits.
fn descriptor(fields: &mut Fields<'_>) -> Result<(u8, usize), ParseError> {
    let tag = fields.u8()?;
    let mut len = 0;
    for _ in 0..4 {
        let byte = fields.u8()?;
        len = len << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok((tag, len))
}
