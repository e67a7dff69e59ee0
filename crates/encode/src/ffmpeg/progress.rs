//! The `key=value` lines of `-progress`.

/// Reads one line; gives microseconds of output time where the line has them.
///
/// `out_time_ms` is microseconds as well (ffmpeg keeps the wrong name), and is `N/A` before the first packet.
pub fn out_time_us(line: &str) -> Option<i64> {
    let (key, value) = line.trim().split_once('=')?;
    match key {
        "out_time_us" | "out_time_ms" => value.parse().ok(),
        _ => None,
    }
}

/// Whether a line is a sign of life: any count that ffmpeg prints.
pub fn is_report(line: &str) -> bool {
    line.starts_with("progress=")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_ffmpeg_prints() {
        assert_eq!(out_time_us("out_time_us=1234567\n"), Some(1_234_567));
        assert_eq!(out_time_us("out_time_ms=-23220"), Some(-23_220));
        assert_eq!(out_time_us("out_time_us=N/A"), None);
        assert_eq!(out_time_us("frame=12"), None);
        assert!(is_report("progress=continue"));
    }
}
