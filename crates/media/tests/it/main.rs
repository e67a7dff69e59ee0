//! Codec headers of outsiders: noise, and real ones with bytes spoilt.

use bytes::Bytes;
use millrace_media::codec::*;
use millrace_media::nal::{self, NalUnits};
use millrace_media::{FourCc, Language, Ratio, Timescale, rescale};
use proptest::prelude::*;

/// Reads bytes as every kind of header; whatever comes out can be named.
fn read_everything(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    let entry = FourCc::new(b"test");
    let _ = AvcConfig::parse(entry, bytes.clone()).map(|config| config.rfc6381());
    let _ = HevcConfig::parse(entry, bytes.clone()).map(|config| config.rfc6381());
    let _ = AacConfig::parse(bytes.clone())
        .map(|config| (config.rfc6381(), millrace_media::adts::header(&config, 9)));
    let _ = OpusConfig::parse(bytes.clone());
    let _ = Ac3Config::parse(bytes.clone());
    let _ = Eac3Config::parse(bytes.clone());
    let _ = Vp9Config::parse(bytes.clone()).map(|config| config.rfc6381());
    let _ = Av1Config::parse(bytes).map(|config| config.rfc6381());
    let _ = (AvcSps::parse(data), HevcSps::parse(data), nal::unescape(data));
    for size in 0..=5 {
        let units = NalUnits::new(data, size).filter_map(Result::ok);
        assert!(units.map(|unit| unit.len()).sum::<usize>() <= data.len());
    }
}

/// Parameter sets of x264 and x265.
const AVC: &[u8] = &[
    0x67, 0x64, 0x00, 0x0d, 0xac, 0xd9, 0x41, 0x41, 0x9e, 0xa2, 0x30, 0xe1, 0x00, 0x00, 0x03, 0x03, 0xe9,
    0x00, 0x00, 0xea, 0x60, 0x0f, 0x14, 0x29, 0x96,
];
const HEVC: &[u8] = &[
    0x42, 0x01, 0x01, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00,
    0x3c, 0xa0, 0x0a, 0x08, 0x0b, 0x9d, 0x48, 0xd9, 0x65, 0x66, 0x92, 0x4c, 0xaf, 0x01, 0x6a, 0x12, 0x20,
    0x12, 0x08, 0x00, 0x00, 0x03, 0x00, 0x08, 0x00, 0x00, 0x03, 0x00, 0xc8, 0x40,
];

#[test]
fn every_spoilt_bit_of_a_parameter_set_has_an_answer() {
    for set in [AVC, HEVC] {
        for bit in 0..set.len() * 8 {
            let mut spoilt = set.to_vec();
            spoilt[bit / 8] ^= 1 << (bit % 8);
            read_everything(&spoilt);
            read_everything(&spoilt[..bit / 8]);
        }
    }
    assert!(AvcSps::parse(AVC).is_ok() && HevcSps::parse(HEVC).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..120)) {
        read_everything(&noise);
        read_everything(&[&[1, 100, 0, 31, 0xff, 0xe1][..], &noise].concat());
        read_everything(&[&[0x67, 100][..], &noise].concat());
    }

    #[test]
    fn rescaling_there_and_back_is_within_a_tick(value in -1_i64 << 40..1 << 40, from in 1_u32..=90_000) {
        let (from, to) = (Timescale::new(from).expect("not zero"), Timescale::HNS);
        prop_assert_eq!(rescale(rescale(value, from, to), to, from), value);
        prop_assert_eq!(rescale(-value, from, to), -rescale(value, from, to));
    }

    #[test]
    fn languages_are_safe_to_write(tag in "\\PC{0,40}", packed: u16) {
        if let Ok(language) = Language::new(&tag) {
            prop_assert!(language.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        }
        prop_assert!(Language::new(Language::from_packed(packed).as_str()).is_ok());
    }

    #[test]
    fn ratios_keep_their_value(num in 1_u64..1 << 32, den in 1_u64..1 << 32) {
        let ratio = Ratio::new(num, den).expect("no side is zero");
        prop_assert_eq!(u128::from(num) * u128::from(ratio.den()), u128::from(den) * u128::from(ratio.num()));
    }
}
