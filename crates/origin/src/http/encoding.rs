//! Whether a client reads gzip (RFC 9110 §12.5.3).

use http::{HeaderMap, header};

/// Whether `Accept-Encoding` has gzip, or everything, with a weight above zero.
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    let weights: Vec<_> = lists.flat_map(|list| list.split(',')).filter_map(weight).collect();
    let of =
        |name: &str| weights.iter().find(|(coding, _)| coding.eq_ignore_ascii_case(name)).map(|(_, q)| *q);
    of("gzip").or(of("*")).unwrap_or(false)
}

/// A coding, and whether its weight is above zero.
fn weight(item: &str) -> Option<(&str, bool)> {
    let mut parts = item.split(';').map(str::trim);
    let coding = parts.next().filter(|coding| !coding.is_empty())?;
    let q = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    Some((coding, q.is_none_or(|q| q.parse::<f32>().is_ok_and(|q| q > 0.0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_zero_refuse() {
        for (value, expected) in [
            ("gzip, deflate, br", true),
            ("GZIP;q=0.5", true),
            ("*", true),
            ("br, *;q=0", false),
            ("gzip;q=0, *", false),
            ("identity", false),
            ("", false),
            ("gzip;q=x", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            assert_eq!(accepts_gzip(&headers), expected, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
