//! Byte ranges (RFC 9110 §14).

use std::ops::Range;

use http::{HeaderMap, header};

/// What of a representation is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All, with status 200.
    All,
    /// A part that lies inside, with status 206.
    Part(Range<u64>),
    /// Nothing that there is: status 416.
    Beyond,
}

/// The part that the `Range` header asks for out of `length` bytes.
///
/// A header that is not understood, names several ranges or another unit is as good as none (§14.2): the answer is
/// the whole.
pub(crate) fn wanted(headers: &HeaderMap, length: u64) -> Wanted {
    let value = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    match value.and_then(parse) {
        None => Wanted::All,
        Some(Spec::Between(first, _) | Spec::From(first)) if first >= length => Wanted::Beyond,
        Some(Spec::Last(0)) => Wanted::Beyond,
        Some(Spec::Last(_)) if length == 0 => Wanted::Beyond,
        Some(Spec::Between(first, last)) => Wanted::Part(first..length.min(last.saturating_add(1))),
        Some(Spec::From(first)) => Wanted::Part(first..length),
        Some(Spec::Last(count)) => Wanted::Part(length.saturating_sub(count)..length),
    }
}

enum Spec {
    Between(u64, u64),
    From(u64),
    Last(u64),
}

fn parse(value: &str) -> Option<Spec> {
    let (unit, spec) = value.split_once('=')?;
    let (first, last) = spec.trim().split_once('-')?;
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    match (first, last) {
        ("", last) => Some(Spec::Last(number(last)?)),
        (first, "") => Some(Spec::From(number(first)?)),
        (first, last) => {
            Some(Spec::Between(number(first)?, number(last)?)).filter(|_| number(first) <= number(last))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_ten_bytes() {
        for (value, expected) in [
            ("bytes=0-4", Wanted::Part(0..5)),
            ("bytes=5-", Wanted::Part(5..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-30", Wanted::Part(0..10)),
            ("Bytes=9-18446744073709551615", Wanted::Part(9..10)),
            ("bytes=10-", Wanted::Beyond),
            ("bytes=10-12", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=5-4", Wanted::All),
            ("bytes=0-1,3-4", Wanted::All),
            ("bytes=+1-2", Wanted::All),
            ("bytes=", Wanted::All),
            ("bytes=-", Wanted::All),
            ("items=0-4", Wanted::All),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, value.parse().unwrap());
            assert_eq!(wanted(&headers, 10), expected, "{value}");
        }
        assert_eq!(wanted(&HeaderMap::new(), 10), Wanted::All);
    }
}
