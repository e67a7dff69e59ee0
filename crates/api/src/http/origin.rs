//! The address that the client used, for links that must lead back through it.

use http::{Extensions, HeaderMap, Uri, header};

/// The scheme of the listener a request came in by, `http` or `https`. Whoever accepts connections puts it in the
/// request's extensions; HTTP/1 requests do not say it themselves, and without it `https` is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientScheme(pub &'static str);

/// Longest host with port: RFC 1035 §2.3.4 and five digits, rounded up.
const MAX_HOST_BYTES: usize = 270;

/// `scheme://host[:port]` as the client wrote it, without a slash at the end. `fallback` when it wrote none that can be
/// part of a URL.
pub(crate) fn base_url(uri: &Uri, headers: &HeaderMap, extensions: &Extensions, fallback: &str) -> String {
    let listener = extensions.get::<ClientScheme>().map(|scheme| scheme.0);
    let scheme = listener.or(uri.scheme_str()).unwrap_or("https");
    let authority = uri.authority().map(|authority| authority.as_str());
    let host = authority.or_else(|| headers.get(header::HOST).and_then(|value| value.to_str().ok()));
    match host {
        Some(host) if is_host(host) => format!("{scheme}://{host}"),
        _ => fallback.trim_end_matches('/').to_owned(),
    }
}

/// Only what a host and port consist of: the text goes into links of answers.
fn is_host(text: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']' | b'_');
    !text.is_empty() && text.len() <= MAX_HOST_BYTES && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn check(uri: &str, host: Option<&'static str>, scheme: Option<&'static str>, expected: &str) {
        let mut headers = HeaderMap::new();
        if let Some(host) = host {
            headers.insert(header::HOST, HeaderValue::from_static(host));
        }
        let mut extensions = Extensions::new();
        if let Some(scheme) = scheme {
            extensions.insert(ClientScheme(scheme));
        }
        let uri: Uri = uri.parse().expect("a URI");
        assert_eq!(base_url(&uri, &headers, &extensions, "https://own/"), expected);
    }

    #[test]
    fn the_clients_address() {
        check("/x", Some("127.0.0.1:8443"), None, "https://127.0.0.1:8443");
        check("/x", Some("127.0.0.1:8080"), Some("http"), "http://127.0.0.1:8080");
        check("http://h:1/x", None, None, "http://h:1");
        check("/x", Some("[::1]:8443"), None, "https://[::1]:8443");
        check("/x", None, None, "https://own");
        check("/x", Some("evil/\"<"), None, "https://own");
        check("/x", Some(""), None, "https://own");
    }
}
