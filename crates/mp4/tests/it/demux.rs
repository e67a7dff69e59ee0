//! The demuxer against ffprobe on ffmpeg's fragmented output.

use std::sync::Arc;

use bytes::Bytes;
use millrace_media::Sample;
use millrace_mp4::read::Movie;
use millrace_mp4::stream::{DemuxError, Demuxer, Event};

use crate::support::*;

/// Pushes the file in pieces of `step` bytes.
fn demux(file: &Bytes, step: usize) -> Result<(Arc<Movie>, Vec<Sample>), DemuxError> {
    let mut demuxer = Demuxer::new();
    let mut samples = Vec::new();
    for start in (0..file.len()).step_by(step) {
        demuxer.push(file.slice(start..file.len().min(start + step)))?;
        while let Some(event) = demuxer.next_event()? {
            match event {
                Event::Movie(movie) => assert!(samples.is_empty() && !movie.tracks.is_empty()),
                Event::Sample(sample) => samples.push(sample),
            }
        }
    }
    let movie = demuxer.movie().cloned();
    demuxer.finish()?;
    Ok((movie.expect("finish saw a movie"), samples))
}

fn check(media: &Media, recipe: &str, name: &str) -> (Bytes, Vec<Sample>) {
    let path = media.make(recipe, name);
    let file = Bytes::from(std::fs::read(&path).expect("the file"));
    let (movie, samples) = demux(&file, 65_536).expect("a whole stream");
    for (stream, track) in movie.tracks.iter().enumerate() {
        let expected = packets(&path, stream, &[]);
        assert!(!expected.is_empty());
        let mine: Vec<_> = samples.iter().filter(|sample| sample.track == track.config.id).collect();
        assert_eq!(mine.len(), expected.len(), "{name}, stream {stream}");
        // Where offsets are negative ffmpeg moves all presentation times up to keep them above decode times; the file
        // itself says that the first picture is shown at 0.
        let shift = if recipe.contains("negative") || recipe.contains("cmaf") {
            expected[0].pts - expected[0].dts
        } else {
            0
        };
        for (sample, packet) in mine.iter().zip(&expected) {
            assert_eq!(
                (sample.dts, sample.pts + shift, sample.data.len(), sample.key),
                (packet.dts, packet.pts, packet.size as usize, packet.key),
                "{name}, stream {stream}"
            );
            let pos = packet.pos as usize;
            assert!(sample.data == file[pos..pos + packet.size as usize]);
        }
    }
    for step in [7, 1000] {
        assert!(demux(&file, step).as_ref().map(|(_, samples)| samples) == Ok(&samples), "pieces of {step}");
    }
    (file, samples)
}

const FRAGMENTED: [&str; 6] = [
    "-movflags +frag_keyframe+empty_moov+default_base_moof",
    "-movflags +frag_keyframe+empty_moov+default_base_moof+delay_moov",
    "-movflags +frag_keyframe+delay_moov+negative_cts_offsets",
    "-movflags +frag_keyframe+empty_moov+omit_tfhd_offset",
    "-movflags +frag_keyframe+empty_moov+separate_moof",
    "-movflags +cmaf+delay_moov -frag_duration 500000",
];

#[test]
fn reads_what_ffmpeg_writes() {
    let media = Media::new();
    for flags in FRAGMENTED {
        let (_, samples) = check(&media, &format!("{VIDEO} {SOUND} {BFRAMES} -c:a aac {flags}"), "f.mp4");
        assert_eq!(samples.iter().filter(|sample| sample.track == 1).count(), 50, "{flags}");
    }
}

#[test]
fn takes_samples_without_copying() {
    let media = Media::new();
    let path = media.make(&format!("{VIDEO} {X264} {}", FRAGMENTED[0]), "z.mp4");
    let file = Bytes::from(std::fs::read(&path).expect("the file"));
    let (_, samples) = demux(&file, file.len()).expect("a whole stream");
    assert!(samples.iter().all(|sample| file.as_ptr_range().contains(&sample.data.as_ptr())));
}

#[test]
fn reads_smooth_files() {
    let media = Media::new();
    let path = media.make(&format!("{VIDEO} {SOUND} {X264} -c:a aac -f ismv"), "s.ismv");
    let file = Bytes::from(std::fs::read(&path).expect("the file"));
    let (movie, samples) = demux(&file, 4096).expect("a whole stream");
    let video: Vec<_> = samples.iter().filter(|sample| sample.track == 1).collect();
    assert_eq!((video.len(), movie.tracks[0].config.timescale.get()), (50, 10_000_000));
    for (index, sample) in video.iter().enumerate() {
        assert_eq!((sample.dts, sample.key), (index as i64 * 400_000, index % 25 == 0));
    }
}

#[test]
fn a_cut_stream_is_not_a_whole_one() {
    let media = Media::new();
    let (file, samples) = check(&media, &format!("{VIDEO} {X264} {}", FRAGMENTED[0]), "c.mp4");
    for cut in [1, 100, file.len() / 3, file.len() / 2, file.len() - 1] {
        assert!(matches!(demux(&file.slice(..cut), 1000), Err(DemuxError::Cut { .. })), "cut at {cut}");
    }
    assert_eq!(demux(&Bytes::new(), 1).map(|_| ()), Err(DemuxError::NoMovie));
    assert!(!samples.is_empty());
}

#[test]
fn refuses_what_it_cannot_stream() {
    let media = Media::new();
    let path = media.make(&format!("{VIDEO} {X264} -movflags +faststart"), "p.mp4");
    let file = Bytes::from(std::fs::read(&path).expect("the file"));
    assert_eq!(demux(&file, 1000).map(|_| ()), Err(DemuxError::NotFragmented));
    let huge = Bytes::from_static(b"\x7f\xff\xff\xffmoov");
    assert!(matches!(demux(&huge, 8), Err(DemuxError::TooLarge { .. })));
    let media_first = Bytes::from_static(b"\0\0\0\x08moof");
    assert_eq!(demux(&media_first, 8).map(|_| ()), Err(DemuxError::NoMovie));
}

#[test]
fn a_caller_that_never_takes_is_stopped() {
    let mut demuxer = Demuxer::new();
    let piece = Bytes::from(vec![0; 32 << 20]);
    let pushed = (0..4).map(|_| demuxer.push(piece.clone())).collect::<Result<Vec<_>, _>>();
    assert!(matches!(pushed, Err(DemuxError::TooLarge { .. })));
}
