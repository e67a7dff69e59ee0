//! Files that the crate writes: golden dumps, and ffmpeg's opinion of them.

use bytes::Bytes;
use millrace_media::{Language, Timescale};
use millrace_mp4::dump;
use millrace_mp4::read::{Fragment, Movie, Track};
use millrace_mp4::write::*;

use crate::support::*;

/// Media of one track in fragments that begin at key frames, at most 25 samples long, with whatever goes around them.
fn fragments(file: &[u8], track: &Track, sequence: &mut u32) -> Vec<(u64, Bytes)> {
    let samples: Vec<_> = track.samples.samples().map(|sample| sample.expect("a sound table")).collect();
    let mut out = Vec::new();
    let mut rest = samples.as_slice();
    while !rest.is_empty() {
        let later = rest.iter().skip(1).position(|sample| sample.key && !track.samples.all_key());
        let (now, after) = rest.split_at(later.map_or(rest.len(), |at| at + 1).min(25));
        let run = now.iter().map(|sample| RunSample {
            duration: sample.duration,
            size: sample.size,
            cto: sample.cto as i32,
            key: sample.key,
        });
        *sequence += 1;
        let time = now[0].dts as u64;
        let run: Vec<_> = run.collect();
        let mut bytes = fragment_header(*sequence, track.config.id, time, &run).expect("a head").to_vec();
        for sample in now {
            bytes.extend_from_slice(&file[sample.offset as usize..][..sample.size as usize]);
        }
        out.push((time, bytes.into()));
        rest = after;
    }
    out
}

fn trim(track: &Track) -> u64 {
    track.edits.edits.iter().find_map(|edit| edit.media_time).unwrap_or(0) as u64
}

/// Writes a file anew in fragments and gives its bytes.
fn rewrite(file: &[u8], movie: &Movie, entry_as_it_stands: bool) -> Vec<u8> {
    let inits = movie.tracks.iter().map(|track| TrackInit {
        sample_entry: entry_as_it_stands.then_some(&track.sample_entry[..]),
        media_time: trim(track),
        duration: track.duration,
        ..TrackInit::new(&track.config)
    });
    let inits = inits.collect::<Vec<_>>();
    let mut out = init_segment(&inits).expect("an initialisation segment").to_vec();
    let (mut sequence, mut access) = (0, Vec::new());
    let tracks = movie.tracks.iter().map(|track| fragments(file, track, &mut sequence)).collect::<Vec<_>>();
    let longest = tracks.iter().map(Vec::len).max().unwrap_or(0);
    for index in 0..longest {
        for fragment in tracks.iter().filter_map(|fragments| fragments.get(index)) {
            access.push(RandomAccess { time: fragment.0, moof_offset: out.len() as u64 });
            out.extend_from_slice(&fragment.1);
        }
    }
    if let [track] = movie.tracks.as_slice() {
        out.extend_from_slice(&mfra(&[TrackAccess { track_id: track.config.id, entries: &access }]));
    }
    out
}

/// ffmpeg must decode the same frames from our file, silently, and ffprobe see the same packets.
fn check(recipe: &str) {
    let media = Media::new();
    let path = media.make(recipe, "source.mp4");
    let (file, movie) = open(&path);
    let facts = |packet: Packet| (packet.dts, packet.pts, packet.size, packet.key);
    let seen = |path: &std::path::Path, stream: usize| -> (Vec<String>, Vec<_>) {
        let packets = packets(path, stream, &[]).into_iter().map(facts);
        (frames(path, &format!("0:{stream}")), packets.collect())
    };
    let streams = 0..movie.tracks.len();
    let expected: Vec<_> = streams.clone().map(|stream| seen(&path, stream)).collect();
    for as_it_stands in [true, false] {
        let written = rewrite(&file, &movie, as_it_stands);
        let ours = media.write("ours.mp4", &written);
        let found: Vec<_> = streams.clone().map(|stream| seen(&ours, stream)).collect();
        assert_eq!(found, expected, "{recipe}");
        let again = Movie::find(&written.into()).expect("our own movie");
        let configs =
            |movie: &Movie| movie.tracks.iter().map(|track| track.config.clone()).collect::<Vec<_>>();
        assert_eq!(configs(&again), configs(&movie), "{recipe}");
    }
}

#[test]
fn ffmpeg_reads_what_we_write() {
    check(&format!("{VIDEO} {SOUND} {BFRAMES} -c:a aac -metadata:s:a language=fra"));
    check(&format!(
        "{VIDEO} -vf setsar=4/3 {X264} -color_primaries bt709 -color_trc bt709 -colorspace bt709"
    ));
    check(&format!("{SOUND} -c:a aac -ac 6"));
    check(&format!("{SOUND} -c:a ac3"));
    check(&format!("{SOUND} -c:a eac3 -ac 6"));
}

#[test]
fn ffmpeg_reads_other_codecs_that_we_write() {
    check(&format!("{VIDEO} -c:v libx265 -preset ultrafast -x265-params log-level=none:info=0 -tag:v hvc1"));
    check(&format!("{VIDEO} -c:v libvpx-vp9 -pix_fmt yuv420p -deadline realtime -cpu-used 8"));
    check("-f lavfi -i testsrc=s=192x108:r=25:d=0.4 -c:v libsvtav1 -preset 12 -pix_fmt yuv420p");
}

#[test]
fn a_wrong_byte_makes_the_comparison_fail() {
    let media = Media::new();
    let path = media.make(&format!("{VIDEO} {X264}"), "source.mp4");
    let (file, movie) = open(&path);
    let mut broken = file.to_vec();
    let sample = movie.tracks[0].samples.samples().nth(3).expect("a sample").expect("sound");
    broken[sample.offset as usize + 20] ^= 0x55;
    let ours = media.write("ours.mp4", &rewrite(&broken, &movie, true));
    let found = std::panic::catch_unwind(|| frames(&ours, "0:0"));
    assert!(found.is_err() || found.ok() != Some(frames(&path, "0:0")));
}

#[test]
fn turned_pictures_stay_turned() {
    let media = Media::new();
    let upright = media.make(&format!("{VIDEO} {X264}"), "upright.mp4");
    for degrees in [90, 180, 270] {
        let recipe = format!("-i {} -c copy -metadata:s:v rotate={degrees}", upright.display());
        let (file, movie) = open(&media.make(&recipe, "turned.mp4"));
        let again = Movie::find(&rewrite(&file, &movie, false).into()).expect("our own movie");
        assert_eq!(again.tracks[0].config, movie.tracks[0].config);
        assert_ne!(again.tracks[0].config.video().map(|video| video.rotation.degrees()), Some(0));
    }
}

/// A small movie whose dump does not depend on an encoder: sound in two languages, one of them beyond three letters.
fn sound_config(id: u32, language: &str) -> millrace_media::TrackConfig {
    let aac = millrace_media::codec::AacConfig::parse(Bytes::from_static(&[0x11, 0x90])).expect("a config");
    millrace_media::TrackConfig {
        id,
        timescale: Timescale::new(48_000).expect("not zero"),
        language: Language::new(language).expect("a tag"),
        codec: millrace_media::CodecConfig::Aac(aac),
        format: millrace_media::Format::Audio(millrace_media::AudioFormat {
            sample_rate: 48_000,
            channels: 2,
        }),
    }
}

#[test]
fn initialisation_segment_golden() {
    let (one, two) = (sound_config(1, "eng"), sound_config(2, "pt-BR"));
    let first = TrackInit { media_time: 1024, duration: Some(97_024), name: "Main", ..TrackInit::new(&one) };
    let init = init_segment(&[first, TrackInit::new(&two)]).expect("a segment");
    golden("init.txt", &dump::text(&init));
    let movie = Movie::find(&init).expect("our own movie");
    assert_eq!(movie.tracks.iter().map(|track| &track.config).collect::<Vec<_>>(), [&one, &two]);
    assert_eq!(
        (movie.tracks[0].handler_name.as_str(), movie.tracks[1].handler_name.as_str()),
        ("Main", "audio")
    );
    assert_eq!((movie.presentation_offset(&movie.tracks[0]), movie.duration), (-1024, Some(2000)));
}

#[test]
fn refuses_impossible_movies() {
    let config = sound_config(1, "eng");
    let zero = sound_config(0, "eng");
    let track = TrackInit::new(&config);
    assert_eq!(init_segment(&[]), Err(WriteError::NoTracks));
    assert_eq!(init_segment(&[track, track]), Err(WriteError::TrackId(1)));
    assert_eq!(init_segment(&[TrackInit::new(&zero)]), Err(WriteError::TrackId(0)));
    let mut other = config.clone();
    other.codec = millrace_media::CodecConfig::Other {
        fourcc: millrace_media::FourCc::new(b"alac"),
        object_type: None,
    };
    assert!(matches!(init_segment(&[TrackInit::new(&other)]), Err(WriteError::UnknownCodec(_))));
    let raw = TrackInit {
        sample_entry: Some(
            b"\0\0\0\x24alac\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\x02\0\x10\0\0\0\0\xbb\x80\0\0",
        ),
        ..TrackInit::new(&other)
    };
    assert!(init_segment(&[raw]).is_ok());
}

fn sample(duration: u32, size: u32, cto: i32, key: bool) -> RunSample {
    RunSample { duration, size, cto, key }
}

#[test]
fn fragment_golden() {
    let pictures = [
        sample(10, 500, 0, true),
        sample(10, 60, 20, false),
        sample(10, 50, -10, false),
        sample(12, 40, -10, false),
    ];
    let sound = [sample(1024, 300, 0, true), sample(1024, 300, 0, true)];
    let mixed = [sample(10, 5, 0, true), sample(10, 5, 0, false), sample(10, 5, 0, true)];
    let mut text = String::new();
    for (track, samples) in [(1, &pictures[..]), (2, &sound), (3, &mixed), (4, &[])] {
        let time = (1 << 33) + u64::from(track);
        let head = fragment_header(7, track, time, samples).expect("a head");
        let total: usize = samples.iter().map(|sample| sample.size as usize).sum();
        let whole = [&head[..], &vec![0; total]].concat();
        text.push_str(&dump::text(&whole));
        check_head(&head, track, time, samples);
    }
    golden("fragment.txt", &text);
}

/// What is read back is what was written.
fn check_head(head: &Bytes, track: u32, time: u64, samples: &[RunSample]) {
    let moof_len = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let fragment =
        Fragment::parse_with(&head.slice(..moof_len), 1000, |_| Default::default()).expect("our own");
    let read = &fragment.tracks[0];
    assert_eq!((fragment.sequence, read.track_id, read.base_decode_time), (7, track, Some(time)));
    let mut offset = 1000 + head.len() as u64;
    let mut count = 0;
    for (found, wrote) in read.samples().zip(samples) {
        assert_eq!((found.offset, found.size, found.duration), (offset, wrote.size, wrote.duration));
        assert_eq!((found.cto, found.key), (wrote.cto.into(), wrote.key));
        offset += u64::from(found.size);
        count += 1;
    }
    assert_eq!((count, read.sample_count as usize), (samples.len(), samples.len()));
}

#[test]
fn more_than_four_gigabytes_get_a_long_mdat() {
    let samples = [sample(1, u32::MAX, 0, true), sample(1, 5, 0, false)];
    let head = fragment_header(7, 1, 0, &samples).expect("a head");
    let mdat = &head[head.len() - 16..];
    assert_eq!(&mdat[..8], b"\0\0\0\x01mdat");
    assert_eq!(mdat[8..], (16 + (1_u64 << 32) + 4).to_be_bytes());
    check_head(&head, 1, 0, &samples);
}

#[test]
fn indexes_golden() {
    let reference = |size, key| SegmentReference { size, duration: 90_000, key };
    let index = SegmentIndex {
        track_id: 1,
        timescale: Timescale::MPEG,
        earliest_time: 1 << 40,
        first_offset: 12,
        references: &[reference(1000, true), reference(2000, false)],
    };
    let entries =
        [RandomAccess { time: 0, moof_offset: 800 }, RandomAccess { time: 90_000, moof_offset: 1 << 33 }];
    let access = mfra(&[TrackAccess { track_id: 1, entries: &entries }]);
    let text = dump::text(&[&styp()[..], &sidx(&index).expect("an index"), &access].concat());
    golden("index.txt", &text);
    assert_eq!(access[access.len() - 4..], (access.len() as u32).to_be_bytes());
    let huge = [SegmentReference { size: 1 << 31, duration: 1, key: true }];
    assert!(sidx(&SegmentIndex { references: &huge, ..index }).is_err());
}
