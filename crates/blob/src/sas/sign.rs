//! Making signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

use super::Permissions;
use super::token::Token;
use crate::account::Account;
use crate::name::{BlobName, ContainerName};
use crate::open::Key;

/// The version that our own signatures name, and the one the service answers when a request names none.
pub const SERVICE_VERSION: &str = "2021-12-02";
/// From here on `sr` and the snapshot are signed.
const WITH_RESOURCE: &str = "2018-11-09";
/// From here on the encryption scope is signed.
const WITH_SCOPE: &str = "2020-12-06";
/// Everything but unreserved characters is escaped in values.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Which scheme a link may be used with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Only https.
    #[default]
    Https,
    /// Both.
    HttpsAndHttp,
}

impl Protocol {
    fn text(self) -> &'static str {
        match self {
            Protocol::Https => "https",
            Protocol::HttpsAndHttp => "https,http",
        }
    }
}

/// What a service signature opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All blobs of a container.
    Container(ContainerName),
    /// One blob.
    Blob(ContainerName, BlobName),
}

/// What to grant on a container or blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// On what.
    pub scope: Scope,
    /// To do what.
    pub permissions: Permissions,
    /// From when; `None`: at once.
    pub start: Option<Timestamp>,
    /// Until when.
    pub expiry: Timestamp,
    /// Over what.
    pub protocol: Protocol,
}

/// What to grant on a whole account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountGrant {
    /// To do what.
    pub permissions: Permissions,
    /// Letters of `s` service, `c` container, `o` object.
    pub resource_types: &'static str,
    /// From when; `None`: at once.
    pub start: Option<Timestamp>,
    /// Until when.
    pub expiry: Timestamp,
    /// Over what.
    pub protocol: Protocol,
}

impl Account {
    /// A service SAS as a query string without `?`, signed with `key1` (0) or `key2` (1; any other number too).
    pub fn sign(&self, grant: &Grant, key: usize) -> String {
        let (resource, path) = match &grant.scope {
            Scope::Container(container) => ("c", container.to_string()),
            Scope::Blob(container, blob) => ("b", format!("{container}/{blob}")),
        };
        let mut query = Query::begin(grant.start, grant.expiry, grant.permissions, grant.protocol);
        query.add("sr", resource);
        query.finish(self.key(key), |token| service_string(token, self.name(), &path))
    }

    /// An account SAS as a query string without `?`.
    pub fn sign_account(&self, grant: &AccountGrant, key: usize) -> String {
        let mut query = Query::begin(grant.start, grant.expiry, grant.permissions, grant.protocol);
        query.add("ss", "b");
        query.add("srt", grant.resource_types);
        query.finish(self.key(key), |token| account_string(token, self.name()))
    }

    fn key(&self, number: usize) -> &Key {
        let [first, second] = self.keys();
        if number == 0 { first } else { second }
    }
}

/// A query string under construction.
struct Query(String);

impl Query {
    fn begin(
        start: Option<Timestamp>,
        expiry: Timestamp,
        permissions: Permissions,
        protocol: Protocol,
    ) -> Self {
        let mut query = Self(String::new());
        query.add("sv", SERVICE_VERSION);
        if let Some(start) = start {
            query.add("st", &seconds(start));
        }
        query.add("se", &seconds(expiry));
        query.add("sp", &permissions.to_string());
        query.add("spr", protocol.text());
        query
    }

    fn add(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, VALUE));
    }

    fn finish(mut self, key: &Key, string: impl Fn(&Token) -> String) -> String {
        // Signed from what is written, so that signing and verifying cannot drift apart.
        let token = Token::parse(&format!("{}&sig=", self.0)).unwrap_or_default();
        let signature = STANDARD.encode(mac(key, &string(&token)).finalize().into_bytes());
        self.add("sig", &signature);
        self.0
    }
}

fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// HMAC-SHA256 over a string-to-sign.
pub(crate) fn mac(key: &Key, text: &str) -> Hmac<Sha256> {
    // HMAC takes keys of any length, so the fallback is never used.
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.bytes()).unwrap_or_else(|_| Hmac::new(&Default::default()));
    mac.update(text.as_bytes());
    mac
}

/// The string-to-sign of a container or blob signature; `path` is `container` or `container/blob`, not escaped.
pub(super) fn service_string(token: &Token, account: &str, path: &str) -> String {
    let resource = format!("/blob/{account}/{path}");
    let mut fields = vec![token.get("sp"), token.get("st"), token.get("se"), &resource];
    fields.extend(["si", "sip", "spr", "sv"].map(|name| token.get(name)));
    if token.get("sv") >= WITH_RESOURCE {
        // The snapshot is signed for `sr=bs` only, which is not supported: for all others the field is empty.
        fields.extend([token.get("sr"), ""]);
    }
    if token.get("sv") >= WITH_SCOPE {
        fields.push(token.get("ses"));
    }
    fields.extend(["rscc", "rscd", "rsce", "rscl", "rsct"].map(|name| token.get(name)));
    fields.join("\n")
}

/// The string-to-sign of an account signature.
pub(super) fn account_string(token: &Token, account: &str) -> String {
    let mut fields = vec![account];
    fields.extend(["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"].map(|name| token.get(name)));
    if token.get("sv") >= WITH_SCOPE {
        fields.push(token.get("ses"));
    }
    // Every field ends in a line feed, the last one too.
    fields.push("");
    fields.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields by the documentation of each version, spelled out.
    #[test]
    fn each_version_signs_its_own_fields() {
        let query = "sv=VERSION&sr=b&st=S&se=E&sp=rw&sip=IP&spr=https&ses=ES&rscc=1&rscd=2&rsce=3&rscl=4&rsct=5&sig=x";
        for (version, expected) in [
            ("2015-04-05", "rw\nS\nE\n/blob/acc/c/b\n\nIP\nhttps\n2015-04-05\n1\n2\n3\n4\n5"),
            ("2018-11-09", "rw\nS\nE\n/blob/acc/c/b\n\nIP\nhttps\n2018-11-09\nb\n\n1\n2\n3\n4\n5"),
            ("2020-12-06", "rw\nS\nE\n/blob/acc/c/b\n\nIP\nhttps\n2020-12-06\nb\n\nES\n1\n2\n3\n4\n5"),
        ] {
            let token = Token::parse(&query.replace("VERSION", version)).unwrap();
            assert_eq!(service_string(&token, "acc", "c/b"), expected);
        }
        let query = "sv=VERSION&ss=b&srt=sco&se=E&sp=rl&ses=ES&sig=x";
        for (version, expected) in [
            ("2019-02-02", "acc\nrl\nb\nsco\n\nE\n\n\n2019-02-02\n"),
            ("2020-12-06", "acc\nrl\nb\nsco\n\nE\n\n\n2020-12-06\nES\n"),
        ] {
            let token = Token::parse(&query.replace("VERSION", version)).unwrap();
            assert_eq!(account_string(&token, "acc"), expected);
        }
    }
}
