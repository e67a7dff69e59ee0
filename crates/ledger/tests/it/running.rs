//! The runner, in virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use millrace_ledger::runner::{Context, Ending, Handler, KindStatus, Runner, Status, Stop, Verdict};
use millrace_ledger::{Backoff, Commit, Expect, IfExists, Ledger, NewTask, Outcome, Put, Task, TaskState};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{Place, asset, claim, enqueue, fresh, soon, task, text};

/// A runner at work.
struct Running {
    status: Status,
    shutdown: CancellationToken,
    ended: JoinHandle<()>,
}

fn start(runner: Runner) -> Running {
    let (status, shutdown) = (runner.status(), CancellationToken::new());
    let ended = tokio::spawn(runner.run(shutdown.clone()));
    Running { status, shutdown, ended }
}

impl Running {
    /// Stops it. What it counted is complete only then: an end is counted after its commit is seen by others.
    async fn stop(self) -> KindStatus {
        self.shutdown.cancel();
        soon("the runner ends", self.ended).await.unwrap();
        self.status.kinds().remove("work").unwrap()
    }
}

/// Waits for the task of that key to be in that state, woken by changes.
async fn reaches(ledger: &Ledger, key: &str, state: TaskState) -> Task {
    let mut changes = ledger.subscribe();
    soon(&format!("{key} becomes {state:?}"), async {
        loop {
            if let Some(task) =
                ledger.task_by_key("work", key).await.unwrap().filter(|task| task.state == state)
            {
                return task;
            }
            changes.next().await;
        }
    })
    .await
}

#[tokio::test]
async fn tasks_are_done_as_they_come() {
    let (_place, ledger) = fresh().await;
    let handler = |context: Context| async move {
        let name = context.task().key.clone();
        Verdict::done(json!(name)).with(Commit::new().put(asset(&name).expect(Expect::Absent)))
    };
    enqueue(&ledger, task("before")).await;
    let running = start(Runner::new(ledger.clone()).on("work", 2, handler));
    reaches(&ledger, "before", TaskState::Done).await;
    enqueue(&ledger, task("after")).await;
    let done = reaches(&ledger, "after", TaskState::Done).await;
    assert_eq!(done.result, Some(json!("after")));
    assert!(ledger.get("asset", "media", "after").await.unwrap().is_some(), "in the same commit");
    running.stop().await;
}

#[tokio::test]
async fn no_more_at_once_than_allowed_and_all_in_the_end() {
    let (_place, ledger) = fresh().await;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counters = (now.clone(), most.clone());
    let handler = move |_: Context| {
        let (now, most) = counters.clone();
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            now.fetch_sub(1, Ordering::SeqCst);
            Verdict::done(json!(null))
        }
    };
    let all = (0..50).fold(Commit::new(), |all, number| all.enqueue(task(&number.to_string()).group("job")));
    ledger.commit(all).await.unwrap();
    let mut changes = ledger.subscribe();
    let running = start(Runner::new(ledger.clone()).on("work", 3, handler));
    soon("all are done", async {
        while ledger.group("job").await.unwrap().done < 50 {
            changes.next().await;
        }
    })
    .await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
    let status = running.stop().await;
    assert_eq!((status.done, status.running), (50, 0));
}

#[tokio::test]
async fn a_panic_is_an_error_that_is_tried_again_by_policy() {
    let (place, ledger) = fresh().await;
    let handler = |context: Context| async move {
        match context.task().attempt {
            1 => panic!("by design: attempt {}", 1),
            _ => Verdict::done(json!("fine")),
        }
    };
    let running = start(Runner::new(ledger.clone()).on("work", 1, handler));
    enqueue(&ledger, task("k")).await;
    let queued = soon("the failure", async {
        let mut changes = ledger.subscribe();
        loop {
            match ledger.task_by_key("work", "k").await.unwrap() {
                Some(task) if task.error.is_some() => return task,
                _ => changes.next().await,
            };
        }
    })
    .await;
    assert_eq!(queued.error, Some(text("panicked: by design: attempt 1")));
    place.clock.advance(Duration::from_secs(10));
    reaches(&ledger, "k", TaskState::Done).await;
    let status = running.stop().await;
    assert_eq!((status.done, status.retried, status.panicked), (1, 1, 1));
    assert_eq!(status.last_error.unwrap().message, "panicked: by design: attempt 1");
}

/// Fails in every way, and notes how it ended.
struct Failing(fn(&Context) -> Verdict);

#[async_trait]
impl Handler for Failing {
    async fn run(&self, context: Context) -> Verdict {
        (self.0)(&context)
    }

    async fn ended(&self, task: &Task, ending: &Ending) -> Commit {
        let how = match ending {
            Ending::Failed(error) => json!({"failed": error}),
            Ending::Cancelled => json!("cancelled"),
        };
        Commit::new().put(Put::new("ending", "jobs", &task.key, how).expect(Expect::Absent))
    }
}

async fn ending(ledger: &Ledger, key: &str) -> serde_json::Value {
    ledger.get("ending", "jobs", key).await.unwrap().expect("an ending was committed").body
}

#[tokio::test]
async fn whatever_fails_a_task_its_ending_is_committed_with_it() {
    let (place, ledger) = fresh().await;
    let once = |key: &str| task(key).retry(1, Backoff::default());
    let runner = Runner::new(ledger.clone()).on(
        "work",
        4,
        Failing(|context| match context.task().key.as_str() {
            "fail" => Verdict::fail(text("bad input")),
            "retry" => Verdict::retry("not now"),
            "panic" => panic!("oh"),
            // A commit that can never hold.
            _ => Verdict::done(json!(1)).with(Commit::new().require("asset", "x", "y", Expect::Exists)),
        }),
    );
    let running = start(runner);
    for key in ["fail", "retry", "panic", "refused"] {
        enqueue(&ledger, once(key)).await;
        reaches(&ledger, key, TaskState::Failed).await;
    }
    assert_eq!(ending(&ledger, "fail").await, json!({"failed": "bad input"}));
    assert_eq!(ending(&ledger, "retry").await, json!({"failed": "not now"}));
    assert_eq!(ending(&ledger, "panic").await, json!({"failed": "panicked: oh"}));
    let refused = ending(&ledger, "refused").await["failed"].as_str().unwrap().to_owned();
    assert!(refused.contains("expected Exists"), "{refused}");
    let status = running.stop().await;
    assert_eq!((status.failed, status.panicked), (4, 1));

    // A queued task whose deadline passes unattended.
    let deadline = millrace_ledger::Clock::now(&place.clock).checked_add(Duration::from_secs(5)).unwrap();
    enqueue(
        &ledger,
        once("late").deadline(deadline).run_at(deadline.checked_add(Duration::from_secs(60)).unwrap()),
    )
    .await;
    let running = start(Runner::new(ledger.clone()).on("work", 1, Failing(|_| Verdict::done(json!(1)))));
    place.clock.advance(Duration::from_secs(5));
    reaches(&ledger, "late", TaskState::Failed).await;
    assert_eq!(ending(&ledger, "late").await, json!({"failed": "the deadline passed"}));
    running.stop().await;
}

/// A handler that says when it runs and why it stopped, and stops only when told.
fn obedient(said: mpsc::UnboundedSender<Option<Stop>>) -> impl Handler {
    move |context: Context| {
        let said = said.clone();
        async move {
            said.send(None).unwrap();
            let stop = context.stopped().await;
            said.send(Some(stop)).unwrap();
            Verdict::retry("stopped")
        }
    }
}

async fn waiting_handler(ledger: &Ledger, task: NewTask) -> (Running, mpsc::UnboundedReceiver<Option<Stop>>) {
    let (said, mut heard) = mpsc::unbounded_channel();
    let running = start(Runner::new(ledger.clone()).on("work", 1, obedient(said)));
    enqueue(ledger, task).await;
    assert_eq!(soon("the run begins", heard.recv()).await, Some(None));
    (running, heard)
}

#[tokio::test]
async fn cancelling_reaches_a_running_handler_without_delay() {
    let (_place, ledger) = fresh().await;
    let (running, mut heard) = waiting_handler(&ledger, task("k").group("job")).await;
    let begin = Instant::now();
    ledger.commit(Commit::new().cancel_group("job")).await.unwrap();
    assert_eq!(soon("the stop", heard.recv()).await, Some(Some(Stop::Cancelled)));
    // Virtual time stands still: nothing but the notification can have told it.
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    let cancelled = reaches(&ledger, "k", TaskState::Cancelled).await;
    assert_eq!(cancelled.error, None, "a handler that obeys has not failed");
    running.stop().await;
}

#[tokio::test]
async fn a_deadline_stops_a_running_handler() {
    let (place, ledger) = fresh().await;
    let deadline = millrace_ledger::Clock::now(&place.clock).checked_add(Duration::from_secs(5)).unwrap();
    let (running, mut heard) = waiting_handler(&ledger, task("k").deadline(deadline)).await;
    place.clock.advance(Duration::from_secs(5));
    assert_eq!(soon("the stop", heard.recv()).await, Some(Some(Stop::DeadlinePassed)));
    let failed = reaches(&ledger, "k", TaskState::Failed).await;
    assert_eq!(failed.error, Some(text("the deadline passed")));
    running.stop().await;
}

#[tokio::test]
async fn shutdown_gives_tasks_back_at_once() {
    let (_place, ledger) = fresh().await;
    let (running, mut heard) = waiting_handler(&ledger, task("k").retry(1, Backoff::default())).await;
    running.stop().await;
    assert_eq!(heard.recv().await, Some(Some(Stop::Shutdown)));
    let lease = claim(&ledger, 1).await.pop().expect("no wait for the lease to lapse");
    assert_eq!((lease.task.attempt, lease.task.error), (1, None), "and no attempt used");
}

#[tokio::test]
async fn a_deaf_handler_is_dropped_after_the_grace() {
    let (place, ledger) = fresh().await;
    let (said, mut heard) = mpsc::unbounded_channel();
    let handler = move |_: Context| {
        let said = said.clone();
        async move {
            said.send(()).unwrap();
            std::future::pending::<Verdict>().await
        }
    };
    let grace = Duration::from_secs(3);
    let running = start(Runner::new(ledger.clone()).grace(grace).on("work", 1, handler));
    enqueue(&ledger, task("k")).await;
    soon("the run begins", heard.recv()).await.unwrap();
    running.shutdown.cancel();
    // The grace begins when the runner has seen the shutdown: let time pass until it has ended.
    let clock = place.clock.clone();
    let ticks = tokio::spawn(async move {
        loop {
            clock.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
    });
    soon("the runner ends", running.ended).await.unwrap();
    ticks.abort();
    assert_eq!(claim(&ledger, 1).await.len(), 1);
}

#[tokio::test]
async fn leases_are_kept_alive_and_their_loss_stops_the_handler() {
    let place = Place::new();
    let ledger = place.open().await;
    let (running, mut heard) = waiting_handler(&ledger, task("k")).await;
    // Three leases long, in steps that leave time to extend: each extension moves the moment at which it would lapse.
    let mut lapse = ledger.next_due(&["work"]).await.unwrap().unwrap();
    for _ in 0..9 {
        place.clock.advance(Duration::from_secs(10));
        soon("the extension", async {
            loop {
                match ledger.next_due(&["work"]).await.unwrap().unwrap() {
                    moved if moved > lapse => return lapse = moved,
                    _ => tokio::task::yield_now().await,
                }
            }
        })
        .await;
        assert_eq!(claim(&ledger, 1).await, [], "still held");
    }
    assert!(heard.try_recv().is_err(), "nobody stopped it");
    // A jump beyond the lease (a paused machine): another may claim first, then the handler must stop and stay fenced.
    place.clock.advance(Duration::from_secs(31));
    match claim(&ledger, 1).await.pop() {
        Some(second) => {
            assert_eq!(soon("the stop", heard.recv()).await, Some(Some(Stop::LeaseLost)));
            ledger.commit(Commit::new().finish(&second, Outcome::Done(json!(1)))).await.unwrap();
            let done = reaches(&ledger, "k", TaskState::Done).await;
            assert_eq!((done.result, done.error), (Some(json!(1)), None));
        }
        // The runner woke first and extended: also right.
        None => assert!(heard.try_recv().is_err()),
    }
    running.stop().await;
}

#[tokio::test]
async fn a_handler_may_commit_its_own_end() {
    let (_place, ledger) = fresh().await;
    let handler = |context: Context| async move {
        let commit = Commit::new().finish(context.lease(), Outcome::Done(json!("own")));
        context.ledger().commit(commit).await.unwrap();
        Verdict::Committed
    };
    let running = start(Runner::new(ledger.clone()).on("work", 1, handler));
    enqueue(&ledger, task("k")).await;
    assert_eq!(reaches(&ledger, "k", TaskState::Done).await.result, Some(json!("own")));
    running.stop().await;
}

#[tokio::test]
async fn a_task_asked_for_during_its_run_runs_again() {
    let (_place, ledger) = fresh().await;
    let handler = |context: Context| async move {
        if context.task().priority == 0 {
            let again = task("k").if_exists(IfExists::RunAgain);
            if context.ledger().get("asset", "media", "seen").await.unwrap().is_none() {
                context.ledger().commit(Commit::new().put(asset("seen")).enqueue(again)).await.unwrap();
            }
        }
        Verdict::done(json!(context.task().id))
    };
    let running = start(Runner::new(ledger.clone()).on("work", 1, handler));
    let first = ledger.commit(Commit::new().enqueue(task("k"))).await.unwrap().tasks().next().unwrap();
    let mut changes = ledger.subscribe();
    soon("the second run", async {
        loop {
            let newest = ledger.task_by_key("work", "k").await.unwrap().unwrap();
            if newest.id != first && newest.state == TaskState::Done {
                return;
            }
            changes.next().await;
        }
    })
    .await;
    running.stop().await;
}
