//! `$skiptoken`: the place where the next page begins, sealed so that it only fits the list it came from.

use crate::auth::TokenKeys;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Longest `$skiptoken` that is looked at; a name of 260 four-byte characters in it fits four times.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Characters of the seal in front of a token: eight bytes in unpadded base 64.
const SEAL_CHARS: usize = 11;

/// The token for `place` in `list`, a text that says path, filter and order.
pub(crate) fn seal(keys: &TokenKeys, list: &str, place: &str) -> String {
    let seal = keys.seal(list, place.as_bytes());
    format!("{}{}", URL_SAFE_NO_PAD.encode(seal), URL_SAFE_NO_PAD.encode(place))
}

/// The place in a token that [`seal`] made for the same list.
pub(crate) fn open(keys: &TokenKeys, list: &str, token: &str) -> Option<String> {
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let (seal, place) = token.split_at_checked(SEAL_CHARS)?;
    let seal = URL_SAFE_NO_PAD.decode(seal).ok()?;
    let place = URL_SAFE_NO_PAD.decode(place).ok()?;
    if !keys.sealed(list, &place, &seal) {
        return None;
    }
    String::from_utf8(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_tokens_for_this_list_open() {
        let keys = TokenKeys::generate().expect("randomness");
        let token = seal(&keys, "assets?name", "place é");
        assert_eq!(open(&keys, "assets?name", &token).as_deref(), Some("place é"));
        assert_eq!(open(&keys, "assets?created", &token), None);
        let other = TokenKeys::generate().expect("randomness");
        assert_eq!(open(&other, "assets?name", &token), None);
        for wrong in
            ["", "x", &token[1..], &format!("{token}A"), "ééééééééééé", &"A".repeat(MAX_TOKEN_BYTES + 1)]
        {
            assert_eq!(open(&keys, "assets?name", wrong), None, "{wrong}");
        }
    }
}
