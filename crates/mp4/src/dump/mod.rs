//! A text picture of boxes, for golden tests and curious people.

mod fragment;
mod movie;

use std::fmt::Write;

use crate::ParseError;
use crate::atom::{Atom, Atoms};

/// One line per box, indented by depth: name, bytes, and the fields of the boxes this crate writes.
///
/// Reads a whole file or any run of boxes. A broken box shows its error and ends its list; an `mdat` may be cut off, so that
/// the head of a segment can be shown alone.
pub fn text(data: &[u8]) -> String {
    let mut out = String::new();
    list(&mut out, Atoms::of(data, 0), 0);
    out
}

fn list(out: &mut String, atoms: Atoms<'_>, depth: usize) {
    for atom in atoms {
        match atom {
            Ok(atom) => one(out, &atom, depth),
            Err(error) => line(out, depth, &format!("! {error}")),
        }
    }
}

fn one(out: &mut String, atom: &Atom<'_>, depth: usize) {
    let head = format!("{} {}", atom.kind, atom.whole.len());
    match fields(atom) {
        Ok(fields) if fields.is_empty() => line(out, depth, &head),
        Ok(fields) => line(out, depth, &format!("{head}: {fields}")),
        Err(error) => line(out, depth, &format!("{head} ! {error}")),
    }
    if let Some(skip) = children_at(atom) {
        list(out, atom.children_after(skip), depth + 1);
    }
}

/// Indents every line of `text`.
fn line(out: &mut String, depth: usize, text: &str) {
    for (index, part) in text.lines().enumerate() {
        let indent = depth + usize::from(index > 0);
        let _ = writeln!(out, "{:width$}{part}", "", width = indent * 2);
    }
}

/// Where the boxes within a box begin; `None` for one that holds none.
fn children_at(atom: &Atom<'_>) -> Option<usize> {
    match &atom.kind.0 {
        b"moov" | b"trak" | b"edts" | b"mdia" | b"minf" | b"dinf" | b"stbl" | b"mvex" | b"moof" | b"traf"
        | b"mfra" | b"udta" | b"wave" => Some(0),
        b"stsd" | b"dref" => Some(8),
        b"avc1" | b"avc3" | b"hvc1" | b"hev1" | b"vp09" | b"av01" => Some(78),
        b"mp4a" | b"Opus" | b"ac-3" | b"ec-3" => Some(28),
        _ => None,
    }
}

fn fields(atom: &Atom<'_>) -> Result<String, ParseError> {
    Ok(match &atom.kind.0 {
        b"ftyp" | b"styp" => brands(atom)?,
        b"mdat" => String::new(),
        b"mfhd" | b"tfhd" | b"tfdt" | b"trun" | b"sidx" | b"tfra" | b"mfro" | b"uuid" => {
            fragment::fields(atom)?
        }
        _ => movie::fields(atom)?,
    })
}

fn brands(atom: &Atom<'_>) -> Result<String, ParseError> {
    let mut fields = atom.fields();
    let mut text = format!("{} {}", fields.fourcc()?, fields.u32()?);
    while let Ok(brand) = fields.fourcc() {
        let _ = write!(text, " {brand}");
    }
    Ok(text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
