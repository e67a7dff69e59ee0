//! Sample tables made by hand: the corners that ffmpeg does not write.

use bytes::Bytes;
use millrace_mp4::read::{Movie, SampleInfo, Track};
use millrace_mp4::{ParseError, Problem};

fn boxed(kind: &str, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind.as_bytes(), &body].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn table(kind: &str, fields: &[u32]) -> Vec<u8> {
    boxed(kind, &[&words(fields)])
}

/// A `moov` of one sound track with these tables in its `stbl`.
fn moov(tables: &[Vec<u8>]) -> Bytes {
    let entry = boxed("sowt", &[&words(&[0, 1, 0, 0, 0x0002_0010, 0, 48_000 << 16])]);
    let stsd = boxed("stsd", &[&words(&[0, 1]), &entry]);
    let stbl = boxed("stbl", &[&stsd, &tables.concat()]);
    let mdhd = boxed("mdhd", &[&words(&[0, 0, 0, 48_000, 0, 0x55c4_0000])]);
    let hdlr = boxed("hdlr", &[&words(&[0, 0]), b"soun", &words(&[0, 0, 0]), b"\0"]);
    let mdia = boxed("mdia", &[&mdhd, &hdlr, &boxed("minf", &[&stbl])]);
    let tkhd = boxed("tkhd", &[&words(&[1, 0, 0, 1]), &[0; 72]]);
    let mvhd = boxed("mvhd", &[&words(&[0, 0, 0, 1000, 0]), &[0; 80]]);
    boxed("moov", &[&mvhd, &boxed("trak", &[&tkhd, &mdia])]).into()
}

fn track(tables: &[Vec<u8>]) -> Result<Track, ParseError> {
    Movie::parse(&moov(tables)).map(|mut movie| movie.tracks.remove(0))
}

fn samples(tables: &[Vec<u8>]) -> Vec<Result<SampleInfo, ParseError>> {
    track(tables).expect("a movie").samples.samples().take(1000).collect()
}

fn stts() -> Vec<u8> {
    table("stts", &[0, 2, 3, 10, 100, 20])
}

fn stsc() -> Vec<u8> {
    table("stsc", &[0, 2, 1, 2, 1, 3, 1, 2])
}

fn stco() -> Vec<u8> {
    table("stco", &[0, 4, 1000, 2000, 3000, 4000])
}

#[test]
fn chunks_and_runs_are_followed() {
    let sizes = table("stsz", &[0, 0, 6, 1, 2, 3, 4, 5, 6]);
    let found = samples(&[stts(), stsc(), stco(), sizes, table("stss", &[0, 2, 1, 5])]);
    let facts: Vec<_> = found
        .into_iter()
        .map(|sample| {
            let sample = sample.expect("sound");
            (sample.dts, sample.duration, sample.offset, sample.size, sample.key, sample.sample_entry)
        })
        .collect();
    assert_eq!(
        facts,
        [
            (0, 10, 1000, 1, true, 1),
            (10, 10, 1001, 2, false, 1),
            (20, 10, 2000, 3, false, 1),
            (30, 20, 2003, 4, false, 1),
            (50, 20, 3000, 5, true, 2),
            (70, 20, 4000, 6, false, 2),
        ]
    );
}

#[test]
fn long_offsets_and_compact_sizes() {
    let co64 = boxed("co64", &[&words(&[0, 1, 5, 7])]);
    let stsc = table("stsc", &[0, 1, 1, 10, 1]);
    for (bits, packed) in [(4, &[0x12, 0x30][..]), (8, &[1, 2, 3]), (16, &[0, 1, 0, 2, 0, 3])] {
        let stz2 = boxed("stz2", &[&words(&[0, bits, 3]), packed]);
        let found = samples(&[stts(), stsc.clone(), co64.clone(), stz2]);
        let offsets: Vec<_> =
            found.into_iter().map(|sample| sample.map(|sample| (sample.offset, sample.size))).collect();
        let base = (5 << 32) + 7;
        assert_eq!(offsets, [Ok((base, 1)), Ok((base + 1, 2)), Ok((base + 3, 3))], "{bits} bits");
    }
}

#[test]
fn offsets_may_be_negative_and_end_early() {
    let sizes = table("stsz", &[0, 5, 3]);
    let ctts = table("ctts", &[0, 1, 1, (-5_i32) as u32]);
    let found = samples(&[stts(), stsc(), stco(), sizes, ctts]);
    let pts: Vec<_> = found.into_iter().map(|sample| sample.map(|sample| sample.pts())).collect();
    assert_eq!(pts, [Ok(-5), Ok(10), Ok(20)]);
}

#[test]
fn a_count_beyond_its_box_is_refused_before_it_costs_anything() {
    for (kind, fields) in [
        ("stsz", &[0, 0, u32::MAX, 1][..]),
        ("stts", &[0, u32::MAX, 1, 1]),
        ("ctts", &[0, 2, 1, 1]),
        ("stsc", &[0, u32::MAX / 12]),
        ("stco", &[0, 1 << 30]),
        ("co64", &[0, u32::MAX]),
        ("stss", &[0, 1]),
    ] {
        let error = track(&[table(kind, fields)]).map(|_| ()).expect_err(kind);
        assert!(matches!(error.problem, Problem::Truncated { .. }), "{error}");
        assert_eq!(error.path.to_string(), format!("moov/trak/mdia/minf/stbl/{kind}"));
    }
}

#[test]
fn tables_that_end_early_end_the_iterator_with_an_error() {
    let sizes = || table("stsz", &[0, 1, 6]);
    let problem = |tables: &[Vec<u8>]| {
        let mut found = samples(tables);
        let last = found.pop().expect("an item").expect_err("the tables do not match");
        assert!(found.iter().all(Result::is_ok));
        (found.len(), last.problem)
    };
    let short = table("stts", &[0, 1, 4, 10]);
    assert_eq!(
        problem(&[short, stsc(), stco(), sizes()]),
        (4, Problem::Invalid("fewer durations than samples"))
    );
    let short = table("stco", &[0, 1, 1000]);
    assert_eq!(
        problem(&[stts(), stsc(), short, sizes()]),
        (2, Problem::Invalid("fewer chunks than samples"))
    );
    assert_eq!(problem(&[stts(), stco(), sizes()]), (0, Problem::Invalid("fewer chunks than samples")));
    let beyond = boxed("co64", &[&words(&[0, 1, u32::MAX, u32::MAX])]);
    assert_eq!(
        problem(&[stts(), stsc(), beyond, sizes()]),
        (0, Problem::Invalid("a sample beyond the end of any file"))
    );
}

#[test]
fn mandatory_boxes_are_missed_by_name() {
    let error = Movie::parse(&boxed("moov", &[]).into()).map(|_| ()).expect_err("no mvhd");
    assert_eq!(error.to_string(), "moov at byte 0: no mvhd box");
    let error = Movie::parse(&boxed("free", &[]).into()).map(|_| ()).expect_err("not a moov");
    assert_eq!(error.to_string(), "free at byte 0: a moov box was expected");
}

#[test]
fn tracks_are_limited() {
    let whole = moov(&[stts()]);
    let one = &whole[8 + 108..];
    let mvhd = &whole[8..8 + 108];
    let many: Vec<u8> = std::iter::repeat_n(one, 129).flatten().copied().collect();
    let error = Movie::parse(&boxed("moov", &[mvhd, &many]).into()).map(|_| ()).expect_err("two of a number");
    assert_eq!(error.problem, Problem::Invalid("two tracks of one number"));
    let mut unknown = one.to_vec();
    let at = unknown.windows(4).position(|four| four == b"soun").expect("the handler");
    unknown[at..at + 4].copy_from_slice(b"meta");
    let many: Vec<u8> = std::iter::repeat_n(&unknown, 129).flatten().copied().collect();
    let error = Movie::parse(&boxed("moov", &[mvhd, &many]).into()).map(|_| ()).expect_err("too many");
    assert_eq!(error.problem, Problem::TooMany { what: "tracks", limit: 128 });
}

#[test]
fn nesting_is_limited() {
    let mut wave = boxed("wave", &[]);
    for _ in 0..40 {
        wave = boxed("wave", &[&wave]);
    }
    let dump = millrace_mp4::dump::text(&wave);
    assert_eq!(dump.matches("wave").count(), 16 + 16, "boxes, and the path of the error:\n{dump}");
    assert!(dump.contains("more than 16 boxes within boxes"), "{dump}");
}
