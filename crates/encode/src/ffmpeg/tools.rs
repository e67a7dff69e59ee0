//! Where the programs are, and what a child may use.

use std::path::PathBuf;
use std::time::Duration;

/// Programs and limits, the same for all children.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The ffmpeg program; a bare name is looked up in `PATH`.
    pub ffmpeg: PathBuf,
    /// The ffprobe program.
    pub ffprobe: PathBuf,
    /// Limit of a child's data, bytes. Encoding 4K in six renditions takes about 3 GB.
    pub memory: u64,
    /// Niceness of encoders, so that the server itself stays quick.
    pub nice: u8,
    /// A child that reports no progress for so long is ended.
    pub stall: Duration,
    /// Threads of one encoder; 0 lets it decide.
    pub threads: u32,
}

impl Default for Tools {
    fn default() -> Self {
        Tools {
            ffmpeg: PathBuf::from("ffmpeg"),
            ffprobe: PathBuf::from("ffprobe"),
            memory: 8 << 30,
            nice: 10,
            stall: Duration::from_secs(120),
            threads: 0,
        }
    }
}

/// Containers that inputs may have: media files only. Scripts that name other files or addresses (HLS and DASH playlists,
/// concat scripts, image sequences, SDP, IMF packages, filter graphs) are not among them, so no upload can make a child read
/// anything but the upload.
pub const DEMUXERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,mpegvideo,avi,flv,live_flv,asf,mxf,gxf,wav,\
w64,mp3,aac,flac,ogg,nut,ivf,h264,hevc,m4v,av1,obu,yuv4mpegpipe,dv,ac3,eac3,aiff,caf,amr,dts,dtshd,truehd,wtv,rm,vc1,gif,\
vob,mjpeg";

/// Protocols that a child may open: local files and the pipes it was given. `fd` exists since ffmpeg 6.
pub const PROTOCOLS: &str = "file,pipe,fd";

/// Arguments that go before every `-i`.
pub fn guarded_input() -> [&'static str; 4] {
    ["-protocol_whitelist", PROTOCOLS, "-format_whitelist", DEMUXERS]
}

/// The input argument for a local path: `file:` keeps a name that looks like an option or an address a file name.
pub fn file_url(path: &std::path::Path) -> std::ffi::OsString {
    let mut url = std::ffi::OsString::from("file:");
    url.push(path);
    url
}
