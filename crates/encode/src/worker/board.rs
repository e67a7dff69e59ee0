//! What runs in this process at the moment: shares done, and which outputs were given up. Lost at a restart, and not missed.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::plan::Plan;

/// One output that is worked on.
#[derive(Debug)]
pub(crate) struct Output {
    /// Woken when anything of it changed.
    pub changed: Notify,
    /// Cancelled when it is given up; its tasks end then.
    pub given_up: CancellationToken,
    /// Whether a task of it failed for good, after all its attempts: then the output need not be tried again.
    pub(crate) task_failed: AtomicBool,
    shares: Mutex<HashMap<String, f64>>,
    plan: Mutex<Option<Arc<Plan>>>,
}

impl Output {
    /// Notes the done share of a task, 0 to 1.
    pub(crate) fn note(&self, task: &str, share: f64) {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shares.entry(task.to_owned()).or_insert(0.0);
        *known = known.max(share);
        drop(shares);
        self.changed.notify_one();
    }

    /// The share noted for a task.
    pub(crate) fn share(&self, task: &str) -> f64 {
        let shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.get(task).copied().unwrap_or(0.0)
    }

    /// The plan, if it was read before.
    pub(crate) fn plan(&self) -> Option<Arc<Plan>> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps the plan for other tasks.
    pub(crate) fn keep_plan(&self, plan: Arc<Plan>) {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = Some(plan);
    }
}

/// All outputs that are worked on, by job and number.
#[derive(Debug, Default)]
pub(crate) struct Board {
    outputs: Mutex<HashMap<String, Arc<Output>>>,
}

impl Board {
    /// The output of that name, made if it is not there.
    pub(crate) fn output(&self, name: &str) -> Arc<Output> {
        let mut outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || {
            Arc::new(Output {
                changed: Notify::new(),
                given_up: CancellationToken::new(),
                task_failed: AtomicBool::new(false),
                shares: Mutex::default(),
                plan: Mutex::default(),
            })
        };
        outputs.entry(name.to_owned()).or_insert_with(fresh).clone()
    }

    /// Forgets an output whose job ended.
    pub(crate) fn forget(&self, name: &str) {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}
