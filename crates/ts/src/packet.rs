//! Transport packets (ISO/IEC 13818-1 §2.4.3): payload cut into 184-byte pieces, clock, stuffing, counters.

use crate::PACKET;

const HEADER: usize = 4;
const ROOM: usize = PACKET - HEADER;
/// Adaptation field with a clock: length, flags, six bytes.
const CLOCK_FIELD: usize = 8;
/// Counters have four bits: a stream of a multiple of this many packets ends where it began.
const COUNTER_CYCLE: usize = 16;

/// One PID's packets within one segment.
pub(crate) struct Pid {
    pid: u16,
    count: usize,
}

/// What the first packet of a payload says besides its bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Mark {
    /// Program clock, 90 kHz ticks.
    pub(crate) clock: Option<i64>,
    /// A decoder can start here.
    pub(crate) random_access: bool,
}

impl Pid {
    pub(crate) fn new(pid: u16) -> Self {
        Self { pid, count: 0 }
    }

    /// Writes one payload; the last packet is filled up.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, payload: &[u8], mark: Mark) {
        self.write_in(out, payload, mark, least_packets(payload, mark));
    }

    /// Writes the stream's last payload so that its number of packets becomes a multiple of sixteen.
    pub(crate) fn write_last(&mut self, out: &mut Vec<u8>, payload: &[u8], mark: Mark) {
        let least = least_packets(payload, mark);
        let owed = (COUNTER_CYCLE - (self.count + least) % COUNTER_CYCLE) % COUNTER_CYCLE;
        self.write_in(out, payload, mark, least + owed);
    }

    /// Cuts `payload` into exactly `packets` pieces, the early ones as full as the later ones allow.
    ///
    /// Each packet needs a byte; a PES has more than sixteen.
    fn write_in(&mut self, out: &mut Vec<u8>, mut payload: &[u8], mut mark: Mark, packets: usize) {
        for later in (0..packets).rev() {
            let room = ROOM - field_length(mark);
            let (now, rest) = payload.split_at(payload.len().saturating_sub(later).min(room));
            self.packet(out, now, mark, later + 1 == packets);
            payload = rest;
            mark = Mark::default();
        }
    }

    fn packet(&mut self, out: &mut Vec<u8>, payload: &[u8], mark: Mark, start: bool) {
        let stuffing = ROOM - payload.len() > 0;
        let field = stuffing || field_length(mark) > 0;
        out.push(0x47);
        out.extend((u16::from(start) << 14 | self.pid).to_be_bytes());
        out.push(if field { 0x30 } else { 0x10 } | (self.count % COUNTER_CYCLE) as u8);
        self.count += 1;
        if field {
            adaptation_field(out, ROOM - payload.len(), mark);
        }
        out.extend_from_slice(payload);
    }
}

fn least_packets(payload: &[u8], mark: Mark) -> usize {
    let first = ROOM - field_length(mark);
    1 + payload.len().saturating_sub(first).div_ceil(ROOM)
}

fn field_length(mark: Mark) -> usize {
    match (mark.clock, mark.random_access) {
        (Some(_), _) => CLOCK_FIELD,
        (None, true) => 2,
        (None, false) => 0,
    }
}

/// An adaptation field of exactly `length` bytes, at least 1 (§2.4.3.4).
fn adaptation_field(out: &mut Vec<u8>, length: usize, mark: Mark) {
    let end = out.len() + length;
    out.push((length - 1) as u8);
    if length > 1 {
        let random = if mark.random_access { 0x40 } else { 0 };
        out.push(random | if mark.clock.is_some() { 0x10 } else { 0 });
    }
    if let Some(clock) = mark.clock {
        // 33 bits of 90 kHz, six reserved bits, nine bits of 27 MHz remainder (always 0).
        let base = clock as u64 & ((1 << 33) - 1);
        out.extend(((base >> 1) as u32).to_be_bytes());
        out.extend([(base as u8 & 1) << 7 | 0x7e, 0]);
    }
    out.resize(end, 0xff);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (payload length, continuity counter) of each packet.
    fn packets(bytes: &[u8]) -> Vec<(usize, u8)> {
        let (packets, rest) = bytes.as_chunks::<PACKET>();
        assert!(rest.is_empty());
        packets
            .iter()
            .map(|packet| {
                assert_eq!(packet[0], 0x47);
                let field = if packet[3] & 0x20 == 0 { 0 } else { 1 + usize::from(packet[4]) };
                (ROOM - field, packet[3] & 15)
            })
            .collect()
    }

    #[test]
    fn every_byte_arrives_whatever_the_length() {
        for length in 1..1200 {
            for clock in [None, Some(5)] {
                let mut out = Vec::new();
                let mark = Mark { clock, random_access: true };
                Pid::new(256).write(&mut out, &vec![7; length], mark);
                assert_eq!(packets(&out).iter().map(|packet| packet.0).sum::<usize>(), length);
            }
        }
    }

    #[test]
    fn the_last_payload_closes_the_counter_cycle() {
        for before in 0..20 {
            for length in [16, 17, 100, 183, 184, 185, 5000] {
                let mut out = Vec::new();
                let mut pid = Pid::new(256);
                for _ in 0..before {
                    pid.write(&mut out, &[1; 10], Mark::default());
                }
                pid.write_last(&mut out, &vec![7; length], Mark::default());
                let seen = packets(&out);
                assert_eq!(seen.len() % 16, 0, "{before} packets, then {length} bytes");
                assert_eq!(seen.iter().map(|packet| packet.0).sum::<usize>(), before * 10 + length);
                assert!(seen.iter().enumerate().all(|(i, packet)| usize::from(packet.1) == i % 16));
            }
        }
    }
}
