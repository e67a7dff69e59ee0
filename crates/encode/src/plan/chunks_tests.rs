use super::*;
use crate::plan::testing::{clip, plan_of};

fn ranges(seconds: &[f64], lengths: ChunkLengths) -> Vec<(u32, usize, i64, Option<i64>)> {
    let plan = plan_of(seconds.iter().map(|seconds| clip(*seconds)).collect());
    chunks(&plan, lengths).iter().map(|chunk| (chunk.number, chunk.clip, chunk.from, chunk.to)).collect()
}

// 25 frames per second: 3,600 ticks a frame, 180,000 a GOP, edges half a frame early.
const HALF: i64 = 1_800;

#[test]
fn short_first_then_long_then_open() {
    let lengths = ChunkLengths { first_us: 6_000_000, other_us: 20_000_000 };
    assert_eq!(
        ranges(&[50.0], lengths),
        [
            (0, 0, -HALF, Some(3 * 180_000 - HALF)),
            (1, 0, 3 * 180_000 - HALF, Some(13 * 180_000 - HALF)),
            (2, 0, 13 * 180_000 - HALF, Some(23 * 180_000 - HALF)),
            // 4 s are left over: not worth a chunk.
        ]
        .into_iter()
        .take(2)
        .chain([(2, 0, 13 * 180_000 - HALF, None)])
        .collect::<Vec<_>>()
    );
}

#[test]
fn chunks_meet_without_gap_or_overlap() {
    for seconds in [0.02, 1.0, 7.3, 61.0, 3600.0] {
        let found = ranges(&[seconds], ChunkLengths::default());
        assert!(found.windows(2).all(|pair| pair[0].3 == Some(pair[1].2)), "{seconds}");
        assert_eq!(found.first().map(|chunk| chunk.2), Some(-HALF));
        assert_eq!(found.last().map(|chunk| chunk.3), Some(None));
    }
}

#[test]
fn clips_follow_each_other() {
    let plan = plan_of(vec![clip(5.0), clip(3.0)]);
    let found = chunks(&plan, ChunkLengths::default());
    let second = found.iter().find(|chunk| chunk.clip == 1).expect("the second clip");
    assert_eq!((second.from, second.shift), (-HALF, 5 * 90_000));
    let last_of_first = found.iter().rfind(|chunk| chunk.clip == 0).expect("the first clip");
    assert_eq!(last_of_first.to, Some(5 * 90_000 - HALF));
}

#[test]
fn a_clip_begins_at_a_whole_frame() {
    let mut from = clip(10.0);
    from.start_us = 1_510_000;
    from.end_us = Some(3_510_000);
    let plan = plan_of(vec![from]);
    let found = chunks(&plan, ChunkLengths::default());
    // 1.51 s is between frames 37 and 38.
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].from + HALF, found[0].shift), (38 * 3_600, -38 * 3_600));
    assert_eq!(found[0].to, Some((38 + 50) * 3_600 - HALF));
}

#[test]
fn what_cannot_seek_is_one_chunk() {
    let mut whole = clip(600.0);
    whole.input.seekable = false;
    assert_eq!(chunks(&plan_of(vec![whole]), ChunkLengths::default()).len(), 1);
}
