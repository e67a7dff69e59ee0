//! The loop: claims while there is room, starts runs, passes on requests to stop. Woken by changes, by ends of runs and by
//! the moment at which the next task is due; it never polls.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::context::{Stop, Stopper};
use super::run::Run;
use super::{Kind, Settings};
use crate::{Change, Fault, TaskId, Touched};

/// Wait after the database failed before it is asked again.
const FAULT_WAIT: Duration = Duration::from_secs(1);

pub(super) struct Pool {
    settings: Settings,
    slots: Vec<Slots>,
    runs: JoinSet<()>,
    running: HashMap<Id, Running>,
}

/// A kind and the room it has.
struct Slots {
    kind: Kind,
    used: usize,
    /// Whether there may be something to claim.
    look: bool,
}

struct Running {
    task: TaskId,
    slot: usize,
    stopper: Stopper,
}

/// Whether to go on.
enum Next {
    Go,
    End,
}

impl Pool {
    pub(super) fn new(settings: Settings, kinds: Vec<Kind>) -> Pool {
        let slots = kinds.into_iter().map(|kind| Slots { kind, used: 0, look: true }).collect();
        Pool { settings, slots, runs: JoinSet::new(), running: HashMap::new() }
    }

    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        let mut changes = self.settings.ledger.subscribe();
        let clock = self.settings.ledger.clock().clone();
        loop {
            let wake_at = match self.fill().await {
                Ok(at) => at,
                Err(Fault::Closed) => break,
                Err(_) => clock.now().checked_add(FAULT_WAIT).ok(),
            };
            let timer = async {
                match wake_at {
                    Some(at) => clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let next = tokio::select! {
                _ = shutdown.cancelled() => Next::End,
                change = changes.next() => self.changed(change).await,
                Some(ended) = self.runs.join_next_with_id() => self.all_ended(ended),
                _ = timer => self.look_everywhere(),
            };
            if let Next::End = next {
                break;
            }
        }
        self.drain().await;
    }

    fn look_everywhere(&mut self) -> Next {
        self.slots.iter_mut().for_each(|slots| slots.look = true);
        Next::Go
    }

    /// Claims for every kind that has room and may have work. Gives the moment at which to look again by itself.
    async fn fill(&mut self) -> Result<Option<Timestamp>, Fault> {
        loop {
            let wanted = self.slots.iter().enumerate().filter(|(_, slots)| slots.look && slots.room() > 0);
            let claims = wanted.map(|(slot, slots)| {
                let settings = &self.settings;
                async move {
                    let kind = [slots.kind.name.as_str()];
                    let claim =
                        settings.ledger.claim(&kind, &settings.owner, settings.lease_for, slots.room());
                    (slot, claim.await)
                }
            });
            let claims = join_all(claims).await;
            if claims.is_empty() {
                return self.next_due().await;
            }
            for (slot, leases) in claims {
                let leases = leases.inspect_err(|fault| self.fault(slot, fault))?;
                // A full claim may have left some behind, for when there is room.
                self.slots[slot].look = leases.len() >= self.slots[slot].room();
                leases.into_iter().for_each(|lease| self.start(slot, lease));
            }
        }
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Fault> {
        let with_room: Vec<&str> = self
            .slots
            .iter()
            .filter(|slots| slots.room() > 0)
            .map(|slots| slots.kind.name.as_str())
            .collect();
        let due = self.settings.ledger.next_due(&with_room).await;
        due.map_err(|error| match error {
            crate::ReadError::Fault(fault) => fault,
            crate::ReadError::Query(_) => Fault::Closed,
        })
        .inspect_err(|fault| self.fault(0, fault))
    }

    fn fault(&self, slot: usize, fault: &Fault) {
        let now = self.settings.ledger.clock().now();
        self.settings.status.error(&self.slots[slot].kind.name, now, None, fault.to_string());
    }

    fn start(&mut self, slot: usize, lease: crate::Lease) {
        let stopper = Stopper::default();
        let task = lease.task.id;
        let slots = &mut self.slots[slot];
        slots.used += 1;
        self.settings.status.update(&slots.kind.name, |status| status.running += 1);
        let run = Run {
            settings: self.settings.clone(),
            handler: slots.kind.handler.clone(),
            lease,
            stopper: stopper.clone(),
        };
        let id = self.runs.spawn(run.drive()).id();
        self.running.insert(id, Running { task, slot, stopper });
    }

    /// Those that ended by now, so that their room is filled by one claim.
    fn all_ended(&mut self, first: Result<(Id, ()), JoinError>) -> Next {
        self.ended(first);
        while let Some(ended) = self.runs.try_join_next_with_id() {
            self.ended(ended);
        }
        Next::Go
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match &ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        let Some(running) = self.running.remove(&id) else { return };
        let slots = &mut self.slots[running.slot];
        slots.used -= 1;
        let name = &slots.kind.name;
        self.settings.status.update(name, |status| status.running -= 1);
        if let Err(error) = ended {
            // Not the handler's `run`, whose panics are caught, but its `ended`. The lease lapses, then it is tried again.
            let now = self.settings.ledger.clock().now();
            self.settings.status.error(name, now, Some(running.task), error.to_string());
        }
    }

    async fn changed(&mut self, change: Option<Change>) -> Next {
        match change {
            Some(Change::Touched(touched)) => touched.iter().for_each(|touched| self.touched(touched)),
            Some(Change::Anything) => {
                self.look_everywhere();
                self.check_cancelled().await;
            }
            None => return Next::End,
        }
        Next::Go
    }

    fn touched(&mut self, touched: &Touched) {
        let Touched::Task { kind, id, cancel, queued, .. } = touched else { return };
        if *queued {
            let ours = self.slots.iter_mut().filter(|slots| slots.kind.name == *kind);
            ours.for_each(|slots| slots.look = true);
        }
        if *cancel {
            let runs = self.running.values().filter(|running| running.task == *id);
            runs.for_each(|running| running.stopper.stop(Stop::Cancelled));
        }
    }

    /// After notifications were missed: reads the request to stop from the tasks themselves.
    async fn check_cancelled(&self) {
        for running in self.running.values() {
            let task = self.settings.ledger.task(running.task).await;
            // A database that cannot be read now is read again when the lease is extended.
            if task.is_ok_and(|task| task.is_some_and(|task| task.cancel)) {
                running.stopper.stop(Stop::Cancelled);
            }
        }
    }

    async fn drain(mut self) {
        self.running.values().for_each(|running| running.stopper.shut_down());
        while let Some(ended) = self.runs.join_next_with_id().await {
            self.ended(ended);
        }
    }
}

impl Slots {
    fn room(&self) -> usize {
        self.kind.concurrency.saturating_sub(self.used)
    }
}
