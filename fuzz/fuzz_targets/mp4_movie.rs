//! Reads a movie and walks its tables.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use millrace_mp4::read::Movie;

/// A hostile table may name millions of samples; the walk is linear, so a part of it is as good as the whole.
const WALK: usize = 2_000;

fuzz_target!(|data: &[u8]| {
    let data = Bytes::copy_from_slice(data);
    let dump = millrace_mp4::dump::text(&data);
    assert!(dump.is_empty() == data.is_empty() || data.len() < 8 || data[4..8] == [0; 4]);
    for movie in [Movie::parse(&data), Movie::find(&data)].into_iter().flatten() {
        for track in &movie.tracks {
            let _ = (track.config.rfc6381(), movie.presentation_offset(track));
            let _ = millrace_media::smooth::codec_private_data(&track.config.codec);
            let samples: Vec<_> = track.samples.samples().take(WALK).collect();
            let sound = samples.iter().take_while(|sample| sample.is_ok()).count();
            assert!(sound + 1 >= samples.len(), "nothing comes after an error");
        }
    }
});
