//! A shared access signature as it stands in a query string.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

/// Longest query string that is looked at; a full SAS has about 500 bytes.
const MAX_QUERY: usize = 8 << 10;
/// The parameters that belong to a signature; everything else is the request's own.
const OWN: [&str; 18] = [
    "sv", "ss", "srt", "sr", "st", "se", "sp", "sip", "spr", "si", "ses", "sig", "rscc", "rscd", "rsce",
    "rscl", "rsct", "sdd",
];
/// Parameters of user delegation signatures, which are not supported.
const DELEGATED: [&str; 11] =
    ["skoid", "sktid", "skt", "ske", "sks", "skv", "skdutid", "saoid", "suoid", "scid", "sduoid"];

/// The parameters of a signature, decoded. Nothing is verified yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Token {
    values: BTreeMap<&'static str, String>,
    pub(crate) delegated: bool,
    /// A parameter came twice or is not text: what was signed and what is meant could differ.
    pub(crate) ambiguous: bool,
}

impl Token {
    /// The signature in a query string (without `?`); `None` when there is no `sig`.
    pub fn parse(query: &str) -> Option<Self> {
        if query.len() > MAX_QUERY {
            return None;
        }
        let mut token = Token::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            token.delegated |= DELEGATED.contains(&name);
            let Some(name) = OWN.iter().find(|own| **own == name) else { continue };
            match percent_decode_str(value).decode_utf8() {
                Ok(value) => token.ambiguous |= token.values.insert(name, value.into_owned()).is_some(),
                Err(_) => token.ambiguous = true,
            }
        }
        token.values.contains_key("sig").then_some(token)
    }

    /// A parameter's value; empty when absent, which signs the same.
    pub fn get(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }
}
