//! The official SDKs, unmodified, with only addresses changed.

use std::path::PathBuf;
use std::process::Command;

use millrace_testkit::{python, repository};

use crate::published::published;

/// Runs a script of `e2e/sdk` against the shared server: credentials file and a video as arguments.
fn flow(mut command: Command, script: &str) {
    let title = published();
    let ca: PathBuf = title.server.credentials()["caFile"].as_str().expect("a path").into();
    let output = command
        .arg(repository().join("e2e/sdk").join(script))
        .arg(title.server.credentials_path())
        .arg(title.dir.path().join("shared title.mp4"))
        .env("REQUESTS_CA_BUNDLE", &ca)
        .env("NODE_EXTRA_CA_CERTS", &ca)
        .output()
        .expect("the interpreter runs; `make test` installs it");
    assert!(
        output.status.success(),
        "{script}\n{}{}\n--- server ---\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        title.server.log()
    );
}

#[test]
fn the_python_sdk_runs_the_whole_flow() {
    flow(Command::new(python()), "flow.py");
}

#[test]
fn the_javascript_sdk_runs_the_whole_flow() {
    flow(Command::new("node"), "flow.mjs");
}
