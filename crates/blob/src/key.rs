//! Blob names to store keys: every legal name gets a key of its own, safe on any file system and in the names' order.
//!
//! Alphabet: `0-9 a-y` stand for themselves; any other byte of the UTF-8 text becomes three characters, a lead that
//! tells where the byte sorts and two hex digits: `-hh` for bytes below `0`, `_hh` for those between `9` and `a`, `zhh` for
//! those from `z` up. As `-` < digits < `_` < `a-y` < `z` in ASCII too, **comparing keys compares names**, which is what
//! lets a listing page through any object store with "start after". Upper case is always escaped, so a file system that
//! folds case cannot confuse two names; dots, slashes, NUL and backslashes never appear, so nothing is a path trick.
//!
//! Length: file names end at 255 bytes and S3 keys at 1024, so the text is cut into directories of [`SEGMENT`]
//! characters, and text beyond [`PLAIN_MAX`] characters is replaced by the SHA-256 of the name: such a key is
//! `{600 characters}/{hash}!`, and only the record knows the whole name. The last segment ends in `!`, which sorts below
//! the alphabet and keeps a blob apart from a directory of the same text.
//!
//! `my-video.mp4` becomes `my-2dvideo-2emp4!`.

use sha2::{Digest, Sha256};

use crate::name::BlobName;

/// Characters of a directory level: under the 255 bytes of file names, with room for a store's own suffixes.
const SEGMENT: usize = 200;
/// Longest text spelled out in a key; a whole number of segments, well under S3's 1024 with the container's prefix.
const PLAIN_MAX: usize = 3 * SEGMENT;
/// Ends the last segment.
const END: char = '!';

/// What a key says of its blob's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// The name, whole.
    Name(String),
    /// The name is in the record; all names with the same key text form one group in the listing order.
    Hashed {
        /// The key without its hash segment.
        group: String,
    },
}

/// The key of a blob's record below its container's record directory.
pub(crate) fn encode(name: &BlobName) -> String {
    let text = escape(name.as_str());
    if text.len() <= PLAIN_MAX {
        let mut key = split(&text);
        key.push(END);
        return key;
    }
    let mut key = split(text.get(..PLAIN_MAX).unwrap_or(&text));
    key.push('/');
    key.push_str(&hex(&Sha256::digest(name.as_str().as_bytes())));
    key.push(END);
    key
}

/// The greatest string that is not above the key of any name that begins with `prefix` or sorts after it.
pub(crate) fn lower_bound(prefix: &str) -> String {
    let text = escape(prefix);
    split(text.get(..PLAIN_MAX).unwrap_or(&text))
}

/// A string above the key of every name that begins with `prefix`, and below all later ones.
///
/// `None` where the prefix is longer than a key spells out.
pub(crate) fn upper_bound(prefix: &str) -> Option<String> {
    let text = escape(prefix);
    (text.len() < PLAIN_MAX).then(|| split(&text) + "~")
}

/// Reads a key back; `None` for what [`encode`] never makes.
pub(crate) fn decode(key: &str) -> Option<Decoded> {
    let body = key.strip_suffix(END)?;
    if body.len() > PLAIN_MAX + 2 {
        let (group, hash) = body.rsplit_once('/')?;
        let ok = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        return ok.then(|| Decoded::Hashed { group: group.to_owned() });
    }
    let text: String = body.split('/').collect();
    if split(&text) != body {
        return None;
    }
    let name = unescape(&text)?;
    (!name.is_empty()).then_some(Decoded::Name(name))
}

fn escape(name: &str) -> String {
    let mut text = String::with_capacity(name.len() * 2);
    for byte in name.bytes() {
        let lead = match byte {
            b'0'..=b'9' | b'a'..=b'y' => {
                text.push(char::from(byte));
                continue;
            }
            0..=b'/' => '-',
            b':'..=b'`' => '_',
            _ => 'z',
        };
        text.push(lead);
        text.push(hex_digit(byte >> 4));
        text.push(hex_digit(byte & 15));
    }
    text
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'0'..=b'9' | b'a'..=b'y' => bytes.push(byte),
            b'-' | b'_' | b'z' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            _ => return None,
        }
    }
    let name = String::from_utf8(bytes).ok()?;
    (escape(&name) == text).then_some(name)
}

/// Puts `/` between segments; the alphabet is ASCII, so any byte is a character boundary.
fn split(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (at, character) in text.chars().enumerate() {
        if at > 0 && at % SEGMENT == 0 {
            out.push('/');
        }
        out.push(character);
    }
    out
}

fn hex_digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or('0')
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [hex_digit(byte >> 4), hex_digit(byte & 15)]).collect()
}
