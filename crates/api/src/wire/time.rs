//! ISO 8601 times and durations, exactly.
//!
//! Durations of calendar length (years, months) are refused: they have no exact length.

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

/// Longest text of a time or duration.
const MAX_TEXT_BYTES: usize = 64;

/// Longest duration: about 292 years, the range of a 64-bit count of nanoseconds.
const MAX_NANOS: i128 = i64::MAX as i128;

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// A time such as `2026-01-31T12:00:00.5+02:00`. Without an offset it is UTC, as the original service took it.
pub(crate) fn parse_timestamp(text: &str) -> Option<Timestamp> {
    if text.len() > MAX_TEXT_BYTES || !text.is_ascii() {
        return None;
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    // jiff reads a civil time leniently about a zone annotation, which has no place here.
    if text.contains('[') {
        return None;
    }
    let civil: DateTime = text.parse().ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// RFC 3339 in UTC with microseconds at most, which is what the official clients keep.
pub(crate) fn format_timestamp(time: Timestamp) -> String {
    let micros = time.as_microsecond();
    Timestamp::from_microsecond(micros).unwrap_or(time).to_string()
}

/// A duration such as `PT1H30M`, `P1DT0.5S` or `-PT2S`.
pub(crate) fn parse_duration(text: &str) -> Option<SignedDuration> {
    if text.len() > MAX_TEXT_BYTES || !text.is_ascii() {
        return None;
    }
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let rest = rest.strip_prefix('P')?;
    let (date, clock) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((date, clock)) => (date, clock),
        None if rest.is_empty() => return None,
        None => (rest, ""),
    };
    let date = sum(date, &[('W', 604_800), ('D', 86_400)])?;
    let nanos = date.checked_add(sum(clock, &[('H', 3_600), ('M', 60), ('S', 1)])?)?;
    if nanos > MAX_NANOS {
        return None;
    }
    let nanos = if negative { -nanos } else { nanos };
    Some(SignedDuration::from_nanos(i64::try_from(nanos).ok()?))
}

/// The sum of designated numbers, each unit at most once and in order; only seconds may have a fraction.
fn sum(mut text: &str, units: &[(char, i128)]) -> Option<i128> {
    let mut units = units.iter();
    let mut total = 0i128;
    while !text.is_empty() {
        let end = text.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, rest) = text.split_at_checked(end)?;
        let unit = rest.chars().next()?;
        let (_, seconds) = units.find(|(name, _)| *name == unit)?;
        let nanos = decimal(number, unit == 'S')?;
        total = total.checked_add(nanos.checked_mul(*seconds)?)?;
        text = rest.get(1..)?;
    }
    Some(total)
}

/// A decimal number in billionths; digits beyond nine are refused, not rounded.
fn decimal(text: &str, fraction_allowed: bool) -> Option<i128> {
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some((_, "")) => return None,
        Some(_) if !fraction_allowed => return None,
        Some(parts) => parts,
        None => (text, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 15 || fraction.len() > 9 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let fraction: i128 = format!("{fraction:0<9}").parse().ok()?;
    Some(whole * NANOS_PER_SECOND + fraction)
}

/// The canonical form, with days and without zero parts: `P1DT2H`, `PT0.5S`, `PT0S`.
pub(crate) fn format_duration(duration: SignedDuration) -> String {
    let nanos = duration.as_nanos();
    let (sign, nanos) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    let (seconds, fraction) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let mut text = format!("{sign}P");
    if seconds >= 86_400 {
        text.push_str(&format!("{}D", seconds / 86_400));
    }
    let parts = [(seconds / 3_600 % 24, 'H'), (seconds / 60 % 60, 'M')];
    let rest = seconds % 60;
    if seconds % 86_400 != 0 || fraction != 0 || seconds == 0 {
        text.push('T');
    }
    for (count, unit) in parts {
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if fraction > 0 {
        let fraction = format!("{fraction:09}");
        text.push_str(&format!("{rest}.{}S", fraction.trim_end_matches('0')));
    } else if rest > 0 || nanos == 0 {
        text.push_str(&format!("{rest}S"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, seconds: Option<f64>, canonical: &str) {
        let parsed = parse_duration(text);
        assert_eq!(parsed.map(|d| d.as_secs_f64()), seconds, "{text}");
        if let Some(duration) = parsed {
            assert_eq!(format_duration(duration), canonical, "{text}");
            assert_eq!(parse_duration(canonical), parsed, "{canonical}");
        }
    }

    #[test]
    fn durations() {
        check("PT2S", Some(2.0), "PT2S");
        check("PT0S", Some(0.0), "PT0S");
        check("PT1H30M", Some(5400.0), "PT1H30M");
        check("PT90M", Some(5400.0), "PT1H30M");
        check("PT25H", Some(90_000.0), "P1DT1H");
        check("P1D", Some(86_400.0), "P1D");
        check("P1W", Some(604_800.0), "P7D");
        check("PT0.5S", Some(0.5), "PT0.5S");
        check("PT60.040S", Some(60.04), "PT1M0.04S");
        check("-PT2S", Some(-2.0), "-PT2S");
        for wrong in [
            "", "P", "PT", "2S", "PT2", "P1Y", "P1M", "PT1.5H", "PTS", "PT1S1M", "PT1M1M", "PT1.S", "PT-1S",
            "P1DT",
        ] {
            check(wrong, None, "");
        }
        check("PT99999999999999H", None, "");
        check("PT1.0000000001S", None, "");
    }

    #[test]
    fn timestamps() {
        for (text, expected) in [
            ("2030-01-01T00:00:00.000Z", Some("2030-01-01T00:00:00Z")),
            ("2030-01-01T02:00:00+02:00", Some("2030-01-01T00:00:00Z")),
            ("2030-01-01T00:00:00.1234567Z", Some("2030-01-01T00:00:00.123456Z")),
            ("2030-01-01T00:00:00", Some("2030-01-01T00:00:00Z")),
            ("2030-01-01", Some("2030-01-01T00:00:00Z")),
            ("2030-13-01T00:00:00Z", None),
            ("tomorrow", None),
            ("", None),
            ("1893456000", None),
        ] {
            assert_eq!(parse_timestamp(text).map(format_timestamp).as_deref(), expected, "{text}");
        }
    }
}
