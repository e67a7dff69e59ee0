//! `kill -9` in mid-upload, again and again: what was confirmed is there, what was not is whole or absent.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use bytes::Bytes;
use millrace_blob::{BlockId, BlockListEntry, Error, Metadata, Put};

use crate::support::{blob, container, open, primary};

const DIR: &str = "MILLRACE_BLOB_CRASH_DIR";
const ROUNDS: u64 = 8;

/// The content of version `number` of a blob: its length and every byte tell the number.
fn content(number: u64) -> Vec<u8> {
    vec![u8::try_from(number % 251).unwrap(); usize::try_from(100_000 + number * 1000).unwrap()]
}

/// Writes versions for ever, and says each one once it is confirmed.
#[tokio::test]
#[ignore = "runs as the child of what_was_confirmed_survives"]
async fn child() {
    let dir = std::env::var_os(DIR).unwrap();
    let account = primary(&open(std::path::Path::new(&dir)).await);
    let c = container("box");
    account.ensure_container(&c).await.unwrap();
    let out = std::io::stdout();
    for number in start(&account).await.. {
        let put = Put { metadata: Metadata::from([("n".into(), number.to_string())]), ..Put::default() };
        let bytes = content(number);
        if number % 2 == 0 {
            let pieces = bytes.chunks(7_000).map(|piece| Ok::<_, Error>(Bytes::copy_from_slice(piece)));
            let stream = futures_util::stream::iter(pieces.collect::<Vec<_>>());
            account.put_stream(&c, &blob("x"), stream, put).await.unwrap();
        } else {
            let mut list = Vec::new();
            for (at, piece) in bytes.chunks(40_000).enumerate() {
                let id = BlockId::new(format!("{at:04}")).unwrap();
                account.put_block(&c, &blob("x"), id.clone(), piece.to_vec()).await.unwrap();
                list.push(BlockListEntry::Latest(id));
            }
            account.put_block_list(&c, &blob("x"), &list, put).await.unwrap();
        }
        writeln!(out.lock(), "confirmed {number}").unwrap();
    }
}

async fn start(account: &millrace_blob::Account) -> u64 {
    match account.head(&container("box"), &blob("x")).await {
        Ok(head) => head.metadata["n"].parse::<u64>().unwrap() + 1,
        Err(_) => 0,
    }
}

#[tokio::test]
async fn what_was_confirmed_survives() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = None;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child", "--ignored", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Killed at another point of the following upload each time.
        let mut confirmed = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let Some(at) = line.find("confirmed ") else { continue };
            last = Some(line[at + 10..].trim().parse::<u64>().unwrap());
            confirmed += 1;
            if confirmed > round {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let account = primary(&open(dir.path()).await);
        let (head, bytes) = account.get(&container("box"), &blob("x"), 1 << 24).await.unwrap();
        let found: u64 = head.metadata["n"].parse().unwrap();
        let confirmed = last.unwrap();
        assert!(found >= confirmed, "version {found} is older than {confirmed}, which was confirmed");
        assert!(bytes == content(found), "properties and content of version {found} disagree");
        account.sweep().await.unwrap();
        assert!(account.get(&container("box"), &blob("x"), 1 << 24).await.unwrap().1 == content(found));
    }
}
