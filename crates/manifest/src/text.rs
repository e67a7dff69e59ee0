//! Numbers and text appended to a `String`, where a formatter would cost more than the rest of the work.

/// Appends `value` in decimal.
pub(crate) fn push_u64(out: &mut String, value: u64) {
    let mut digits = [0u8; 20];
    let mut rest = value;
    let mut at = digits.len();
    for (index, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        at = index;
        if rest == 0 {
            break;
        }
    }
    out.extend(digits.iter().skip(at).map(|digit| char::from(*digit)));
}

/// Appends a duration in microseconds as seconds with exactly six decimals.
pub(crate) fn push_seconds(out: &mut String, micros: u64) {
    push_u64(out, micros / 1_000_000);
    out.push('.');
    let fraction = micros % 1_000_000;
    let mut unit = 100_000;
    while unit > 0 {
        out.push(char::from(b'0' + (fraction / unit % 10) as u8));
        unit /= 10;
    }
}

/// Appends text that fits between the quotes of an HLS quoted-string, which has no escapes (RFC 8216 §4.2): a double
/// quote becomes a single one, and every control character or line end a space.
pub(crate) fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    out.extend(text.chars().map(|c| match c {
        '"' => '\'',
        '\u{2028}' | '\u{2029}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    }));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_the_formatter_writes_them() {
        for value in [0, 7, 10, 99, 100, 1_234_567, u64::MAX] {
            let mut out = String::from("x");
            push_u64(&mut out, value);
            assert_eq!(out, format!("x{value}"));
        }
        for (micros, expected) in
            [(0, "0.000000"), (6_006_000, "6.006000"), (1, "0.000001"), (999_999, "0.999999")]
        {
            let mut out = String::new();
            push_seconds(&mut out, micros);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn a_quoted_string_ends_where_we_end_it() {
        let mut out = String::new();
        push_quoted(&mut out, "a\"b\r\nc\u{2028}#EXT");
        assert_eq!(out, "\"a'b  c #EXT\"");
    }
}
