//! A full disk: refused by name, nothing lost, works again when there is space.

use std::path::{Path, PathBuf};
use std::process::Command;

use futures_util::future::join_all;
use millrace_ledger::{Commit, CommitError, Config, Expect, Fault, Ledger, Query};
use serde_json::json;

use crate::support::{Place, asset};

fn no_space(outcome: &Result<millrace_ledger::Receipt, CommitError>) -> bool {
    matches!(outcome, Err(CommitError::Fault(Fault::NoSpace)))
}

fn large(name: &str) -> Commit {
    Commit::new().put(asset(name).body(json!("x".repeat(100_000))).expect(Expect::Absent))
}

/// Commits until there is no space. Gives the number of those that were acknowledged.
async fn fill(ledger: &Ledger) -> usize {
    for number in 0..10_000 {
        let outcome = ledger.commit(large(&format!("fill{number}"))).await;
        if no_space(&outcome) {
            return number;
        }
        outcome.unwrap();
    }
    panic!("the disk never filled");
}

async fn present(ledger: &Ledger) -> usize {
    ledger.count(&Query::new("asset", "media")).await.unwrap() as usize
}

#[tokio::test]
async fn a_database_at_its_limit() {
    let place = Place::new();
    let ledger = Ledger::open(place.config().max_bytes(2 << 20)).await.unwrap();
    let accepted = fill(&ledger).await;
    assert!(accepted > 2);
    assert_eq!(present(&ledger).await, accepted);
    ledger.commit(Commit::new().delete_scope("asset", "media")).await.unwrap();
    ledger.commit(large("after")).await.unwrap();
    assert_eq!(present(&ledger).await, 1);
}

#[tokio::test]
async fn a_write_too_large_for_what_is_left_fails_alone() {
    let place = Place::new();
    let ledger = Ledger::open(place.config().max_bytes(1 << 20)).await.unwrap();
    // Keeps the writer busy while the others gather, so that they are one group.
    let busy =
        (0..15_000).fold(Commit::new(), |all, _| all.require("asset", "media", "none", Expect::Absent));
    let others = (0..60).map(|number| {
        let body = if number % 20 == 7 { "x".repeat(2 << 20) } else { "small".into() };
        Commit::new().put(asset(&format!("n{number}")).body(json!(body)))
    });
    let commits: Vec<Commit> = std::iter::once(busy).chain(others).collect();
    let mut outcomes = join_all(commits.into_iter().map(|commit| ledger.commit(commit))).await;
    outcomes.remove(0).unwrap();
    for (number, outcome) in outcomes.iter().enumerate() {
        let found = ledger.get("asset", "media", &format!("n{number}")).await.unwrap().is_some();
        assert_eq!(no_space(outcome), number % 20 == 7, "{number}: {outcome:?}");
        assert_eq!(found, outcome.is_ok());
    }
}

/// A small file system that is unmounted at the end.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where mounting is not allowed.
    fn mount(megabytes: u32) -> Option<SmallDisk> {
        let directory = tempfile::TempDir::new().ok()?;
        let size = format!("size={megabytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(directory.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(SmallDisk(directory))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a thread of a reader may still be closing its file.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

fn fill_disk(path: &Path) {
    let mut size = 1 << 20;
    let mut filler = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    while size > 0 {
        if std::io::Write::write_all(&mut filler, &vec![0; size]).is_err() {
            size /= 2;
        }
    }
}

#[tokio::test]
async fn a_full_disk() {
    let Some(disk) = SmallDisk::mount(8) else {
        // `a_database_at_its_limit` covers the same path of the code without the right to mount.
        eprintln!("not allowed to mount a file system: the limit of the database stands for a full disk");
        return;
    };
    let ledger = Ledger::open(Config::new(disk.path("ledger.db"))).await.unwrap();
    ledger.commit(large("before")).await.unwrap();
    fill_disk(&disk.path("filler"));
    let accepted = 1 + fill(&ledger).await;
    for _ in 0..3 {
        assert!(no_space(&ledger.commit(large("refused")).await));
    }
    assert_eq!(present(&ledger).await, accepted, "all that was acknowledged, nothing else");
    std::fs::remove_file(disk.path("filler")).unwrap();
    ledger.commit(large("after")).await.unwrap();
    ledger.close().await;
    let ledger = Ledger::open(Config::new(disk.path("ledger.db"))).await.unwrap();
    assert_eq!(present(&ledger).await, accepted + 1);
    ledger.close().await;
}
