use super::*;

const OPEN: Bounds = Bounds {
    codec_factor: 1.0,
    max_height: 1080,
    min_height: 180,
    max_bitrate: 100_000_000,
    min_bitrate: 50_000,
    max_layers: 16,
};

fn ladder(size: (u32, u32), rate: &str, bit_rate: Option<u64>) -> Vec<(u32, u32, u64)> {
    let rate = Ratio::parse(rate).unwrap_or(Ratio::ONE);
    let facts = Facts { size, rate, bit_rate, efficiency: 1.0 };
    generate(&facts, &OPEN).iter().map(|rung| (rung.width, rung.height, rung.bitrate / 1000)).collect()
}

/// The documented value within its own rounding: AMS rounds its tables by hand.
fn close(actual: &[(u32, u32, u64)], documented: &[(u32, u64)]) {
    assert_eq!(actual.len(), documented.len(), "{actual:?}");
    for ((_, height, kilobits), (lines, documented)) in actual.iter().zip(documented) {
        assert_eq!(height, lines, "{actual:?}");
        let off = (*kilobits as f64 / *documented as f64 - 1.0).abs();
        assert!(off < 0.02, "{kilobits} is not {documented} at {lines}");
    }
}

#[test]
fn documented_ladders() {
    close(
        &ladder((1920, 1080), "30000/1001", None),
        &[(1080, 6780), (720, 3520), (540, 2210), (360, 1150), (270, 720), (180, 380)],
    );
    close(
        &ladder((1280, 720), "24000/1001", None),
        &[(720, 2940), (540, 1850), (360, 960), (270, 600), (180, 320)],
    );
    close(&ladder((640, 360), "30000/1001", None), &[(360, 700), (270, 440), (180, 230)]);
}

#[test]
fn sizes_follow_the_source() {
    let check = |size, expected: &[(u32, u32)]| {
        let sizes: Vec<_> = ladder(size, "25", None).iter().map(|r| (r.0, r.1)).collect();
        assert_eq!(sizes, expected, "{size:?}");
    };
    // A 4K source is brought down to 1080p.
    check((3840, 2160), &[(1920, 1080), (1280, 720), (960, 540), (640, 360), (480, 270), (320, 180)]);
    // Between two rungs: the source's own size on top.
    check((854, 480), &[(854, 480), (640, 360), (480, 270), (320, 180)]);
    // Portrait: the short side counts.
    check((720, 1280), &[(720, 1280), (540, 960), (360, 640), (270, 480), (180, 320)]);
    // Wide: the box counts, proportions stay.
    check((1920, 800), &[(1920, 800), (1280, 534), (960, 400), (640, 266), (480, 200), (320, 134)]);
    // Odd and tiny.
    check((641, 361), &[(640, 360), (480, 270), (320, 180)]);
    check((160, 90), &[(160, 90)]);
    check((1, 1), &[(2, 2)]);
}

#[test]
fn never_above_the_source() {
    for size in [(1920, 1080), (1279, 719), (640, 640), (333, 999), (64, 36)] {
        for (width, height, _) in ladder(size, "50", None) {
            assert!(width <= size.0.max(2) && height <= size.1.max(2), "{size:?} {width}x{height}");
        }
    }
    let poor = ladder((1920, 1080), "30", Some(2_000_000));
    assert_eq!(poor[0].2, 2_000);
    assert!(poor.windows(2).all(|pair| pair[0].2 > pair[1].2), "{poor:?}");
}

#[test]
fn bounds_hold() {
    let bounds = Bounds { max_height: 720, min_height: 300, max_layers: 2, max_bitrate: 3_000_000, ..OPEN };
    let facts =
        Facts { size: (1920, 1080), rate: Ratio { num: 30, den: 1 }, bit_rate: None, efficiency: 1.0 };
    let rungs = generate(&facts, &bounds);
    let sizes: Vec<_> = rungs.iter().map(|rung| rung.height).collect();
    assert_eq!(sizes, [720, 360]);
    assert_eq!(rungs[0].bitrate, 3_000_000);
}
