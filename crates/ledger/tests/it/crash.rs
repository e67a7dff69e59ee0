//! `kill -9` of a process that commits and runs tasks, twenty times at random. What it acknowledged on its standard output
//! must be in the database; a finished task must not run again; a running one must. A mutant that acknowledges before it
//! commits must be caught by the same check.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use millrace_ledger::runner::{Context, Runner, Verdict};
use millrace_ledger::{Commit, Config, Expect, Ledger, Outcome, TaskState};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{asset, task};

const DATABASE: &str = "MILLRACE_LEDGER_CRASH_DATABASE";
const MUTANT: &str = "MILLRACE_LEDGER_CRASH_MUTANT";
const KILLS: u32 = 20;
const WRITERS: u32 = 8;

/// One line, in one write, so that a kill never leaves half of it.
fn say(word: &str, what: &str) {
    let line = format!("\n{word} {what}\n");
    // The parent may have gone; then nobody listens.
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}

/// The process that is killed: only does something when the parent started it.
#[test]
fn the_process_that_is_killed() {
    let Ok(database) = std::env::var(DATABASE) else { return };
    let acknowledge_early = std::env::var(MUTANT).is_ok();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(work(Path::new(&database), acknowledge_early));
}

async fn work(database: &Path, acknowledge_early: bool) {
    let ledger = Ledger::open(Config::new(database)).await.unwrap();
    let life = uuid::Uuid::new_v4().simple().to_string();
    for writer in 0..WRITERS {
        tokio::spawn(write(ledger.clone(), format!("{life}-{writer}"), acknowledge_early));
    }
    Runner::new(ledger).on("work", 4, run_one).run(CancellationToken::new()).await;
}

/// Commits a resource and a task at a time, for ever.
async fn write(ledger: Ledger, name: String, acknowledge_early: bool) {
    for number in 0.. {
        let name = format!("{name}-{number}");
        let commit = Commit::new().put(asset(&name).expect(Expect::Absent)).enqueue(task(&name));
        if acknowledge_early {
            say("committed", &name);
        }
        ledger.commit(commit).await.unwrap();
        if !acknowledge_early {
            say("committed", &name);
        }
    }
}

async fn run_one(context: Context) -> Verdict {
    let key = context.task().key.clone();
    say("started", &key);
    tokio::time::sleep(Duration::from_millis(2)).await;
    let effect = asset(&format!("effect-{key}")).expect(Expect::Absent);
    let end = Commit::new().finish(context.lease(), Outcome::Done(json!(1))).put(effect);
    match context.ledger().commit(end).await {
        Ok(_) => say("finished", &key),
        Err(error) => say("refused", &format!("{key}: {error}")),
    }
    Verdict::Committed
}

/// What all lives of the process said, in order.
#[derive(Default)]
struct Said {
    committed: Vec<String>,
    finished: HashSet<String>,
    wrong: Vec<String>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        match line.split_once(' ') {
            Some(("committed", name)) => self.committed.push(name.to_owned()),
            Some(("started", key)) if self.finished.contains(key) => {
                self.wrong.push(format!("{key} ran again"))
            }
            Some(("finished", key)) if !self.finished.insert(key.to_owned()) => {
                self.wrong.push(format!("{key} finished twice"));
            }
            Some(("refused", what)) => self.wrong.push(what.to_owned()),
            _ => {}
        }
    }
}

fn live_once(database: &Path, mutant: bool, said: &mut Said) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::the_process_that_is_killed", "--nocapture", "--test-threads", "1"]);
    command.env(DATABASE, database).stdout(Stdio::piped()).stderr(Stdio::inherit());
    if mutant {
        command.env(MUTANT, "1");
    }
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // Killed after a random number of acknowledgements and then a random time, so that every phase is hit.
    let enough = said.committed.len() + rand::random_range(1..200);
    while said.committed.len() < enough {
        let Some(line) = lines.next() else { panic!("the process ended by itself") };
        said.hear(&line);
    }
    std::thread::sleep(Duration::from_micros(rand::random_range(0..5000)));
    child.kill().unwrap();
    lines.for_each(|line| said.hear(&line));
    child.wait().unwrap();
}

/// Everything that the database does not hold up to.
async fn broken_promises(database: &Path, mut said: Said) -> Vec<String> {
    let ledger = Ledger::open(Config::new(database)).await.unwrap();
    for name in &said.committed {
        let resource = ledger.get("asset", "media", name).await.unwrap();
        let task = ledger.task_by_key("work", name).await.unwrap();
        if resource.is_none() || task.is_none() {
            said.wrong.push(format!("{name} was acknowledged and is lost"));
        }
    }
    for key in &said.finished {
        let task = ledger.task_by_key("work", key).await.unwrap();
        if task.is_none_or(|task| task.state != TaskState::Done) {
            said.wrong.push(format!("{key} finished and is not done"));
        }
    }
    ledger.close().await;
    said.wrong
}

fn kill_often(mutant: bool) -> (Said, tempfile::TempDir) {
    let directory = tempfile::TempDir::new().unwrap();
    let mut said = Said::default();
    for _ in 0..KILLS {
        live_once(&directory.path().join("ledger.db"), mutant, &mut said);
    }
    (said, directory)
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_finished_runs_again() {
    let (said, directory) = kill_often(false);
    let database = directory.path().join("ledger.db");
    assert!(said.committed.len() > 100 && said.finished.len() > 50, "too little happened to prove anything");
    let (committed, finished) = (said.committed.len(), said.finished.len());
    assert_eq!(broken_promises(&database, said).await, Vec::<String>::new(), "of {committed}/{finished}");

    // What was running or waiting runs to its end in the next life.
    let ledger = Ledger::open(Config::new(&database)).await.unwrap();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(Runner::new(ledger.clone()).on("work", 64, run_one).run(shutdown.clone()));
    let mut changes = ledger.subscribe();
    crate::support::soon("all tasks are done", async {
        while ledger.next_due(&["work"]).await.unwrap().is_some() {
            changes.next().await;
        }
    })
    .await;
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_mutant_that_acknowledges_before_it_commits_is_caught() {
    let (said, directory) = kill_often(true);
    let wrong = broken_promises(&directory.path().join("ledger.db"), said).await;
    assert!(wrong.iter().any(|what| what.ends_with("is lost")), "the check proves nothing");
}
