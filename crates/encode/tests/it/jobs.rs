//! Whole jobs: what they leave behind, how they go on, how they stop.

use millrace_catalog::job::JobState;
use millrace_catalog::preset::BuiltInName;
use millrace_package::{PointerState, TrackState};

use crate::house::House;
use crate::media::{ask, frames, make, size};

#[tokio::test(flavor = "multi_thread")]
async fn adaptive_streaming_from_upload_to_files() {
    let house = House::open().await;
    let film = make(
        house.dir.path(),
        "My film.mp4",
        "-f lavfi -i testsrc2=s=640x360:r=30000/1001:d=9 -f lavfi -i sine=f=440:r=48000:d=9 \
         -c:v libx264 -preset ultrafast -bf 2 -g 45 -c:a aac -shortest",
    );
    let job = house.encode(&film, BuiltInName::AdaptiveStreaming).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.outputs[0].error);
    assert_eq!(job.outputs[0].progress, 100);

    let names = house.names("out", false).await;
    let expected_frames = frames(&film);
    for name in names.iter().filter(|name| name.ends_with(".mp4") && !name.contains("_aac_")) {
        let path = house.download("out", name).await;
        assert_eq!(frames(&path), expected_frames, "{name}");
        let (width, height) = size(&path);
        assert!(name.contains(&format!("_{width}x{height}_")), "{name}");
        assert_eq!(
            ask(&path, "-select_streams v -show_entries stream=r_frame_rate"),
            ["30000/1001"],
            "{name}"
        );
    }
    assert!(
        names.iter().any(|name| name == "My film.ism") && names.iter().any(|name| name == "My film.ismc"),
        "{names:?}"
    );

    let pointer = house.pointer("out").await;
    assert_eq!((pointer.state, pointer.name.as_str()), (PointerState::Complete, "My film"));
    let indexes = house.indexes("out").await;
    assert!(indexes.iter().all(|index| index.state() == TrackState::Complete));
    // All renditions are cut at the same places.
    let cuts: Vec<Vec<u64>> = indexes
        .iter()
        .filter(|index| index.config().video().is_some())
        .map(|index| index.rows().iter().map(|row| row.time).collect())
        .collect();
    assert_eq!(cuts.len(), 3);
    assert!(cuts.windows(2).all(|pair| pair[0] == pair[1]), "{cuts:?}");
    assert_eq!(cuts[0][1], 180_180, "two seconds are 60 frames of 3003 ticks");
    // Work in progress is swept up.
    let left = house.names("out", true).await;
    assert!(!left.iter().any(|name| name.starts_with("_millrace/work/")), "{left:?}");
    assert_eq!(
        left.iter().filter(|name| name.starts_with("_millrace/index/")).count(),
        indexes.len(),
        "{left:?}"
    );
}
