//! Fields of the boxes of a `moov`.

use std::fmt::Write;

use super::hex;
use crate::ParseError;
use crate::atom::Atom;

pub(super) fn fields(atom: &Atom<'_>) -> Result<String, ParseError> {
    match &atom.kind.0 {
        b"mvhd" | b"mdhd" => clock(atom),
        b"tkhd" => track(atom),
        b"hdlr" => handler(atom),
        b"elng" => Ok(name(atom.full()?.2.rest())),
        b"elst" => edits(atom),
        b"mehd" => {
            let (version, _, mut fields) = atom.full()?;
            Ok(format!("duration {}", fields.word(version)?))
        }
        b"trex" => numbers(atom, &["track", "entry", "duration", "size", "flags"]),
        b"stsd" | b"stts" | b"ctts" | b"stsc" | b"stco" | b"co64" | b"stss" | b"dref" => {
            numbers(atom, &["entries"])
        }
        b"stsz" => numbers(atom, &["size", "samples"]),
        b"avc1" | b"avc3" | b"hvc1" | b"hev1" | b"vp09" | b"av01" => picture(atom),
        b"mp4a" | b"Opus" | b"ac-3" | b"ec-3" => sound(atom),
        b"avcC" | b"hvcC" | b"vpcC" | b"av1C" | b"esds" | b"dOps" | b"dac3" | b"dec3" => Ok(hex(atom.body)),
        b"pasp" => {
            let mut fields = atom.fields();
            Ok(format!("{}:{}", fields.u32()?, fields.u32()?))
        }
        b"colr" => colour(atom),
        _ => Ok(String::new()),
    }
}

/// Named 32-bit fields of a full box.
fn numbers(atom: &Atom<'_>, names: &[&str]) -> Result<String, ParseError> {
    let (_, _, mut fields) = atom.full()?;
    let mut text = String::new();
    for name in names {
        let gap = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{gap}{name} {}", fields.u32()?);
    }
    Ok(text)
}

fn clock(atom: &Atom<'_>) -> Result<String, ParseError> {
    let (version, _, mut fields) = atom.full()?;
    fields.word(version)?;
    fields.word(version)?;
    let mut text = format!("timescale {} duration {}", fields.u32()?, fields.word(version)?);
    if atom.kind.0 == *b"mdhd" {
        let _ = write!(text, " language {}", millrace_media::Language::from_packed(fields.u16()?));
    }
    Ok(text)
}

fn track(atom: &Atom<'_>) -> Result<String, ParseError> {
    let (version, flags, mut fields) = atom.full()?;
    fields.word(version)?;
    fields.word(version)?;
    let id = fields.u32()?;
    fields.skip(4)?;
    let duration = fields.word(version)?;
    fields.skip(16)?;
    let (a, b, _, c, d) = (fields.i32()?, fields.i32()?, fields.i32()?, fields.i32()?, fields.i32()?);
    fields.skip(16)?;
    let (width, height) = (fields.u32()? >> 16, fields.u32()? >> 16);
    let [a, b, c, d] = [a, b, c, d].map(|value| value >> 16);
    Ok(format!("track {id} flags {flags} duration {duration} matrix {a},{b},{c},{d} size {width}x{height}"))
}

fn handler(atom: &Atom<'_>) -> Result<String, ParseError> {
    let (_, _, mut fields) = atom.full()?;
    fields.skip(4)?;
    let kind = fields.fourcc()?;
    fields.skip(12)?;
    Ok(format!("{kind} {:?}", name(fields.rest())))
}

fn name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}

fn edits(atom: &Atom<'_>) -> Result<String, ParseError> {
    let (version, _, mut fields) = atom.full()?;
    let count = fields.u32()?;
    let mut text = format!("edits {count}");
    for _ in 0..count {
        let duration = fields.word(version)?;
        let time = if version == 0 { fields.i32()?.into() } else { fields.u64()? as i64 };
        let _ = write!(text, "\nduration {duration} media_time {time} rate {:#x}", fields.u32()?);
    }
    Ok(text)
}

fn picture(atom: &Atom<'_>) -> Result<String, ParseError> {
    let mut fields = atom.fields();
    fields.skip(24)?;
    Ok(format!("{}x{}", fields.u16()?, fields.u16()?))
}

fn sound(atom: &Atom<'_>) -> Result<String, ParseError> {
    let mut fields = atom.fields();
    fields.skip(16)?;
    let channels = fields.u16()?;
    fields.skip(6)?;
    Ok(format!("channels {channels} rate {}", fields.u32()? >> 16))
}

fn colour(atom: &Atom<'_>) -> Result<String, ParseError> {
    let mut fields = atom.fields();
    let kind = fields.fourcc()?;
    Ok(format!("{kind} {}", hex(fields.rest())))
}
