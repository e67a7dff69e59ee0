//! Transforms and the rules of presets.

use millrace_catalog::Error;
use millrace_catalog::preset::{
    BuiltIn, BuiltInName, Codec, Configurations, CopyVideo, Filters, Format, H264Layer, H264Profile,
    H264Video, ImageCommon, JpgImage, Mp4Format, OutputFile, Position, Preset, Rectangle, Standard,
    VideoLayer,
};
use millrace_catalog::transform::{MAX_OUTPUTS, TransformDraft, TransformOutput};

use crate::house::{House, job_draft, ladder, refused};

fn of(preset: Preset) -> TransformDraft {
    TransformDraft { description: None, outputs: vec![TransformOutput { preset, ..ladder() }] }
}

fn layer(width: &str, height: &str, bitrate: u32) -> H264Layer {
    let size = |text: &str| Some(text.parse().unwrap());
    let video = VideoLayer { width: size(width), height: size(height), bitrate, ..Default::default() };
    H264Layer { video, ..Default::default() }
}

fn mp4(pattern: &str) -> Format {
    Format::Mp4(Mp4Format { filename_pattern: pattern.parse().unwrap(), output_files: Vec::new() })
}

/// Two layers and AAC, lawful.
fn standard() -> Standard {
    let video = H264Video {
        layers: vec![layer("1280", "720", 3_400_000), layer("640", "360", 1_000_000)],
        ..Default::default()
    };
    Standard {
        codecs: vec![Codec::H264Video(video), Codec::AacAudio(Default::default())],
        formats: vec![mp4("{Basename}-{Label}-{Bitrate}{Extension}")],
        filters: None,
    }
}

fn video(preset: &mut Standard) -> &mut H264Video {
    match preset.codecs.first_mut() {
        Some(Codec::H264Video(video)) => video,
        other => panic!("{other:?}"),
    }
}

/// Each lawful preset with one thing broken, and the path that the refusal must name.
#[tokio::test]
async fn every_rule_names_its_property() {
    let house = House::new().await;
    type Break = fn(&mut Standard);
    let cases: &[(&str, Break)] = &[
        ("codecs", |p| p.codecs.clear()),
        ("formats", |p| p.formats.clear()),
        ("codecs[0].layers", |p| video(p).layers.clear()),
        ("codecs[0].layers[1].bitrate", |p| video(p).layers[1].video.bitrate = 0),
        ("codecs[0].layers[0].maxBitrate", |p| video(p).layers[0].video.max_bitrate = Some(1000)),
        ("codecs[0].layers[0].width", |p| video(p).layers[0] = layer("1279", "720", 1)),
        ("codecs[0].layers[0].height", |p| video(p).layers[0] = layer("1280", "722", 1)),
        ("codecs[0].layers[0].height", |p| video(p).layers[0] = layer("1280", "50%", 1)),
        ("codecs[0].layers[0].width", |p| video(p).layers[0] = layer("0", "0", 1)),
        ("codecs[0].layers[0].crf", |p| video(p).layers[0].video.crf = Some(20.0)),
        ("codecs[0].layers[0].bFrames", |p| {
            video(p).layers[0].profile = H264Profile::Baseline;
            video(p).layers[0].video.b_frames = Some(2);
        }),
        ("codecs[0].layers[0].level", |p| video(p).layers[0].video.level = Some("7.1".into())),
        ("codecs[0].layers[0].bufferWindow", |p| {
            video(p).layers[0].video.buffer_window = Some("PT101S".parse().unwrap());
        }),
        ("codecs[0].layers[0].frameRate", |p| {
            video(p).layers[0].video.frame_rate = Some("301".parse().unwrap());
        }),
        ("codecs[0].layers[0].label", |p| video(p).layers[0].video.label = Some("a/b".into())),
        ("codecs[0].keyFrameInterval", |p| {
            video(p).common.key_frame_interval = Some("PT0.4S".parse().unwrap());
        }),
        ("codecs[0].sceneChangeDetection", |p| video(p).scene_change_detection = true),
        ("codecs[0]", |p| {
            video(p).layers[0].video.label = Some("same".into());
            video(p).layers[1].video.label = Some("same".into());
        }),
        ("codecs[1].samplingRate", |p| {
            let audio = millrace_catalog::preset::AacAudio { sampling_rate: Some(1), ..Default::default() };
            p.codecs[1] = Codec::AacAudio(audio);
        }),
        ("codecs[2]", |p| {
            let common = ImageCommon {
                label: None,
                stretch_mode: Default::default(),
                start: Position::Best,
                step: None,
                range: None,
            };
            p.codecs.push(Codec::JpgImage(JpgImage { common, layers: Vec::new(), sprite_column: None }));
        }),
        ("formats[1]", |p| p.formats.push(Format::Png { filename_pattern: "{Index}".parse().unwrap() })),
        ("formats[0].filenamePattern", |p| p.formats[0] = mp4("{Basename}{Extension}")),
        ("formats[0].outputFiles[0].labels", |p| {
            if let Format::Mp4(format) = &mut p.formats[0] {
                format.output_files = vec![OutputFile { labels: vec!["nobody".into()] }];
            }
        }),
        ("filters.crop.width", |p| {
            let crop = Rectangle { width: Some("0".parse().unwrap()), ..Default::default() };
            p.filters = Some(Filters { crop: Some(crop), ..Default::default() });
        }),
        ("filters", |p| {
            p.codecs = vec![Codec::CopyVideo(CopyVideo::default())];
            p.filters = Some(Filters { crop: Some(Rectangle::default()), ..Default::default() });
        }),
    ];
    house.catalog.put_transform("good", &of(Preset::Standard(standard()))).await.unwrap();
    for (path, spoil) in cases {
        let mut preset = standard();
        spoil(&mut preset);
        let wanted = format!("outputs[0].preset.{path}");
        let answer = house.catalog.put_transform("bad", &of(Preset::Standard(preset))).await;
        refused!(answer, Error::Invalid { field, .. } if *field == wanted);
    }
}

#[tokio::test]
async fn configurations_are_for_content_aware_presets() {
    let house = House::new().await;
    let with = |name, bounds| of(Preset::BuiltIn(BuiltIn { name, configurations: Some(bounds) }));
    let bounds = Configurations { max_layers: Some(4), ..Default::default() };
    let (aware, plain) = (BuiltInName::ContentAwareEncoding, BuiltInName::AdaptiveStreaming);
    house.catalog.put_transform("t", &with(aware, bounds.clone())).await.unwrap();
    refused!(house.catalog.put_transform("t", &with(plain, bounds)).await, Error::Invalid { .. });
    let crossed = Configurations { min_height: Some(720), max_height: Some(360), ..Default::default() };
    refused!(
        house.catalog.put_transform("t", &with(aware, crossed)).await,
        Error::Invalid { field, .. } if field.ends_with("minHeight")
    );
}

#[tokio::test]
async fn transforms_are_made_replaced_patched_and_deleted() {
    let house = House::new().await;
    let catalog = &house.catalog;
    let draft = TransformDraft { description: Some("d".into()), outputs: vec![ladder()] };
    let (made, new) = catalog.put_transform("T", &draft).await.unwrap();
    assert!(new);
    let (same, new) = catalog.put_transform("t", &of(Preset::Standard(standard()))).await.unwrap();
    assert!(!new);
    assert_eq!((same.id, same.name.as_str(), same.description), (made.id, "T", None));
    let patch = TransformDraft { description: Some("e".into()), outputs: Vec::new() };
    let patched = catalog.patch_transform("t", &patch).await.unwrap();
    assert_eq!((patched.description.as_deref(), patched.outputs), (Some("e"), same.outputs));
    for outputs in [0, MAX_OUTPUTS + 1] {
        let draft = TransformDraft { description: None, outputs: vec![ladder(); outputs] };
        refused!(catalog.put_transform("t", &draft).await, Error::Invalid { field, .. } if field == "outputs");
    }
    assert!(catalog.delete_transform("t").await.unwrap());
    assert!(!catalog.delete_transform("t").await.unwrap());
}

#[tokio::test]
async fn a_transform_at_work_stays_and_takes_its_ended_jobs_with_it() {
    let house = House::new().await;
    let catalog = &house.catalog;
    house.job("j", 1).await;
    refused!(catalog.delete_transform("t").await, Error::InUse { .. });
    catalog.cancel_job("t", "j").await.unwrap();
    assert!(catalog.delete_transform("t").await.unwrap());
    house.transform("t", 1).await;
    refused!(catalog.job("t", "j").await, Error::NotFound { .. });
    catalog.create_job("t", "j", job_draft("in", &["out"])).await.unwrap();
}

#[tokio::test]
async fn presets_survive_storage() {
    let house = House::new().await;
    let mut preset = standard();
    video(&mut preset).layers[0].video.frame_rate = Some("30000/1001".parse().unwrap());
    video(&mut preset).common.key_frame_interval = Some("PT2.5S".parse().unwrap());
    preset.filters = Some(Filters { crop: Some(Rectangle::default()), ..Default::default() });
    let draft = of(Preset::Standard(preset));
    house.catalog.put_transform("t", &draft).await.unwrap();
    let house = house.reopen().await;
    assert_eq!(house.catalog.transform("t").await.unwrap().outputs, draft.outputs);
}
