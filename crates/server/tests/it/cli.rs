//! The command line and the server as a process.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use millrace_testkit::{Clip, TestServer, clip};

use crate::published::{MILLRACE, published, upload};

fn curl(args: &[&str]) -> Output {
    Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-w", "%{http_code}"])
        .args(args)
        .output()
        .expect("curl runs")
}

fn status(args: &[&str]) -> String {
    String::from_utf8_lossy(&curl(args).stdout).into_owned()
}

#[test]
fn credentials_are_for_the_owner_and_tls_is_trusted_with_our_authority() {
    let title = published();
    let path = title.server.credentials_path();
    assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    let credentials = title.server.credentials();
    let https = credentials["endpoints"]["https"].as_str().expect("a URL");
    let ca = credentials["caFile"].as_str().expect("a path");
    assert_eq!(status(&["--cacert", ca, &format!("{https}/readyz")]), "200");
    assert_eq!(status(&[&format!("{https}/readyz")]), "000", "a client without our authority refuses");
}

#[test]
fn a_second_server_on_the_same_data_is_refused_and_harms_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data");
    let server = TestServer::start(Path::new(MILLRACE), &data, &[]);
    let before = server.credentials();
    let second = Command::new(MILLRACE)
        .args([
            "serve",
            "--http",
            "127.0.0.1:0",
            "--https",
            "127.0.0.1:0",
            "--blob",
            "127.0.0.1:0",
            "--data-dir",
        ])
        .arg(&data)
        .output()
        .expect("the binary runs");
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("in use"), "{said}");
    assert_eq!(server.credentials(), before);
    assert_eq!(status(&[&format!("{}/readyz", server.http())]), "200");
}

#[test]
fn sigterm_drains_and_exits_0_and_a_restart_keeps_identities() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data");
    let mut server = TestServer::start(Path::new(MILLRACE), &data, &[]);
    let before = server.credentials();
    assert_eq!(server.terminate(), Some(0), "{}", server.log());
    let again = TestServer::start(Path::new(MILLRACE), &data, &[]);
    for identity in ["tenantId", "clientId", "clientSecret", "apiKey", "subscriptionId"] {
        assert_eq!(again.credentials()[identity], before[identity]);
    }
}

#[test]
fn off_loopback_the_plain_port_serves_streams_only() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = TestServer::start(Path::new(MILLRACE), &dir.path().join("data"), &["--http", "0.0.0.0:0"]);
    let http = server.credentials()["endpoints"]["http"].as_str().expect("a URL").to_owned();
    assert_eq!(status(&[&format!("{http}/readyz")]), "200");
    // The origin knows no such stream; what matters is that nobody else answers.
    assert_eq!(status(&[&format!("{http}/console/")]), "400");
    let key = server.credentials()["apiKey"].as_str().expect("a key").to_owned();
    let bearer = format!("authorization: Bearer {key}");
    let providers = "providers/Microsoft.Media/operations?api-version=2021-11-01";
    assert_eq!(status(&["-H", &bearer, &format!("{http}/{providers}")]), "400");

    let open = published();
    let console = status(&[&format!("{}/console/", open.server.http())]);
    assert_eq!(console, "200", "on loopback the console answers on the plain port");
    let key = open.server.credentials()["apiKey"].as_str().expect("a key").to_owned();
    let bearer = format!("authorization: Bearer {key}");
    assert_eq!(status(&["-H", &bearer, &format!("{}/{providers}", open.server.http())]), "200");
}

/// A short film instead of the generated sample; everything else is what `make run` does.
#[test]
fn the_demo_prints_pages_that_work_and_stops_on_sigterm() {
    let dir = tempfile::tempdir().expect("a directory");
    let film = clip(dir.path(), "film.mp4", &Clip { size: (320, 180), seconds: 2.0, ..Clip::default() });
    let mut demo = Command::new(MILLRACE)
        .args([
            "demo",
            "--https",
            "127.0.0.1:0",
            "--http",
            "127.0.0.1:0",
            "--blob",
            "127.0.0.1:0",
            "--data-dir",
        ])
        .args([&dir.path().join("data"), Path::new("--file"), &film])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the binary runs");
    let lines = BufReader::new(demo.stdout.take().expect("stdout is piped")).lines().map_while(Result::ok);
    let said: Vec<String> = lines.take_while(|line| !line.starts_with("Ctrl-C")).collect();
    let urls: Vec<&str> = said
        .iter()
        // The ready line names bare addresses, which are no pages.
        .filter(|line| !line.starts_with("millrace ready"))
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with("http://")))
        .collect();
    assert!(urls.len() >= 6, "{said:#?}");
    for url in urls {
        assert_eq!(status(&["-g", url]), "200", "{url}");
    }
    let sent = Command::new("kill").arg("-TERM").arg(demo.id().to_string()).status().expect("kill runs");
    assert!(sent.success());
    assert_eq!(demo.wait().expect("it ends").code(), Some(0));
}

#[test]
fn what_the_user_got_wrong_is_said_in_a_sentence() {
    let dir = tempfile::tempdir().expect("a directory");
    let check = |args: &[&str], expected: &str| {
        let output =
            Command::new(MILLRACE).args(args).current_dir(dir.path()).output().expect("the binary runs");
        assert!(!output.status.success(), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(expected), "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    };
    check(&["upload", "nothing.mp4"], "is a server running");
    check(&["serve", "--encoders", "0"], "encoders must be at least 1");
    check(&["serve", "--config", "absent.toml"], "cannot read absent.toml");
    std::fs::write(dir.path().join("bad.toml"), "nonsense = 1").expect("written");
    check(&["serve", "--config", "bad.toml"], "nonsense");
}

#[test]
fn a_file_that_is_published_as_it_is_has_urls_that_play() {
    let title = published();
    let dir = tempfile::tempdir().expect("a directory");
    let film = clip(dir.path(), "as it is.mp4", &Clip::default());
    let urls = upload(&title.server, &film, &["--publish"]);
    for protocol in ["Hls", "Dash", "SmoothStreaming", "Download"] {
        let (_, url) = urls.iter().find(|(found, _)| found == protocol).expect(protocol);
        assert_eq!(status(&[url]), "200", "{url}");
    }
}
