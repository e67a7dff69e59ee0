//! Presets: every member goes over the wire and back, and what is wrong is named.

use crate::house::House;
use serde_json::{Value, json};

fn transform(preset: Value) -> Option<Value> {
    Some(json!({ "properties": { "outputs": [{ "preset": preset }] } }))
}

/// What is sent is found in what comes back; members that were left out may come back with their defaults.
fn contains(sent: &Value, received: &Value, path: &str) {
    match (sent, received) {
        (Value::Object(sent), Value::Object(received)) => {
            for (key, value) in sent {
                contains(value, received.get(key).unwrap_or(&Value::Null), &format!("{path}.{key}"));
            }
        }
        (Value::Array(sent), Value::Array(received)) => {
            assert_eq!(sent.len(), received.len(), "{path}");
            for (index, (sent, received)) in sent.iter().zip(received).enumerate() {
                contains(sent, received, &format!("{path}[{index}]"));
            }
        }
        _ => assert_eq!(sent, received, "{path}"),
    }
}

fn everything() -> Value {
    json!({
        "@odata.type": "#Microsoft.Media.StandardEncoderPreset",
        "codecs": [
            { "@odata.type": "#Microsoft.Media.H264Video", "label": "v", "keyFrameInterval": "PT2S", "stretchMode": "AutoFit",
              "syncMode": "Cfr", "sceneChangeDetection": false, "complexity": "Speed", "rateControlMode": "ABR",
              "layers": [
                { "width": "1280", "height": "720", "label": "HD", "bitrate": 2000000, "maxBitrate": 2500000, "bFrames": 3,
                  "frameRate": "30000/1001", "slices": 0, "adaptiveBFrame": true, "profile": "High", "level": "4.0",
                  "bufferWindow": "PT5S", "referenceFrames": 3, "entropyMode": "Cabac" },
                { "width": "50%", "height": "50%", "label": "SD", "bitrate": 1000000 },
              ] },
            { "@odata.type": "#Microsoft.Media.AacAudio", "label": "a", "channels": 2, "samplingRate": 48000, "bitrate": 128000,
              "profile": "AacLc" },
            { "@odata.type": "#Microsoft.Media.JpgImage", "start": "{Best}", "step": "PT10S", "range": "100%", "spriteColumn": 10,
              "layers": [{ "width": "20%", "height": "20%", "quality": 85 }] },
            { "@odata.type": "#Microsoft.Media.PngImage", "start": "25%", "step": "25%", "range": "80%",
              "layers": [{ "width": "50%", "height": "50%" }] },
        ],
        "formats": [
            { "@odata.type": "#Microsoft.Media.Mp4Format", "filenamePattern": "{Basename}-{Label}-{Bitrate}{Extension}",
              "outputFiles": [{ "labels": ["HD", "a"] }, { "labels": ["SD", "a"] }] },
            { "@odata.type": "#Microsoft.Media.JpgFormat", "filenamePattern": "{Basename}-Sprite{Extension}" },
            { "@odata.type": "#Microsoft.Media.PngFormat", "filenamePattern": "{Basename}-{Index}{Extension}" },
        ],
        "filters": {
            "deinterlace": { "parity": "Auto", "mode": "AutoPixelAdaptive" },
            "rotation": "Rotate90",
            "crop": { "left": "10", "top": "10", "width": "80%", "height": "80%" },
            "fadeIn": { "duration": "PT1S", "fadeColor": "#000000", "start": "PT0S" },
            "fadeOut": { "duration": "PT1S", "fadeColor": "#FFFFFF" },
        },
    })
}

#[tokio::test]
async fn a_standard_preset_goes_over_the_wire_and_back() {
    let house = House::new().await;
    let sent = everything();
    let made = house.expect("PUT", "/transforms/t", transform(sent.clone()), 201).await.body;
    let received = &made["properties"]["outputs"][0]["preset"];
    contains(&sent, received, "preset");
    // What comes back is itself lawful, and stays as it is.
    let again = house.expect("PUT", "/transforms/t", transform(received.clone()), 200).await.body;
    assert_eq!(&again["properties"]["outputs"][0]["preset"], received);
}

#[tokio::test]
async fn other_presets_go_over_the_wire_and_back() {
    let house = House::new().await;
    for (index, sent) in [
        json!({ "@odata.type": "#Microsoft.Media.BuiltInStandardEncoderPreset", "presetName": "ContentAwareEncoding",
                "configurations": { "complexity": "Quality", "interleaveOutput": "NonInterleavedOutput",
                    "keyFrameIntervalInSeconds": 2.0, "maxBitrateBps": 6000000, "minBitrateBps": 200000,
                    "maxHeight": 720, "minHeight": 270, "maxLayers": 3 } }),
        json!({ "@odata.type": "#Microsoft.Media.StandardEncoderPreset",
                "codecs": [{ "@odata.type": "#Microsoft.Media.CopyVideo" }, { "@odata.type": "#Microsoft.Media.CopyAudio" }],
                "formats": [{ "@odata.type": "#Microsoft.Media.Mp4Format", "filenamePattern": "{Basename}{Extension}" }] }),
        json!({ "@odata.type": "#Microsoft.Media.StandardEncoderPreset",
                "codecs": [{ "@odata.type": "#Microsoft.Media.H265Video", "complexity": "Balanced",
                    "layers": [{ "bitrate": 1500000, "profile": "Main", "width": "1280", "height": "720", "label": "x" }] }],
                "formats": [{ "@odata.type": "#Microsoft.Media.Mp4Format", "filenamePattern": "{Basename}-{Label}{Extension}" }] }),
    ]
    .into_iter()
    .enumerate()
    {
        let made = house.expect("PUT", &format!("/transforms/t{index}"), transform(sent.clone()), 201).await.body;
        contains(&sent, &made["properties"]["outputs"][0]["preset"], "preset");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let house = House::new().await;
    const HERE: &str = "properties.outputs[0].preset";
    for (place, value, target) in [
        ("/@odata.type", json!("#Microsoft.Media.Nothing"), ".@odata.type"),
        ("/@odata.type", json!("#Microsoft.Media.VideoAnalyzerPreset"), ".@odata.type"),
        ("/codecs", json!(null), ".codecs"),
        ("/codecs/0/@odata.type", json!("#Microsoft.Media.DDAudio"), ".codecs[0].@odata.type"),
        ("/codecs/0/keyFrameInterval", json!("2"), ".codecs[0].keyFrameInterval"),
        ("/codecs/0/stretchMode", json!("Wide"), ".codecs[0].stretchMode"),
        ("/codecs/0/layers/0/bitrate", json!("much"), ".codecs[0].layers[0].bitrate"),
        ("/codecs/0/layers/0/bitrate", json!(null), ".codecs[0].layers[0].bitrate"),
        ("/codecs/0/layers/0/bitrate", json!(-5), ".codecs[0].layers[0].bitrate"),
        ("/codecs/0/layers/1/width", json!("wide"), ".codecs[0].layers[1].width"),
        ("/codecs/0/layers/0/frameRate", json!("fast"), ".codecs[0].layers[0].frameRate"),
        ("/codecs/2/start", json!("soon"), ".codecs[2].start"),
        (
            "/formats/0/@odata.type",
            json!("#Microsoft.Media.TransportStreamFormat"),
            ".formats[0].@odata.type",
        ),
        ("/formats/0/filenamePattern", json!("{Nothing}"), ".formats[0].filenamePattern"),
        ("/filters/crop/left", json!("x"), ".filters.crop.left"),
        ("/filters/fadeIn/fadeColor", json!("reddish"), ".filters.fadeIn.fadeColor"),
        ("/filters/fadeIn/fadeColor", json!(null), ".filters.fadeIn.fadeColor"),
    ] {
        let mut preset = everything();
        *preset.pointer_mut(place).unwrap_or_else(|| panic!("{place}")) = value;
        let target = format!("{HERE}{target}");
        house
            .refuse("PUT", "/transforms/t", transform(preset), (400, "InvalidProperty", Some(&target)))
            .await;
    }
    let mut overlays = everything();
    overlays["filters"]["overlays"] =
        json!([{ "@odata.type": "#Microsoft.Media.VideoOverlay", "inputLabel": "logo" }]);
    let target = format!("{HERE}.filters.overlays");
    house.refuse("PUT", "/transforms/t", transform(overlays), (400, "InvalidProperty", Some(&target))).await;
    let name =
        json!({ "@odata.type": "#Microsoft.Media.BuiltInStandardEncoderPreset", "presetName": "Best" });
    let target = format!("{HERE}.presetName");
    house.refuse("PUT", "/transforms/t", transform(name), (400, "InvalidProperty", Some(&target))).await;
}
