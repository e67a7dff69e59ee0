//! What handlers are, and what they answer.

use std::future::Future;

use async_trait::async_trait;
use serde_json::Value as Json;

use super::Context;
use crate::{Commit, Outcome, Task};

/// How a run ended, and what else becomes true in the same commit.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Ends the run with this outcome; the commit's steps happen with it or not at all. If one of the commit's
    /// expectations does not hold, the run counts as failed with [`Outcome::Retry`].
    Finish(Outcome, Commit),
    /// The handler has committed the end of the run itself.
    Committed,
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Verdict {
        Verdict::Finish(outcome, Commit::new())
    }
}

impl Verdict {
    /// Done, with this result.
    pub fn done(result: Json) -> Verdict {
        Outcome::Done(result).into()
    }

    /// Failed for now: back-off, then again.
    pub fn retry(error: impl std::fmt::Display) -> Verdict {
        Outcome::Retry { error: Json::String(error.to_string()), after: None }.into()
    }

    /// Failed for good.
    pub fn fail(error: Json) -> Verdict {
        Outcome::Fail(error).into()
    }

    /// Adds steps to the commit that ends the run.
    pub fn with(self, more: Commit) -> Verdict {
        match self {
            Verdict::Finish(outcome, commit) => Verdict::Finish(outcome, commit.then(more)),
            Verdict::Committed => Verdict::Committed,
        }
    }
}

/// How a task ended without its handler's say.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// It failed for good: the error (of the last attempt, a panic, a passed deadline).
    Failed(Json),
    /// It was cancelled.
    Cancelled,
}

/// Does the tasks of one kind. Implemented by functions `Fn(Context) -> Future<Output = Verdict>`.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Runs one task. Panics are caught and count as [`Outcome::Retry`].
    async fn run(&self, context: Context) -> Verdict;

    /// What else becomes true in the commit that ends a task as failed or cancelled, whatever the cause: the handler's own
    /// [`Outcome::Fail`], a last attempt that failed or panicked, a passed deadline, a cancellation that the handler
    /// obeyed. Not called for queued tasks that [`Commit::cancel_group`] cancelled at once. Must not fail or wait long;
    /// may be called again if its commit failed.
    async fn ended(&self, task: &Task, ending: &Ending) -> Commit {
        let _ = (task, ending);
        Commit::new()
    }
}

#[async_trait]
impl<F, Fut> Handler for F
where
    F: Fn(Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Verdict> + Send + 'static,
{
    async fn run(&self, context: Context) -> Verdict {
        self(context).await
    }
}
