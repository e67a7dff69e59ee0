//! Progress of running tasks: noted in memory, written at most twice a second for all of them together.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use super::tx::Tx;
use crate::change::Touched;
use crate::clock::Clock;
use crate::commit::Fence;
use crate::error::Fault;
use crate::task::TaskId;

/// Time between two writes of progress.
const INTERVAL: Duration = Duration::from_millis(500);
/// Most tasks that have unwritten progress; more cannot run at once on a machine, and progress of others is dropped.
const MOST: usize = 10_000;
/// Stored progress of a task that is done.
pub(super) const WHOLE: i64 = 1_000_000;

#[derive(Default)]
pub(crate) struct Progress {
    state: Mutex<State>,
    noted: Notify,
}

#[derive(Default)]
struct State {
    /// Millionths, by task, for the lease of that epoch.
    noted: HashMap<TaskId, (i64, i64)>,
    /// No write before this moment.
    not_before: Option<Timestamp>,
}

/// Progress on its way into a transaction.
#[derive(Default)]
pub(super) struct Noted(Vec<(TaskId, i64, i64)>);

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, fence: Fence, progress: f64) {
        // A ratio of nothing to nothing is no progress; `as` turns NaN into 0.
        let millionths = (progress.clamp(0.0, 1.0) * WHOLE as f64) as i64;
        let mut state = self.state();
        if state.noted.len() >= MOST && !state.noted.contains_key(&fence.task) {
            return;
        }
        let was_empty = state.noted.is_empty();
        state.keep(fence.task, fence.epoch, millionths);
        drop(state);
        if was_empty {
            self.noted.notify_one();
        }
    }

    /// Completes when there is something to write and it is time.
    pub(super) async fn due(&self, clock: &dyn Clock) {
        loop {
            let at = {
                let state = self.state();
                (!state.noted.is_empty()).then(|| state.not_before.unwrap_or(Timestamp::MIN))
            };
            match at {
                Some(at) if at <= clock.now() => return,
                Some(at) => clock.sleep_until(at).await,
                None => self.noted.notified().await,
            }
        }
    }

    /// Takes what is to be written with a transaction at `now`: nothing if the last time was just before.
    pub(super) fn take(&self, now: Timestamp) -> Noted {
        let mut state = self.state();
        if state.noted.is_empty() || state.not_before.is_some_and(|at| now < at) {
            return Noted::default();
        }
        state.not_before = now.checked_add(INTERVAL).ok();
        Noted(state.noted.drain().map(|(task, (epoch, millionths))| (task, epoch, millionths)).collect())
    }

    /// Keeps what could not be written, for the next time.
    pub(super) fn give_back(&self, noted: Noted) {
        let mut state = self.state();
        for (task, epoch, millionths) in noted.0 {
            state.keep(task, epoch, millionths);
        }
    }
}

impl State {
    fn keep(&mut self, task: TaskId, epoch: i64, millionths: i64) {
        let entry = self.noted.entry(task).or_insert((epoch, 0));
        *entry = match entry.0 == epoch {
            true => (epoch, entry.1.max(millionths)),
            false => (epoch.max(entry.0), if epoch > entry.0 { millionths } else { entry.1 }),
        };
    }
}

impl Noted {
    pub(super) async fn apply(&self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        for (task, epoch, millionths) in &self.0 {
            let row: Option<(String, String, bool)> = sqlx::query_as(
                "UPDATE task SET progress = $3
                 WHERE id = $1 AND epoch = $2 AND state = 'running' AND progress < $3
                 RETURNING kind, grp, cancel",
            )
            .bind(task.0)
            .bind(epoch)
            .bind(millionths)
            .fetch_optional(&mut *tx.connection)
            .await?;
            if let Some((kind, group, cancel)) = row {
                tx.touched.push(Touched::Task { kind, id: *task, group, cancel, queued: false });
            }
        }
        Ok(())
    }
}
