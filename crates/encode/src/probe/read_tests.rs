use super::*;

fn stream(fields: serde_json::Value) -> serde_json::Value {
    let mut whole = serde_json::json!({
        "index": 0, "codec_type": "video", "codec_name": "h264", "width": 1920, "height": 1080,
        "time_base": "1/90000", "r_frame_rate": "30/1", "avg_frame_rate": "30/1"
    });
    if let (Some(into), Some(from)) = (whole.as_object_mut(), fields.as_object()) {
        into.extend(from.clone());
    }
    whole
}

fn read(streams: &[serde_json::Value]) -> Result<Source, Problem> {
    let report =
        serde_json::json!({"streams": streams, "format": {"format_name": "mpegts", "duration": "10.0"}});
    source(report.to_string().as_bytes(), 1_000_000, "in.ts")
}

fn video(fields: serde_json::Value) -> Video {
    read(&[stream(fields)]).ok().and_then(|source| source.video).expect("a video")
}

#[test]
fn rotation_is_turned_back() {
    let turned = |degrees| video(serde_json::json!({"side_data_list": [{"rotation": degrees}]})).turn;
    assert_eq!(turned(-90), Turn::Right);
    assert_eq!(turned(90), Turn::Left);
    assert_eq!(turned(180), Turn::Half);
}

#[test]
fn cover_art_is_no_video() {
    let art = stream(serde_json::json!({"disposition": {"attached_pic": 1}}));
    let sound = serde_json::json!({"index": 1, "codec_type": "audio", "codec_name": "aac", "sample_rate": "48000", "channels": 2});
    let source = read(&[art, sound]).expect("sound");
    assert_eq!((source.video, source.audio.len()), (None, 1));
}

#[test]
fn protected_and_empty_files_are_told() {
    let drm = read(&[stream(serde_json::json!({"codec_tag_string": "encv"}))]).expect_err("protected");
    assert!(drm.message.contains("DRM") && drm.message.contains("in.ts"));
    let none = read(&[]).expect_err("no streams");
    assert_eq!(none.code, crate::problem::Code::ContentMalformed);
}

#[test]
fn facts_are_read() {
    let check = video(serde_json::json!({
        "sample_aspect_ratio": "16:11", "field_order": "tt", "color_transfer": "smpte2084",
        "tags": {"DURATION": "00:00:05.500000000"}
    }));
    assert_eq!(check.pixel_aspect.to_string(), "16/11");
    assert_eq!(check.scan, Scan::Interlaced);
    assert_eq!(check.range, Range::High);
    assert_eq!(check.duration_us, Some(5_500_000));
    // 1 MB in 10 s.
    assert_eq!(check.bit_rate, Some(800_000));
}
