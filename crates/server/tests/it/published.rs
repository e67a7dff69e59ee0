//! One server with one title, uploaded by the command line, encoded and published once for the whole test run.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use millrace_testkit::{Clip, TestServer, clip};
use tempfile::TempDir;

/// The binary under test.
pub(crate) const MILLRACE: &str = env!("CARGO_BIN_EXE_millrace");
/// Frame rate and length of the shared title.
pub(crate) const RATE: u32 = 25;
pub(crate) const SECONDS: u32 = 12;

/// A server and what `upload` printed for its title.
pub(crate) struct Published {
    pub(crate) server: TestServer,
    pub(crate) dir: TempDir,
    pub(crate) urls: Vec<(String, String)>,
}

impl Published {
    /// The first URL that contains `part`.
    pub(crate) fn url(&self, part: &str) -> &str {
        let found = self.urls.iter().find(|(_, url)| url.contains(part));
        &found.unwrap_or_else(|| panic!("no URL with {part} in {:?}", self.urls)).1
    }

    /// The Smooth manifest: the URL that names no format.
    pub(crate) fn smooth(&self) -> &str {
        let found = self.urls.iter().find(|(_, url)| url.ends_with("/manifest"));
        &found.unwrap_or_else(|| panic!("no Smooth URL in {:?}", self.urls)).1
    }
}

/// The shared title: 720p with sound, so that the ladder has several rungs.
pub(crate) fn published() -> &'static Published {
    static SHARED: OnceLock<Published> = OnceLock::new();
    SHARED.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a directory");
        let server = TestServer::start(Path::new(MILLRACE), &dir.path().join("data"), &[]);
        let shape = Clip { size: (1280, 720), rate: "25", seconds: f64::from(SECONDS), audio: true };
        let file = clip(dir.path(), "shared title.mp4", &shape);
        let urls = upload(&server, &file, &["--transform", "AdaptiveStreaming", "--publish"]);
        assert!(!urls.is_empty(), "upload --publish prints URLs");
        Published { server, dir, urls }
    })
}

/// `millrace upload`, and the (protocol, URL) lines it prints.
pub(crate) fn upload(server: &TestServer, file: &Path, extra: &[&str]) -> Vec<(String, String)> {
    let output = Command::new(MILLRACE)
        .arg("upload")
        .arg(file)
        .args(extra)
        .arg("--credentials")
        .arg(server.credentials_path())
        .output()
        .expect("the binary runs");
    assert!(
        output.status.success(),
        "upload failed: {}\n--- server ---\n{}",
        String::from_utf8_lossy(&output.stderr),
        server.log()
    );
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines()
        .filter_map(|line| line.split_once(char::is_whitespace))
        .map(|(protocol, url)| (protocol.to_owned(), url.trim().to_owned()))
        .collect()
}
