//! What AMS has and this service refuses: the one list.

use crate::Error;

/// Type or preset name in the API (without `#Microsoft.Media.`), and the sentence that refuses it.
pub const UNSUPPORTED: &[(&str, &str)] = &[
    ("AudioAnalyzerPreset", "analyzer presets are not supported; only encoding presets are"),
    ("VideoAnalyzerPreset", "analyzer presets are not supported; only encoding presets are"),
    ("FaceDetectorPreset", "face detection and redaction are not supported; only encoding presets are"),
    ("DDAudio", "Dolby Digital Plus audio is not supported; use AacAudio or CopyAudio"),
    ("DDGoodQualityAudio", "Dolby Digital Plus audio is not supported; use AACGoodQualityAudio"),
    (
        "TransportStreamFormat",
        "transport stream files are not supported; use Mp4Format, and HLS with TS segments when streaming",
    ),
    ("VideoOverlay", "overlays are not supported"),
    ("AudioOverlay", "overlays are not supported"),
    ("FromAllInputFile", "input definitions are not supported; all tracks of the input are used"),
    ("FromEachInputFile", "input definitions are not supported; all tracks of the input are used"),
    ("InputFile", "input definitions are not supported; all tracks of the input are used"),
    ("UtcClipTime", "UTC clip times are not supported; use AbsoluteClipTime"),
];

/// The refusal of the type or preset `name` (with or without `#Microsoft.Media.`) found at `field`; says so too when AMS knows
/// no such thing.
pub fn refuse(field: impl Into<String>, name: &str) -> Error {
    let short = name.strip_prefix("#Microsoft.Media.").unwrap_or(name);
    match UNSUPPORTED.iter().find(|(known, _)| known.eq_ignore_ascii_case(short)) {
        Some((_, why)) => Error::unsupported(field, *why),
        None => {
            Error::invalid(field, format!("'{}' is not known", short.chars().take(80).collect::<String>()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_ones_are_explained_and_others_are_not_known() {
        assert!(matches!(
            refuse("preset", "#Microsoft.Media.VideoAnalyzerPreset"),
            Error::Unsupported { .. }
        ));
        assert!(matches!(refuse("preset", "Nonsense"), Error::Invalid { .. }));
    }
}
