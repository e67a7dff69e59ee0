//! The official Python client over a socket.

use std::process::Command;

use crate::support::{Local, python, run, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_python_client_is_served() {
    let local = Local::new().await;
    let origin = serve(&local.blobs).await;
    let account = local.account();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/client.py");
    let mut command = Command::new(python());
    command.arg(script).arg(origin).arg(account.name()).arg(account.keys()[0].to_base64());
    let said = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    assert!(said.ends_with("all done\n"), "{said}");
}
