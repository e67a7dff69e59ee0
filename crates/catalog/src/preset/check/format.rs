//! Rules of file formats, and of their company with codecs.

use super::count;
use crate::preset::{Codec, Format, Macro, Mp4Format, Position, Standard};
use crate::{Error, Result};

/// Every codec finds a format for its files, and every format a codec.
pub(super) fn check_company(field: &str, preset: &Standard) -> Result<()> {
    let codec = |wanted: fn(&Codec) -> bool| preset.codecs.iter().position(wanted);
    let format = |wanted: fn(&Format) -> bool| preset.formats.iter().position(wanted);
    let pairs = [
        ("Mp4Format", codec(is_stream), format(|f| matches!(f, Format::Mp4(_)))),
        (
            "JpgFormat",
            codec(|c| matches!(c, Codec::JpgImage(_))),
            format(|f| matches!(f, Format::Jpg { .. })),
        ),
        (
            "PngFormat",
            codec(|c| matches!(c, Codec::PngImage(_))),
            format(|f| matches!(f, Format::Png { .. })),
        ),
    ];
    for (name, codec, format) in pairs {
        match (codec, format) {
            (Some(codec), None) => {
                let why = format!("there is no {name} in formats for what this codec makes");
                return Err(Error::invalid(format!("{field}.codecs[{codec}]"), why));
            }
            (None, Some(format)) => {
                let why = format!("there is no codec whose output a {name} could hold");
                return Err(Error::invalid(format!("{field}.formats[{format}]"), why));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_stream(codec: &Codec) -> bool {
    !matches!(codec, Codec::JpgImage(_) | Codec::PngImage(_))
}

pub(super) fn check_format(field: &str, format: &Format, preset: &Standard, labels: &[String]) -> Result<()> {
    let pattern = format!("{field}.filenamePattern");
    match format {
        Format::Mp4(mp4) => check_mp4(field, mp4, preset, labels),
        Format::Jpg { filename_pattern } | Format::Png { filename_pattern }
            if !filename_pattern.has(Macro::Index) =>
        {
            let several = |codec: &Codec| match (codec, format) {
                (Codec::JpgImage(image), Format::Jpg { .. }) => {
                    image.sprite_column.is_none() && image.common.start != Position::Best
                }
                (Codec::PngImage(image), Format::Png { .. }) => image.common.start != Position::Best,
                _ => false,
            };
            let single = |codec: &Codec| match codec {
                Codec::JpgImage(image) => image.common.range == Some(Position::Frame(1)),
                Codec::PngImage(image) => image.common.range == Some(Position::Frame(1)),
                _ => false,
            };
            if preset.codecs.iter().any(|codec| several(codec) && !single(codec)) {
                return Err(Error::invalid(
                    pattern,
                    "{Index} is missing: the pictures would overwrite each other",
                ));
            }
            Ok(())
        }
        Format::Jpg { .. } | Format::Png { .. } => Ok(()),
    }
}

fn check_mp4(field: &str, format: &Mp4Format, preset: &Standard, labels: &[String]) -> Result<()> {
    count(&format!("{field}.outputFiles"), format.output_files.len(), 0)?;
    for (index, file) in format.output_files.iter().enumerate() {
        let field = format!("{field}.outputFiles[{index}].labels");
        count(&field, file.labels.len(), 1)?;
        if let Some(unknown) = file.labels.iter().find(|label| !labels.contains(label)) {
            return Err(Error::invalid(field, format!("no codec or layer has the label '{unknown}'")));
        }
    }
    let several =
        if format.output_files.is_empty() { video_layers(preset) > 1 } else { format.output_files.len() > 1 };
    let apart = [Macro::Label, Macro::Bitrate, Macro::Resolution]
        .iter()
        .any(|name| format.filename_pattern.has(*name));
    if several && !apart {
        let why = "{Label}, {Bitrate} or {Resolution} is missing: the files would overwrite each other";
        return Err(Error::invalid(format!("{field}.filenamePattern"), why));
    }
    Ok(())
}

fn video_layers(preset: &Standard) -> usize {
    let layers = |codec: &Codec| match codec {
        Codec::H264Video(video) => video.layers.len(),
        Codec::H265Video(video) => video.layers.len(),
        Codec::CopyVideo(_) => 1,
        _ => 0,
    };
    preset.codecs.iter().map(layers).sum()
}

/// All labels of codecs and layers that an MP4 file may hold; none twice, except that a codec of one layer may share its layer's.
pub(super) fn labels(field: &str, preset: &Standard) -> Result<Vec<String>> {
    let mut seen: Vec<String> = Vec::new();
    for (index, codec) in preset.codecs.iter().enumerate().filter(|(_, codec)| is_stream(codec)) {
        let layers: Vec<&str> = match codec {
            Codec::H264Video(video) => {
                video.layers.iter().filter_map(|layer| layer.video.label.as_deref()).collect()
            }
            Codec::H265Video(video) => {
                video.layers.iter().filter_map(|layer| layer.video.label.as_deref()).collect()
            }
            _ => Vec::new(),
        };
        let mut own: Vec<&str> = codec.label().into_iter().filter(|label| !layers.contains(label)).collect();
        own.extend(layers);
        for label in own {
            if seen.iter().any(|other| other == label) {
                let why = format!("the label '{label}' is used twice");
                return Err(Error::invalid(format!("{field}.codecs[{index}]"), why));
            }
            seen.push(label.to_owned());
        }
    }
    Ok(seen)
}
