//! One run of one task: the handler, its lease, its deadline, its end.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::context::{Context, Stop, Stopper};
use super::handler::{Handler, Verdict};
use super::{Settings, conclude};
use crate::{Due, Lease, LeaseLost, Outcome};

/// Wait before a lease is extended again after the database failed.
const EXTEND_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Run {
    pub(super) settings: Settings,
    pub(super) handler: Arc<dyn Handler>,
    pub(super) lease: Lease,
    pub(super) stopper: Stopper,
}

impl Run {
    /// Runs the task to the end of this lease.
    pub(super) async fn drive(self) {
        let verdict = match self.lease.due {
            Due::Run => self.supervise().await,
            Due::DeadlinePassed => Verdict::fail(json!("the deadline passed")),
            Due::AttemptsExhausted => Verdict::fail(json!("every attempt was cut short")),
            Due::Cancelled => Outcome::Cancelled.into(),
        };
        conclude::conclude(&self, verdict).await;
    }

    pub(super) fn now(&self) -> Timestamp {
        self.settings.ledger.clock().now()
    }

    pub(super) fn kind(&self) -> &str {
        &self.lease.task.kind
    }

    /// Runs the handler until it gives a verdict or has to be dropped.
    async fn supervise(&self) -> Verdict {
        let context = Context {
            ledger: self.settings.ledger.clone(),
            lease: self.lease.clone(),
            stopper: self.stopper.clone(),
        };
        let handler = self.handler.clone();
        let mut work = Box::pin(AssertUnwindSafe(async move { handler.run(context).await }).catch_unwind());
        tokio::select! {
            verdict = &mut work => self.verdict(verdict),
            never = self.keep_alive() => match never {},
            never = self.watch_deadline() => match never {},
            _ = self.out_of_grace() => self.dropped(),
        }
    }

    fn verdict(&self, verdict: Result<Verdict, Box<dyn Any + Send>>) -> Verdict {
        verdict.unwrap_or_else(|panic| {
            self.settings.status.update(self.kind(), |status| status.panicked += 1);
            Verdict::retry(format!("panicked: {}", message(&*panic)))
        })
    }

    /// For a handler that did not stop in time. What its end is called depends on why it had to stop.
    fn dropped(&self) -> Verdict {
        Outcome::Release { run_at: None }.into()
    }

    /// Extends the lease at each third of it.
    async fn keep_alive(&self) -> Infallible {
        let clock = self.settings.ledger.clock();
        let third = self.settings.lease_for / 3;
        let mut until = self.lease.until;
        let mut next = self.now().checked_add(third).unwrap_or(until);
        loop {
            clock.sleep_until(next).await;
            let wait = match self.settings.ledger.extend(&self.lease, self.settings.lease_for).await {
                Ok(lease) => {
                    if lease.task.cancel {
                        self.stopper.stop(Stop::Cancelled);
                    }
                    until = lease.until;
                    third
                }
                Err(LeaseLost::Fault(_)) if self.now() < until => EXTEND_AGAIN.min(third),
                Err(LeaseLost::Lost | LeaseLost::Fault(_)) => {
                    self.stopper.stop(Stop::LeaseLost);
                    std::future::pending().await
                }
            };
            next = self.now().checked_add(wait).unwrap_or(until);
        }
    }

    /// Stops the run at the task's deadline. Never completes: the grace begins then.
    async fn watch_deadline(&self) -> Infallible {
        if let Some(deadline) = self.lease.task.deadline {
            self.settings.ledger.clock().sleep_until(deadline).await;
            self.stopper.stop(Stop::DeadlinePassed);
        }
        std::future::pending().await
    }

    /// Completes when the handler was to stop and has used up its grace.
    async fn out_of_grace(&self) {
        self.stopper.stopped().await;
        if let Ok(end) = self.now().checked_add(self.settings.grace) {
            self.settings.ledger.clock().sleep_until(end).await;
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
