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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> BlobName {
        BlobName::new(text).unwrap()
    }

    #[test]
    fn names_spelled_out() {
        for (text, key) in [
            ("my-video.mp4", "my-2dvideo-2emp4!"),
            ("_millrace/Index.z", "_5fmillrace-2f_49ndex-2ez7a!"),
            ("..", "-2e-2e!"),
            ("é", "zc3za9!"),
        ] {
            assert_eq!(encode(&name(text)), key);
            assert_eq!(decode(key), Some(Decoded::Name(text.to_owned())));
        }
        let two_levels = format!("{}/x!", "x".repeat(200));
        assert_eq!(encode(&name(&"x".repeat(201))), two_levels);
        assert!(matches!(decode(&encode(&name(&"x".repeat(601)))), Some(Decoded::Hashed { .. })));
    }

    #[test]
    fn foreign_files_are_no_names() {
        for bad in ["", "!", "x", "X!", "-2!", "-zz!", "-61!", "zc3!", "a/b!", "x!#1", ".!"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    fn any_name() -> impl Strategy<Value = String> {
        let short = "[a-c/.!zA-B0\\x00é😀-]{1,12}";
        let long = ("[ax]{190,210}", "[a/é]{0,3}").prop_map(|(start, end)| start + &end);
        let longest = ("x{590,610}", "[ab]{0,2}").prop_map(|(start, end)| start + &end);
        prop_oneof![short, ".{1,80}", long, longest]
    }

    proptest! {
        #[test]
        fn every_name_is_safe_and_comes_back(text in any_name()) {
            let key = encode(&name(&text));
            prop_assert!(key.len() <= 700);
            for part in key.split('/') {
                prop_assert!(!part.is_empty() && part.len() <= 220 && part != "." && part != "..");
                prop_assert!(part.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase() || b"-_!".contains(&b)));
            }
            match decode(&key) {
                Some(Decoded::Name(back)) => prop_assert_eq!(back, text),
                Some(Decoded::Hashed { group }) => prop_assert_eq!(group, lower_bound(&text)),
                None => prop_assert!(false, "{key} is not read back"),
            }
        }

        #[test]
        fn keys_sort_as_names_and_are_their_own(left in any_name(), right in any_name()) {
            let (l, r) = (encode(&name(&left)), encode(&name(&right)));
            prop_assert_eq!(l == r, left == right);
            // A file and a directory of one name cannot both be needed.
            let (ld, rd) = (format!("{l}/"), format!("{r}/"));
            prop_assert!(!l.starts_with(&rd) && !r.starts_with(&ld));
            let group = |key: &str| match decode(key) {
                Some(Decoded::Hashed { group }) => Some(group),
                _ => None,
            };
            if group(&l).is_none() || group(&l) != group(&r) {
                prop_assert_eq!(l.cmp(&r), left.cmp(&right));
            }
        }

        #[test]
        fn bounds_enclose_a_prefix(text in any_name(), cut in 0usize..12, other in any_name()) {
            let prefix: String = text.chars().take(cut).collect();
            let key = encode(&name(&text));
            prop_assert!(lower_bound(&prefix).as_str() < key.as_str());
            if let Some(upper) = upper_bound(&prefix) {
                prop_assert!(key < upper);
                if !other.starts_with(&prefix) {
                    let far = encode(&name(&other));
                    prop_assert!(far.as_str() > upper.as_str() || far < key);
                }
            }
        }

        #[test]
        fn any_text_is_read_without_panic(key in ".{0,700}") {
            drop(decode(&key));
        }
    }
}
