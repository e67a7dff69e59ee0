//! Tasks: work that is done once, by whoever holds its lease.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Names a task for ever; never reused within a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub i64);

/// Where a task stands. The last three are final: a task that reached one never runs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TaskState {
    /// Waits for its time and a worker.
    Queued,
    /// Leased to a worker.
    Running,
    /// Ended well.
    Done,
    /// Ended in error, for good.
    Failed,
    /// Ended because it was asked to.
    Cancelled,
}

impl TaskState {
    /// Whether the task can still run.
    pub fn is_finished(self) -> bool {
        matches!(self, TaskState::Done | TaskState::Failed | TaskState::Cancelled)
    }

    /// The word under which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskState::Queued => "queued",
            TaskState::Running => "running",
            TaskState::Done => "done",
            TaskState::Failed => "failed",
            TaskState::Cancelled => "cancelled",
        }
    }

    /// The inverse of [`TaskState::as_str`].
    pub fn parse(word: &str) -> Option<TaskState> {
        use TaskState::*;
        [Queued, Running, Done, Failed, Cancelled].into_iter().find(|state| state.as_str() == word)
    }
}

/// What enqueueing does when a task of the same kind and key is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfExists {
    /// An unfinished one fails the commit with [`crate::CommitError::TaskExists`]; a finished one does not matter.
    Refuse,
    /// An unfinished one stands for the new one; a finished one does not matter.
    Keep,
    /// Like `Keep`, and it will run (once) after this commit even if it is running now: for tasks that look at a state
    /// which this commit changes.
    RunAgain,
    /// One that exists stands for the new one even when it is finished (until retention removes it).
    Once,
}

/// How long a task waits after each failed attempt: `first`, doubled each time up to `most`, of which a random half is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Wait after the first failed attempt.
    pub first: Duration,
    /// Upper bound of the wait.
    pub most: Duration,
}

impl Backoff {
    /// The wait after failed attempt number `attempt` (from 1). `jitter` in 0..=1 chooses between half of the wait and all
    /// of it, so tasks that failed together do not come back together.
    pub fn delay(&self, attempt: u32, jitter: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let full = self.first.saturating_mul(1 << doublings).min(self.most);
        full.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
    }
}

impl Default for Backoff {
    fn default() -> Backoff {
        Backoff { first: Duration::from_secs(1), most: Duration::from_secs(300) }
    }
}

/// Work to be added to the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTask {
    /// Which handler does it.
    pub kind: String,
    /// Unique among the unfinished tasks of the kind.
    pub key: String,
    /// What it is part of (a job): the unit of [`crate::Commit::cancel_group`]. Empty if none.
    pub group: String,
    /// The handler's input.
    pub body: Json,
    /// Higher runs first.
    pub priority: i32,
    /// Not before this moment; `None` is at once.
    pub run_at: Option<Timestamp>,
    /// Runs at most this often in all, at least once. Runs cut short by a stop or a crash of the process do not count.
    pub max_attempts: u32,
    /// Wait between attempts.
    pub backoff: Backoff,
    /// Fails once this moment has passed without an end.
    pub deadline: Option<Timestamp>,
    /// What to do if it is there already.
    pub if_exists: IfExists,
}

impl NewTask {
    /// A task that may run at once, up to five times, and is kept if it exists.
    pub fn new(kind: impl Into<String>, key: impl Into<String>, body: Json) -> NewTask {
        NewTask {
            kind: kind.into(),
            key: key.into(),
            group: String::new(),
            body,
            priority: 0,
            run_at: None,
            max_attempts: 5,
            backoff: Backoff::default(),
            deadline: None,
            if_exists: IfExists::Keep,
        }
    }

    /// Sets the group.
    pub fn group(mut self, group: impl Into<String>) -> NewTask {
        self.group = group.into();
        self
    }

    /// Sets the priority.
    pub fn priority(mut self, priority: i32) -> NewTask {
        self.priority = priority;
        self
    }

    /// Sets the earliest moment.
    pub fn run_at(mut self, at: Timestamp) -> NewTask {
        self.run_at = Some(at);
        self
    }

    /// Sets the number of attempts and the wait between them.
    pub fn retry(mut self, max_attempts: u32, backoff: Backoff) -> NewTask {
        self.max_attempts = max_attempts.max(1);
        self.backoff = backoff;
        self
    }

    /// Sets the deadline.
    pub fn deadline(mut self, at: Timestamp) -> NewTask {
        self.deadline = Some(at);
        self
    }

    /// Sets what happens if it exists.
    pub fn if_exists(mut self, choice: IfExists) -> NewTask {
        self.if_exists = choice;
        self
    }
}

/// A task as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its name for ever.
    pub id: TaskId,
    /// See [`NewTask::kind`].
    pub kind: String,
    /// See [`NewTask::key`].
    pub key: String,
    /// See [`NewTask::group`].
    pub group: String,
    /// See [`NewTask::body`]; a worker may replace it ([`crate::Commit::save`]).
    pub body: Json,
    /// See [`NewTask::priority`].
    pub priority: i32,
    /// Where it stands.
    pub state: TaskState,
    /// Runs begun so far, without those a stop or crash of the process cut short.
    pub attempt: u32,
    /// See [`NewTask::max_attempts`].
    pub max_attempts: u32,
    /// Earliest moment of the next run.
    pub run_at: Timestamp,
    /// See [`NewTask::deadline`].
    pub deadline: Option<Timestamp>,
    /// 0 to 1, never falling.
    pub progress: f64,
    /// Whether it was asked to stop.
    pub cancel: bool,
    /// What it gave, once done.
    pub result: Option<Json>,
    /// Why the last attempt (or all of it) failed.
    pub error: Option<Json>,
    /// When it was enqueued.
    pub created: Timestamp,
    /// When it first ran.
    pub started: Option<Timestamp>,
    /// When it reached a final state.
    pub finished: Option<Timestamp>,
}

impl Task {
    /// Whether a failure of the present run would be final.
    pub fn is_last_attempt(&self) -> bool {
        self.attempt >= self.max_attempts
    }
}

/// Why a task was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// To be run.
    Run,
    /// Its deadline passed: only to be failed.
    DeadlinePassed,
    /// It used up its attempts without an end (workers that vanished): only to be failed.
    AttemptsExhausted,
    /// It was cancelled while a worker held it that is gone: only to be cancelled.
    Cancelled,
}

/// The right to work on a task and to finish it, until another lease on it is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// The task, as it was when leased.
    pub task: Task,
    /// Rises with every lease of the task; fences writes.
    pub epoch: i64,
    /// When the lease lapses unless extended.
    pub until: Timestamp,
    /// What is to be done.
    pub due: Due,
}

/// How a run of a task ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Well. The value is kept as the result.
    Done(Json),
    /// Badly, but it may work later: after the given wait, or the task's back-off. On the last attempt the task fails.
    Retry {
        /// What went wrong.
        error: Json,
        /// Wait before the next run; `None` follows the task's back-off.
        after: Option<Duration>,
    },
    /// Badly, and running again would not help.
    Fail(Json),
    /// Stopped because it was asked to ([`crate::Commit::cancel_group`]).
    Cancelled,
    /// Not ended: given back, without counting as an attempt, to run at the given moment (`None`: as soon as possible).
    Release {
        /// Earliest moment of the next run.
        run_at: Option<Timestamp>,
    },
}

/// How many tasks of a group are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GroupSummary {
    /// Waiting.
    pub queued: u64,
    /// Leased.
    pub running: u64,
    /// Ended well.
    pub done: u64,
    /// Ended in error.
    pub failed: u64,
    /// Ended by request.
    pub cancelled: u64,
    /// Sum of all tasks' progress, each 0 to 1 (a finished one counts what it reached, a done one counts 1).
    pub progress: f64,
}

impl GroupSummary {
    /// Tasks that can still run.
    pub fn unfinished(&self) -> u64 {
        self.queued + self.running
    }
}
