//! Entity tags in conditions (RFC 9110 §13.1).

use http::{HeaderMap, header};

/// Whether `If-None-Match` names one of the tags, so that the client has what it asks for. Weak comparison.
pub(crate) fn none_match(headers: &HeaderMap, tags: &[&str]) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    let mut given = values.flat_map(|list| list.split(',')).map(str::trim);
    given.any(|tag| tag == "*" || tags.contains(&tag.strip_prefix("W/").unwrap_or(tag)))
}

/// Whether a `Range` counts: there is no `If-Range`, or it names the tag. Strong comparison; a date never holds, since
/// nothing here is told apart by dates.
pub(crate) fn range_holds(headers: &HeaderMap, tag: &str) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|value| value.as_bytes() == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_the_tags() {
        let check = |value: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            assert_eq!(none_match(&headers, &["\"a\"", "\"b\""]), expected, "{value}");
        };
        check("\"a\"", true);
        check("\"x\", W/\"b\"", true);
        check("*", true);
        check("a", false);
        check("\"c\"", false);
        assert!(!none_match(&HeaderMap::new(), &["\"a\""]));
    }

    #[test]
    fn if_range_is_strong() {
        for (value, expected) in
            [("\"a\"", true), ("W/\"a\"", false), ("Sun, 22 Nov 2026 16:00:00 GMT", false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_RANGE, value.parse().unwrap());
            assert_eq!(range_holds(&headers, "\"a\""), expected, "{value}");
        }
    }
}
