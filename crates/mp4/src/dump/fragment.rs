//! Fields of the boxes of fragments and their indexes.

use std::fmt::Write;

use super::hex;
use crate::ParseError;
use crate::atom::{Atom, Fields};
use crate::read::{TFRF, TFXD};

pub(super) fn fields(atom: &Atom<'_>) -> Result<String, ParseError> {
    let (version, flags, mut fields) = match &atom.kind.0 {
        b"uuid" => return extended(atom),
        _ => atom.full()?,
    };
    match &atom.kind.0 {
        b"mfhd" => Ok(format!("sequence {}", fields.u32()?)),
        b"tfdt" => Ok(format!("time {}", fields.word(version)?)),
        b"tfhd" => track(flags, fields),
        b"trun" => run(version, flags, fields),
        b"sidx" => segment_index(version, fields),
        b"tfra" => access(version, fields),
        b"mfro" => Ok(format!("size {}", fields.u32()?)),
        _ => Ok(String::new()),
    }
}

fn track(flags: u32, mut fields: Fields<'_>) -> Result<String, ParseError> {
    let mut text = format!("flags {flags:#x} track {}", fields.u32()?);
    if flags & 0x1 != 0 {
        let _ = write!(text, " base {}", fields.u64()?);
    }
    for (flag, name) in [(0x2, "entry"), (0x8, "duration"), (0x10, "size")] {
        if flags & flag != 0 {
            let _ = write!(text, " {name} {}", fields.u32()?);
        }
    }
    if flags & 0x20 != 0 {
        let _ = write!(text, " sample_flags {:#x}", fields.u32()?);
    }
    Ok(text)
}

fn run(version: u8, flags: u32, mut fields: Fields<'_>) -> Result<String, ParseError> {
    let count = fields.u32()?;
    let mut text = format!("version {version} flags {flags:#x} samples {count}");
    if flags & 0x1 != 0 {
        let _ = write!(text, " data_offset {}", fields.i32()?);
    }
    if flags & 0x4 != 0 {
        let _ = write!(text, " first_flags {:#x}", fields.u32()?);
    }
    if flags & 0xf00 == 0 {
        return Ok(text);
    }
    for _ in 0..count {
        text.push('\n');
        for (flag, name) in [(0x100, "duration"), (0x200, "size"), (0x400, "flags"), (0x800, "cto")] {
            if flags & flag == 0 {
                continue;
            }
            let value = fields.u32()?;
            let _ = match name {
                "flags" => write!(text, "{name} {value:#x} "),
                "cto" if version > 0 => write!(text, "{name} {} ", value as i32),
                _ => write!(text, "{name} {value} "),
            };
        }
        text.truncate(text.trim_end_matches(' ').len());
    }
    Ok(text)
}

fn segment_index(version: u8, mut fields: Fields<'_>) -> Result<String, ParseError> {
    let (track, timescale) = (fields.u32()?, fields.u32()?);
    let (time, first) = (fields.word(version)?, fields.word(version)?);
    fields.skip(2)?;
    let count = fields.u16()?;
    let mut text =
        format!("track {track} timescale {timescale} time {time} first_offset {first} references {count}");
    for _ in 0..count {
        let (size, duration, sap) = (fields.u32()?, fields.u32()?, fields.u32()?);
        let _ = write!(text, "\nsize {size} duration {duration} sap {sap:#x}");
    }
    Ok(text)
}

fn access(version: u8, mut fields: Fields<'_>) -> Result<String, ParseError> {
    let (track, lengths, count) = (fields.u32()?, fields.u32()?, fields.u32()?);
    let mut text = format!("track {track} entries {count}");
    let numbers = [lengths >> 4 & 3, lengths >> 2 & 3, lengths & 3].iter().map(|len| *len as usize + 1).sum();
    for _ in 0..count {
        let (time, offset) = (fields.word(version)?, fields.word(version)?);
        let _ = write!(text, "\ntime {time} moof {offset} at {}", hex(fields.bytes(numbers)?));
    }
    Ok(text)
}

fn extended(atom: &Atom<'_>) -> Result<String, ParseError> {
    match atom.uuid {
        Some(TFXD) => {
            let (version, _, mut fields) = atom.full()?;
            Ok(format!("tfxd time {} duration {}", fields.word(version)?, fields.word(version)?))
        }
        Some(TFRF) => {
            let (version, _, mut fields) = atom.full()?;
            let count = fields.u8()?;
            let mut text = format!("tfrf fragments {count}");
            for _ in 0..count {
                let _ = write!(text, "\ntime {} duration {}", fields.word(version)?, fields.word(version)?);
            }
            Ok(text)
        }
        other => Ok(hex(&other.unwrap_or_default())),
    }
}
