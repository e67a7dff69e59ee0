//! Test media made by ffmpeg, and what ffprobe sees in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use millrace_mp4::BoxHeader;
use millrace_mp4::read::Movie;
use tempfile::TempDir;

/// A directory of test media, gone with the value.
pub struct Media(TempDir);

impl Media {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs ffmpeg with these words and a file of this name as output.
    pub fn make(&self, arguments: &str, name: &str) -> PathBuf {
        let path = self.path(name);
        let words = arguments.split_whitespace();
        let child = Command::new("ffmpeg").args(["-v", "error", "-y"]).args(words).arg(&path).output();
        let output = child.expect("ffmpeg runs");
        assert!(output.status.success(), "ffmpeg {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        path
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a file in a temporary directory");
        path
    }
}

/// One packet as ffprobe reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    pub dts: i64,
    pub pts: i64,
    pub size: u32,
    pub pos: u64,
    pub key: bool,
}

/// Packets of stream `stream` in the order of the file.
pub fn packets(path: &Path, stream: usize, options: &[&str]) -> Vec<Packet> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "csv=p=0:nk=0", "-show_entries", "packet=dts,pts,size,pos,flags"])
        .args(["-select_streams", &stream.to_string()])
        .args(options)
        .arg(path)
        .output()
        .expect("ffprobe runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.contains("dts=")).map(packet).collect()
}

fn packet(line: &str) -> Packet {
    let field = |name: &str| {
        let found = line.split(',').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_else(|| panic!("no {name} in {line}")).to_owned()
    };
    let number = |name: &str| field(name).parse::<i64>().unwrap_or_else(|_| panic!("{name} in {line}"));
    Packet {
        dts: number("dts"),
        pts: number("pts"),
        size: number("size") as u32,
        pos: number("pos") as u64,
        key: field("flags").starts_with('K'),
    }
}

/// Hashes of all decoded frames, those that an edit list would trim too; ffmpeg must have nothing to say about the file.
pub fn frames(path: &Path, map: &str) -> Vec<String> {
    let output = Command::new("ffmpeg")
        .args(["-v", "warning", "-ignore_editlist", "1", "-i"])
        .arg(path)
        .args(["-map", map, "-fps_mode", "passthrough", "-f", "framemd5", "-"])
        .output()
        .expect("ffmpeg runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "ffmpeg says of {}: {said}", path.display());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let hash = |line: &str| line.rsplit(", ").next().unwrap_or_default().to_owned();
    text.lines().filter(|line| !line.starts_with('#')).map(hash).collect()
}

/// Compares with the text kept in `tests/it/golden`; `MILLRACE_BLESS=1` keeps this one instead.
pub fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden").join(name);
    if std::env::var_os("MILLRACE_BLESS").is_some() {
        std::fs::write(&path, text).expect("the golden file can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == kept, "{name} differs; now it is\n{text}");
}

/// A file in memory with its movie.
pub fn open(path: &Path) -> (Bytes, Movie) {
    let file = Bytes::from(std::fs::read(path).expect("the file"));
    let movie = Movie::find(&file).expect("a movie");
    (file, movie)
}

/// Top-level boxes as (name, offset, size).
pub fn top_level(file: &[u8]) -> Vec<(String, usize, usize)> {
    let mut boxes = Vec::new();
    let mut offset = 0;
    while offset < file.len() {
        let header = BoxHeader::parse(&file[offset..]).expect("a header").expect("a whole header");
        let size = header.size.map_or(file.len() - offset, |size| size as usize);
        boxes.push((header.kind.to_string(), offset, size));
        offset += size;
    }
    boxes
}

pub const VIDEO: &str = "-f lavfi -i testsrc=s=192x108:r=25:d=2";
pub const SOUND: &str = "-f lavfi -i sine=f=440:r=48000:d=2";
pub const X264: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25";
pub const BFRAMES: &str =
    "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 25 -bf 3 -x264-params log-level=error";
