//! The web console in Chromium, from the wrong key to playback in every protocol.

use std::process::Command;

use millrace_testkit::repository;

use crate::published::published;

/// Everything is in one run of one page, in the order in which a person does it: the script says what did not hold.
#[test]
fn the_console_uploads_over_a_reload_encodes_and_plays_every_protocol() {
    let title = published();
    let output = Command::new("node")
        .arg(repository().join("e2e/console/console.mjs"))
        .arg(title.server.credentials_path())
        .arg(title.dir.path().join("shared title.mp4"))
        .output()
        .expect("node runs; `make test` installs it");
    assert!(
        output.status.success(),
        "{}{}\n--- server ---\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        title.server.log()
    );
}

/// The parts of the console that need no browser.
#[test]
fn the_consoles_unit_tests_pass() {
    let output = Command::new("node")
        .arg("--test")
        .current_dir(repository().join("console"))
        .output()
        .expect("node runs; `make test` installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
