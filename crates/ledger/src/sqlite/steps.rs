//! A commit as the writer takes it: its documents are serialised and its size is known before it waits in the queue.

use futures_util::future::BoxFuture;
use serde_json::Value as Json;

use super::tx::{Tx, Write};
use super::{finish, outbox, resources, tasks};
use crate::commit::{Commit, Done, Receipt, Step};
use crate::error::{CommitError, Fault};
use crate::task::Outcome;

/// Most steps of one commit. A job of 260 GB in chunks of 20 s is some thousands of tasks.
const MOST_STEPS: usize = 20_000;
/// Most bytes of documents in one commit. The ledger holds facts, not media.
const MOST_BYTES: usize = 16 << 20;

/// A commit that is ready to be written.
pub(crate) struct Prepared {
    steps: Vec<Step>,
    /// The document of each step as text; empty for those without.
    documents: Vec<String>,
    bytes: usize,
}

impl Prepared {
    pub(crate) fn new(commit: Commit) -> Result<Prepared, CommitError> {
        let steps = commit.steps;
        within("steps", steps.len(), MOST_STEPS)?;
        let documents: Vec<String> =
            steps.iter().map(|step| document(step).map_or(String::new(), Json::to_string)).collect();
        let bytes = documents.iter().map(String::len).sum();
        within("bytes of documents", bytes, MOST_BYTES)?;
        Ok(Prepared { steps, documents, bytes })
    }
}

fn within(what: &'static str, size: usize, most: usize) -> Result<(), CommitError> {
    match size <= most {
        true => Ok(()),
        false => Err(CommitError::TooLarge { what, size, most }),
    }
}

fn document(step: &Step) -> Option<&Json> {
    match step {
        Step::Put(put) => Some(&put.body),
        Step::Enqueue(task) => Some(&task.body),
        Step::Save { body, .. } => Some(body),
        Step::Announce(event) => Some(&event.data),
        Step::Finish { outcome, .. } => match outcome {
            Outcome::Done(result) => Some(result),
            Outcome::Retry { error, .. } | Outcome::Fail(error) => Some(error),
            Outcome::Cancelled | Outcome::Release { .. } => None,
        },
        _ => None,
    }
}

impl Write for Prepared {
    type Answer = Receipt;

    fn weight(&self) -> usize {
        self.steps.len()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn apply<'a>(&'a self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Receipt, CommitError>> {
        Box::pin(async move {
            let mut done = Vec::with_capacity(self.steps.len());
            for (index, (step, document)) in self.steps.iter().zip(&self.documents).enumerate() {
                done.push(one(tx, index, step, document).await?);
            }
            let at = jiff::Timestamp::from_microsecond(tx.now);
            let at = at.map_err(|_| Fault::Unreadable { table: "clock", column: "now" })?;
            Ok(Receipt { at, steps: done })
        })
    }
}

async fn one(tx: &mut Tx<'_>, index: usize, step: &Step, document: &str) -> Result<Done, CommitError> {
    match step {
        Step::Put(put) => resources::put(tx, index, put, document).await,
        Step::Require { kind, scope, name, expect } => {
            resources::require(tx, index, (kind, scope, name), *expect).await.map(|_| Done::Held)
        }
        Step::Delete { kind, scope, name, expect } => {
            resources::delete(tx, index, (kind, scope, name), *expect).await
        }
        Step::DeleteScope { kind, scope } => resources::delete_scope(tx, kind, scope).await,
        Step::Enqueue(task) => tasks::enqueue(tx, index, task, document).await,
        Step::Fence(fence) => finish::held(tx, index, *fence).await.map(|_| Done::Held),
        Step::Save { fence, .. } => finish::save(tx, index, *fence, document).await,
        Step::Finish { fence, outcome } => finish::finish(tx, index, *fence, outcome, document).await,
        Step::Cancel { kind, key } => tasks::cancel(tx, kind, key).await,
        Step::CancelGroup { group } => tasks::cancel_group(tx, group).await,
        Step::Announce(event) => outbox::announce(tx, event, document).await,
    }
}
