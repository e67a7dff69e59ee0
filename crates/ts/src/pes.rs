//! PES headers (ISO/IEC 13818-1 §2.4.3.6).

/// stream_id of the only video stream, and of the only audio stream.
pub(crate) const VIDEO: u8 = 0xe0;
pub(crate) const AUDIO: u8 = 0xc0;
/// private_stream_1, where Dolby audio travels.
pub(crate) const PRIVATE: u8 = 0xbd;

/// Longest payload whose length fits the header; longer ones are "unbounded", which only video may be.
pub(crate) const MAX_BOUNDED: usize = 0xffff - 13;

/// Appends a header for `payload` bytes; times in 90 kHz ticks, taken modulo 2^33.
pub(crate) fn header(out: &mut Vec<u8>, stream_id: u8, pts: i64, dts: i64, payload: usize) {
    let both = pts != dts;
    let times: u8 = if both { 10 } else { 5 };
    let length = if payload > MAX_BOUNDED { 0 } else { (payload + 3 + usize::from(times)) as u16 };
    out.extend([0, 0, 1, stream_id]);
    out.extend(length.to_be_bytes());
    // Marker bits and data_alignment_indicator: every PES begins with an access unit.
    out.extend([0x84, if both { 0xc0 } else { 0x80 }, times]);
    timestamp(out, if both { 3 } else { 2 }, pts);
    if both {
        timestamp(out, 1, dts);
    }
}

fn timestamp(out: &mut Vec<u8>, prefix: u8, ticks: i64) {
    let ticks = ticks as u64;
    out.push(prefix << 4 | ((ticks >> 30) as u8 & 7) << 1 | 1);
    out.extend((((ticks >> 15) as u16 & 0x7fff) << 1 | 1).to_be_bytes());
    out.extend(((ticks as u16 & 0x7fff) << 1 | 1).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> u64 {
        let b = |i: usize| u64::from(bytes[i]);
        (b(0) >> 1 & 7) << 30 | b(1) << 22 | (b(2) >> 1) << 15 | b(3) << 7 | b(4) >> 1
    }

    #[test]
    fn times_survive_and_wrap_at_33_bits() {
        for (pts, dts) in [(0, 0), (900_000, 896_997), (1 << 33, (1 << 33) - 1), (-1, -2)] {
            let mut out = Vec::new();
            header(&mut out, VIDEO, pts, dts, 100);
            let mask = (1u64 << 33) - 1;
            assert_eq!(read(&out[9..]), pts as u64 & mask);
            if pts != dts {
                assert_eq!(read(&out[14..]), dts as u64 & mask);
            }
            let length = usize::from(u16::from_be_bytes([out[4], out[5]]));
            assert_eq!(length, out.len() - 6 + 100);
        }
    }

    #[test]
    fn long_payloads_are_unbounded() {
        let mut out = Vec::new();
        header(&mut out, VIDEO, 1, 0, MAX_BOUNDED + 1);
        assert_eq!(out[4..6], [0, 0]);
    }
}
