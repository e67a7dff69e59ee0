//! Located locators in memory, dropped as soon as the ledger tells that something they rest on changed.
//!
//! The ledger tells of a commit before the commit is answered, and every look first drains what was told. So whoever was
//! answered that a locator is deleted will not see it served again.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use millrace_ledger::{Change, Changes, Ledger, Touched};
use tokio::task::unconstrained;
use uuid::Uuid;

use super::{Located, Locator};
use crate::asset::Asset;
use crate::endpoint::Endpoint;
use crate::filter::{AccountFilter, AssetFilter};
use crate::policy::Policy;
use crate::record::Record;

/// Locators kept: each a few kilobytes. When there are more, all are dropped and those in use come back.
const MOST: usize = 4096;

pub(crate) struct Cache {
    state: Mutex<State>,
}

struct State {
    changes: Changes,
    /// Rises with every change that could concern an entry.
    generation: u64,
    entries: HashMap<Uuid, Arc<Located>>,
}

/// Right to insert what was loaded after it was given, as long as nothing changed meanwhile.
pub(crate) struct Ticket(u64);

impl Cache {
    pub(crate) fn new(ledger: &Ledger) -> Self {
        let state = State { changes: ledger.subscribe(), generation: 0, entries: HashMap::new() };
        Cache { state: Mutex::new(state) }
    }

    pub(crate) fn get(&self, id: Uuid) -> Result<Arc<Located>, Ticket> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.drain();
        state.entries.get(&id).cloned().ok_or(Ticket(state.generation))
    }

    pub(crate) fn insert(&self, ticket: Ticket, id: Uuid, located: Arc<Located>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.drain();
        if ticket.0 != state.generation {
            return;
        }
        if state.entries.len() >= MOST {
            state.entries.clear();
        }
        state.entries.insert(id, located);
    }
}

impl State {
    fn drain(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            // Unconstrained: a task that has used up its budget would be told "nothing yet" here, and serve what is gone.
            let told = match pin!(unconstrained(self.changes.next())).poll(&mut context) {
                Poll::Ready(Some(told)) => told,
                Poll::Ready(None) | Poll::Pending => return,
            };
            match told {
                Change::Anything => self.drop_all(),
                Change::Touched(touched) => touched.iter().for_each(|one| self.touched(one)),
            }
        }
    }

    fn touched(&mut self, touched: &Touched) {
        let Touched::Resource { kind, name, .. } = touched else { return };
        let name = name.as_deref();
        match kind.as_str() {
            Locator::KIND => self.drop_where(|located| is(&located.locator.name, name)),
            Asset::KIND => self.drop_where(|located| is(&located.asset.name, name)),
            Policy::KIND | Endpoint::KIND | AccountFilter::KIND | AssetFilter::KIND => self.drop_all(),
            _ => {}
        }
    }

    fn drop_all(&mut self) {
        self.generation += 1;
        self.entries.clear();
    }

    fn drop_where(&mut self, concerned: impl Fn(&Located) -> bool) {
        self.generation += 1;
        self.entries.retain(|_, located| !concerned(located));
    }
}

/// Whether a change of `touched` (`None`: of all) concerns `name`.
fn is(name: &str, touched: Option<&str>) -> bool {
    touched.is_none_or(|touched| touched.to_lowercase() == name.to_lowercase())
}
