//! The stored index: round trips, damage, and growing without a change to what was there.

use std::num::NonZeroU32;

use bytes::Bytes;
use millrace_manifest::Role;
use millrace_media::{AudioFormat, CodecConfig, Format, Language, Timescale, TrackConfig, codec::AacConfig};
use millrace_mp4::write::{TrackInit, init_segment};
use millrace_package::{
    Grid, ObjectRange, Row, TrackFacts, TrackIndex, TrackIndexBuilder, TrackState,
    index::{AppendError, DecodeError},
};
use proptest::prelude::*;

pub(crate) fn audio_config(timescale: u32) -> TrackConfig {
    TrackConfig {
        id: 1,
        timescale: Timescale::new(timescale).unwrap(),
        language: Language::undetermined(),
        codec: CodecConfig::Aac(AacConfig::parse(Bytes::from_static(&[0x11, 0x90])).unwrap()),
        format: Format::Audio(AudioFormat { sample_rate: 48_000, channels: 2 }),
    }
}

pub(crate) fn facts(name: &str) -> TrackFacts {
    TrackFacts {
        name: name.parse().unwrap(),
        bitrate: 128_000,
        language: Some("en".into()),
        label: Some("Kommentar „<&>“".into()),
        role: Role::Commentary,
        default: true,
        frame_rate: NonZeroU32::new(30_000).zip(NonZeroU32::new(1001)),
        decode_delay: 7,
        segments: Grid::millis(NonZeroU32::new(6000).unwrap()),
    }
}

pub(crate) fn builder(config: &TrackConfig, identity: &[u8]) -> TrackIndexBuilder {
    let init = init_segment(&[TrackInit::new(config)]).unwrap();
    TrackIndexBuilder::new(init, facts("audio"), identity).unwrap()
}

/// A row of so many parts, some of which follow each other.
#[derive(Clone, Debug)]
struct Part {
    gap: u64,
    duration: u32,
    head: u32,
    lens: Vec<(u32, u64)>,
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let lens = prop::collection::vec((1..5000_u32, 0..3_u64), 1..5);
    let part = (0..50_u64, 1..300_000_u32, 1..50_u32, lens);
    let part = part.prop_map(|(gap, duration, head, lens)| Part { gap, duration, head, lens });
    prop::collection::vec(part, 0..60)
}

fn push(builder: &mut TrackIndexBuilder, at: usize, part: &Part) {
    let time = builder.index().end() + part.gap;
    let object = builder.object(&format!("chunk{}", at / 10)).unwrap();
    let mut offset = at as u64 * 100_000;
    let mut extents = Vec::new();
    for &(len, gap) in &part.lens {
        offset += gap;
        extents.push(ObjectRange { object, len, offset });
        offset += u64::from(len);
    }
    let size: u32 = part.lens.iter().map(|(len, _)| len).sum();
    let head_size = part.head.min(size);
    let row = Row { time, duration: part.duration, size, head_size, key_size: size - head_size, samples: 3 };
    builder.push(row, &extents).unwrap();
}

fn build(parts: &[Part]) -> TrackIndexBuilder {
    let mut builder = builder(&audio_config(48_000), b"one");
    for (at, part) in parts.iter().enumerate() {
        push(&mut builder, at, part);
    }
    builder
}

fn same(a: &TrackIndex, b: &TrackIndex) -> bool {
    (a.state(), a.key(), a.facts(), a.init(), a.config(), a.objects(), a.rows())
        == (b.state(), b.key(), b.facts(), b.init(), b.config(), b.objects(), b.rows())
        && (0..a.rows().len()).all(|row| a.extents(row) == b.extents(row))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn what_is_stored_is_read(parts in parts(), complete: bool) {
        let builder = build(&parts);
        let index = if complete { builder.seal() } else { builder.snapshot() };
        let decoded = TrackIndex::decode(&index.encode().unwrap()).unwrap();
        prop_assert!(same(&index, &decoded));
        prop_assert_eq!(decoded.encode().unwrap(), index.encode().unwrap());
    }

    #[test]
    fn damage_is_seen(parts in parts(), at: prop::sample::Index, bit in 0..8_u8) {
        let mut bytes = build(&parts).seal().encode().unwrap().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // A flipped bit in the length or name of a section makes it unknown or missing, never something else.
        prop_assert!(TrackIndex::decode(&bytes).is_err());
    }

    #[test]
    fn a_cut_is_seen(parts in parts(), at: prop::sample::Index) {
        let bytes = build(&parts).seal().encode().unwrap();
        let at = at.index(bytes.len());
        prop_assert!(TrackIndex::decode(&bytes[..at]).is_err());
    }

    #[test]
    fn noise_does_no_harm(noise in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(TrackIndex::decode(&noise).is_err());
    }

    /// What a growing track publishes is there in every later version, and in the complete one.
    #[test]
    fn published_segments_never_change(parts in parts()) {
        let mut builder = builder(&audio_config(48_000), b"one");
        let mut published = Vec::new();
        let key = builder.index().key();
        for (at, part) in parts.iter().enumerate() {
            push(&mut builder, at, part);
            let stored = TrackIndex::decode(&builder.snapshot().encode().unwrap()).unwrap();
            builder = TrackIndexBuilder::resume(stored).unwrap();
            let index = builder.index();
            let now: Vec<_> = index.segments().collect();
            prop_assert!(now.starts_with(&published));
            prop_assert_eq!(index.last_segment(), now.last().cloned());
            for segment in &now {
                prop_assert_eq!(index.segment_at(segment.time), Some(segment.clone()));
            }
            // The group at the end may still grow, unless it reaches the next step (an audio frame early is near enough).
            let (scale, slack) = (index.timescale(), 3360);
            let open = |last: &millrace_package::Segment| index.grid().step_of(last.end() + slack, scale) == last.step;
            prop_assert!(now.last().is_none_or(|last| last.rows.end < index.rows().len() || !open(last)));
            prop_assert_eq!(index.key(), key);
            published = now;
        }
        let index = builder.seal();
        let complete: Vec<_> = index.segments().collect();
        prop_assert!(complete.starts_with(&published));
        prop_assert_eq!(index.last_segment(), complete.last().cloned());
        let rows: usize = complete.iter().map(|segment| segment.rows.len()).sum();
        prop_assert_eq!(rows, index.rows().len());
        prop_assert_eq!(complete.iter().map(|segment| segment.size).sum::<u64>(), index.bytes());
    }
}

/// The first chunk of an encode is a segment as soon as it is there: nobody waits for the second.
#[test]
fn a_segment_that_reaches_the_next_step_is_finished() {
    let mut builder = builder(&audio_config(48_000), b"one");
    let step = builder.index().grid().start_of(1, builder.index().timescale());
    let object = builder.object("a").unwrap();
    let row = |time: u64, duration: u64| Row {
        time,
        duration: u32::try_from(duration).unwrap(),
        size: 100,
        head_size: 60,
        key_size: 40,
        samples: 1,
    };
    builder.push_stored(row(0, step / 2), object, 0).unwrap();
    assert_eq!(builder.index().segments().count(), 0, "half a step may go on");
    assert_eq!(builder.index().last_segment(), None);
    builder.push_stored(row(step / 2, step - step / 2), object, 100).unwrap();
    let finished: Vec<_> = builder.index().segments().collect();
    assert_eq!((finished.len(), finished[0].end()), (1, step));
    assert_eq!(builder.index().last_segment(), finished.last().cloned());
    builder.push_stored(row(step, step), object, 200).unwrap();
    assert_eq!(builder.index().segment_at(0), finished.first().cloned());
}

#[test]
fn a_builder_refuses_what_no_player_could_play() {
    let mut builder = builder(&audio_config(48_000), b"one");
    let object = builder.object("a").unwrap();
    let good = Row { time: 10, duration: 10, size: 100, head_size: 60, key_size: 40, samples: 1 };
    builder.push_stored(good, object, 0).unwrap();
    let mut check = |row: Row, extents: &[(u32, u32)], expected: AppendError| {
        let ranges: Vec<ObjectRange> =
            extents.iter().map(|&(object, len)| ObjectRange { object, len, offset: 0 }).collect();
        assert_eq!(builder.push(row, &ranges), Err(expected));
        assert_eq!(builder.index().rows(), [good]);
    };
    let next = Row { time: 20, ..good };
    let (time, size) = (20, 100);
    check(Row { time: 19, ..next }, &[(0, 100)], AppendError::Overlap { time: 19, end: 20 });
    check(Row { duration: 0, ..next }, &[(0, 100)], AppendError::Empty { time });
    check(Row { key_size: 41, ..next }, &[(0, 100)], AppendError::Head { time });
    check(next, &[(0, 99)], AppendError::Extents { time, size });
    check(next, &[], AppendError::Extents { time, size });
    check(next, &[(1, 100)], AppendError::Extents { time, size });
    check(next, &[(0, 100), (0, 0)], AppendError::Extents { time, size });
    assert_eq!(builder.object(""), Err(AppendError::ObjectName(0)));
    assert!(matches!(TrackIndexBuilder::resume(builder.seal()), Err(AppendError::Complete)));
}

#[test]
fn the_key_tells_media_apart() {
    let config = audio_config(48_000);
    let key = |identity: &[u8]| builder(&config, identity).index().key();
    assert_eq!(key(b"one"), key(b"one"));
    assert_ne!(key(b"one"), key(b"two"));
    assert_ne!(key(b"one"), builder(&audio_config(44_100), b"one").index().key());
}

#[test]
fn another_version_is_told_from_damage() {
    let mut bytes = build(&[]).seal().encode().unwrap().to_vec();
    bytes[5] = 9;
    assert!(matches!(TrackIndex::decode(&bytes), Err(DecodeError::Newer { found: 9 })));
    assert!(matches!(TrackIndex::decode(b"{}"), Err(DecodeError::NotAnIndex)));
}

#[test]
fn two_hours_are_small() {
    let mut builder = builder(&audio_config(48_000), b"one");
    let object = builder.object("audio.cmfa").unwrap();
    for at in 0..3600_u64 {
        let row = Row {
            time: at * 96_000,
            duration: 96_000,
            size: 40_000,
            head_size: 600,
            key_size: 0,
            samples: 94,
        };
        builder.push_stored(row, object, at * 40_000).unwrap();
    }
    let index = builder.seal();
    assert_eq!(index.state(), TrackState::Complete);
    assert!(index.memory() < 200_000, "{}", index.memory());
    assert!(index.encode().unwrap().len() < 200_000);
    let step = 3 * 96_000;
    assert_eq!(index.segments().count(), 1200);
    assert_eq!(index.segment_at(599 * step).unwrap().rows, 1797..1800);
    assert_eq!(index.segment_at(599 * step + 96_000), None);
}
