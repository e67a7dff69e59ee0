//! A commit as a value: steps that happen together or not at all.

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::event::Event;
use crate::resource::{Expect, Put};
use crate::task::{Lease, NewTask, Outcome, TaskId, TaskState};

/// The part of a [`Lease`] that fences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fence {
    pub(crate) task: TaskId,
    pub(crate) epoch: i64,
}

impl From<&Lease> for Fence {
    fn from(lease: &Lease) -> Fence {
        Fence { task: lease.task.id, epoch: lease.epoch }
    }
}

/// One step. Steps see the effect of those before them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Put(Put),
    Require { kind: String, scope: String, name: String, expect: Expect },
    Delete { kind: String, scope: String, name: String, expect: Expect },
    DeleteScope { kind: String, scope: String },
    Enqueue(NewTask),
    Fence(Fence),
    Save { fence: Fence, body: Json },
    Finish { fence: Fence, outcome: Outcome },
    Cancel { kind: String, key: String },
    CancelGroup { group: String },
    Announce(Event),
}

/// A list of steps for [`crate::Ledger::commit`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commit {
    pub(crate) steps: Vec<Step>,
}

impl Commit {
    /// No steps yet.
    pub fn new() -> Commit {
        Commit::default()
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    fn with(mut self, step: Step) -> Commit {
        self.steps.push(step);
        self
    }

    /// Appends all steps of another commit.
    pub fn then(mut self, other: Commit) -> Commit {
        self.steps.extend(other.steps);
        self
    }

    /// Creates or replaces a resource.
    pub fn put(self, put: Put) -> Commit {
        self.with(Step::Put(put))
    }

    /// Writes nothing, but the commit happens only if the resource is as expected.
    pub fn require(
        self,
        kind: impl Into<String>,
        scope: impl Into<String>,
        name: impl Into<String>,
        expect: Expect,
    ) -> Commit {
        self.with(Step::Require { kind: kind.into(), scope: scope.into(), name: name.into(), expect })
    }

    /// Deletes a resource. With [`Expect::Any`], one that does not exist is no error.
    pub fn delete(
        self,
        kind: impl Into<String>,
        scope: impl Into<String>,
        name: impl Into<String>,
        expect: Expect,
    ) -> Commit {
        self.with(Step::Delete { kind: kind.into(), scope: scope.into(), name: name.into(), expect })
    }

    /// Deletes every resource of the kind in the scope (an asset's filters, a transform's jobs).
    pub fn delete_scope(self, kind: impl Into<String>, scope: impl Into<String>) -> Commit {
        self.with(Step::DeleteScope { kind: kind.into(), scope: scope.into() })
    }

    /// Adds a task.
    pub fn enqueue(self, task: NewTask) -> Commit {
        self.with(Step::Enqueue(task))
    }

    /// Writes nothing, but the commit happens only while the lease is held.
    pub fn fence(self, lease: &Lease) -> Commit {
        self.with(Step::Fence(lease.into()))
    }

    /// Replaces the body of the leased task: a checkpoint that the next run of it will see.
    pub fn save(self, lease: &Lease, body: Json) -> Commit {
        self.with(Step::Save { fence: lease.into(), body })
    }

    /// Ends the run of the leased task. The commit happens only while the lease is held.
    pub fn finish(self, lease: &Lease, outcome: Outcome) -> Commit {
        self.with(Step::Finish { fence: lease.into(), outcome })
    }

    /// Cancels the unfinished task of that kind and key, if any: see [`Commit::cancel_group`].
    pub fn cancel(self, kind: impl Into<String>, key: impl Into<String>) -> Commit {
        self.with(Step::Cancel { kind: kind.into(), key: key.into() })
    }

    /// Cancels all tasks of the group. Queued ones are [`TaskState::Cancelled`] with this commit; running ones are asked to
    /// stop, which their runner learns at once.
    pub fn cancel_group(self, group: impl Into<String>) -> Commit {
        self.with(Step::CancelGroup { group: group.into() })
    }

    /// Announces an event.
    pub fn announce(self, event: Event) -> Commit {
        self.with(Step::Announce(event))
    }
}

/// What one step did.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// The resource was written.
    Put {
        /// Its id.
        id: String,
        /// Its version now; 1 if it was created.
        version: i64,
    },
    /// The requirement held, or the checkpoint was saved.
    Held,
    /// So many resources were deleted.
    Deleted(u64),
    /// The task is in the queue.
    Enqueued {
        /// The task.
        task: TaskId,
        /// Whether it is new (and not one that existed).
        fresh: bool,
    },
    /// The task's run ended, and this is its state now.
    Finished(TaskState),
    /// Tasks were cancelled.
    Cancelled {
        /// So many were queued and are cancelled.
        queued: u64,
        /// So many are running and were asked to stop.
        running: u64,
    },
    /// The event has its place.
    Announced {
        /// Its position.
        seq: i64,
        /// Its id.
        id: Uuid,
    },
}

/// Proof of a durable commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The moment of the commit: `created` and `modified` of what it put, `time` of what it announced.
    pub at: Timestamp,
    /// What each step did, in order.
    pub steps: Vec<Done>,
}

impl Receipt {
    /// The version that put number `step` wrote.
    pub fn version(&self, step: usize) -> Option<i64> {
        match self.steps.get(step) {
            Some(Done::Put { version, .. }) => Some(*version),
            _ => None,
        }
    }

    /// The tasks that were enqueued or stood for enqueued ones, in order.
    pub fn tasks(&self) -> impl Iterator<Item = TaskId> + '_ {
        self.steps.iter().filter_map(|done| match done {
            Done::Enqueued { task, .. } => Some(*task),
            _ => None,
        })
    }
}
