//! A request's address: which resource, which operation, which parameters.

use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use percent_encoding::percent_decode_str;

use super::failure::Failure;
use crate::name::{BlobName, ContainerName};
use crate::sas::{Token, Transport};

/// Longest path that is parsed: a blob name of 1024 four-byte characters, all escaped, and a container.
pub const MAX_PATH: usize = 13 << 10;
/// Most query parameters: a full SAS and an operation's own have about 25.
const MAX_PARAMETERS: usize = 64;

/// Headers that ask for something this service does not do; ignoring them would be silently wrong.
const UNSUPPORTED_HEADERS: [(&str, &str); 10] = [
    ("x-ms-copy-source", "copying from a URL"),
    ("x-ms-if-tags", "conditions on tags"),
    ("x-ms-tags", "blob index tags"),
    ("x-ms-encryption-key", "customer-provided keys"),
    ("x-ms-encryption-scope", "encryption scopes"),
    ("x-ms-structured-body", "structured message bodies"),
    ("x-ms-immutability-policy-until-date", "immutability policies"),
    ("x-ms-immutability-policy-mode", "immutability policies"),
    ("x-ms-legal-hold", "legal holds"),
    ("x-ms-proposed-lease-id", "leases"),
];
/// The same for parameters.
const UNSUPPORTED_PARAMETERS: [(&str, &str); 3] =
    [("snapshot", "snapshots"), ("versionid", "versions"), ("deletetype", "soft delete")];

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// `/`
    Service,
    /// `/{container}`
    Container(ContainerName),
    /// `/{container}/{blob}`
    Blob(ContainerName, BlobName),
}

/// A blob's place.
#[derive(Debug, Clone)]
pub(super) struct At {
    pub(super) container: ContainerName,
    pub(super) name: BlobName,
}

/// A parsed request without its body.
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) headers: &'a HeaderMap,
    pub(super) target: Target,
    /// The path as sent: shared keys sign it.
    pub(super) raw_path: &'a str,
    /// Decoded, names in lower case.
    pub(super) parameters: Vec<(String, String)>,
    pub(super) token: Option<Token>,
    pub(super) transport: Transport,
}

impl<'a> Call<'a> {
    pub(super) fn parse(parts: &'a Parts) -> Result<Self, Failure> {
        let (raw_path, raw_query) = (parts.uri.path(), parts.uri.query().unwrap_or(""));
        if raw_path.len() > MAX_PATH {
            return Err(Failure::new(
                StatusCode::URI_TOO_LONG,
                "InvalidUri",
                "The requested URI is too long.",
            ));
        }
        Ok(Self {
            method: &parts.method,
            headers: &parts.headers,
            target: target(raw_path)?,
            raw_path,
            parameters: parameters(raw_query)?,
            token: Token::parse(raw_query),
            transport: parts.extensions.get::<Transport>().copied().unwrap_or_default(),
        })
    }

    /// A query parameter; empty when absent.
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub(super) fn comp(&self) -> &str {
        self.parameter("comp")
    }

    pub(super) fn restype(&self) -> &str {
        self.parameter("restype")
    }

    /// A header's text; `None` when absent or empty.
    pub(super) fn header(&self, name: &str) -> Result<Option<&'a str>, Failure> {
        match self.headers.get(name) {
            None => Ok(None),
            Some(value) => {
                let text = value.to_str().map_err(|_| Failure::header(name))?.trim();
                Ok((!text.is_empty()).then_some(text))
            }
        }
    }

    pub(super) fn refuse_unsupported(&self) -> Result<(), Failure> {
        let header = UNSUPPORTED_HEADERS.iter().find(|(name, _)| self.headers.contains_key(*name));
        let parameter = UNSUPPORTED_PARAMETERS.iter().find(|(name, _)| !self.parameter(name).is_empty());
        if let Some((_, what)) = header.or(parameter) {
            return Err(Failure::not_implemented(what));
        }
        if self.headers.contains_key("x-ms-lease-id") {
            let message =
                "There is currently no lease on the resource: this service does not implement leases.";
            return Err(Failure::new(
                StatusCode::PRECONDITION_FAILED,
                "LeaseNotPresentWithBlobOperation",
                message,
            ));
        }
        match self.header("x-ms-access-tier")? {
            None | Some("Hot") => Ok(()),
            Some(_) => Err(Failure::not_implemented("access tiers other than Hot")),
        }
    }
}

fn target(path: &str) -> Result<Target, Failure> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (container, blob) = path.split_once('/').unwrap_or((path, ""));
    let decode = |text: &str| {
        let invalid = |_| {
            Failure::bad("InvalidUri", "The requested URI does not represent any resource on the server.")
        };
        percent_decode_str(text).decode_utf8().map(|text| text.into_owned()).map_err(invalid)
    };
    if container.is_empty() && blob.is_empty() {
        return Ok(Target::Service);
    }
    let container = ContainerName::new(decode(container)?)?;
    if blob.is_empty() {
        return Ok(Target::Container(container));
    }
    Ok(Target::Blob(container, BlobName::new(decode(blob)?)?))
}

fn parameters(query: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut found = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let invalid = |_| Failure::query(&name.chars().take(64).collect::<String>());
        let value = percent_decode_str(value).decode_utf8().map_err(invalid)?.into_owned();
        let name = percent_decode_str(name).decode_utf8().map_err(invalid)?.to_lowercase();
        found.push((name, value));
        if found.len() > MAX_PARAMETERS {
            return Err(Failure::bad("InvalidUri", "The requested URI has too many query parameters."));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_what_they_say() {
        let blob = |container: &str, name: &str| {
            Target::Blob(ContainerName::new(container).unwrap(), BlobName::new(name).unwrap())
        };
        for (path, expected) in [
            ("/", Target::Service),
            ("/abc", Target::Container(ContainerName::new("abc").unwrap())),
            ("/abc/", Target::Container(ContainerName::new("abc").unwrap())),
            ("/abc/a/b", blob("abc", "a/b")),
            ("/abc/a%2Fb", blob("abc", "a/b")),
            ("/abc/%2e%2e/%2e%2e/x", blob("abc", "../../x")),
            ("/abc//a//", blob("abc", "/a//")),
            ("/abc/%00%5C", blob("abc", "\0\\")),
            ("/abc/a+b%20c", blob("abc", "a+b c")),
        ] {
            assert_eq!(target(path), Ok(expected), "{path}");
        }
        for bad in ["/ABC/x", "/..", "/../abc", "/%2e%2e/x", "//x", "/abc/%ff", "/ab%2Fc/x"] {
            assert!(target(bad).is_err(), "{bad}");
        }
    }
}
