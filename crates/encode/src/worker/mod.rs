//! Jobs on the ledger: an orchestrator per job, and tasks for chunks, audio tracks and thumbnails that it waits for.
//!
//! The orchestrator ([`job`]) probes, plans, hands out tasks, publishes what is finished and assembles the end. All it knows
//! is in the ledger and in the output container, so it can be killed and run again at any point: plans come out the same,
//! finished pieces are found, and every later step is repeated without harm.

mod board;
mod config;
mod driver;
mod fetch;
mod finish;
mod guard;
mod inputs;
mod job;
mod media_file;
mod tasks;

use std::sync::Arc;

use millrace_catalog::Catalog;
use millrace_ledger::runner::Runner;

pub use config::Config;

/// Jobs that are watched over at a time; others wait as Queued. Watching costs no processor.
const JOBS: usize = 64;

/// The encoder: a cheap handle.
#[derive(Clone)]
pub struct Encoder {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) catalog: Catalog,
    pub(crate) config: Config,
    pub(crate) board: board::Board,
    pub(crate) inputs: inputs::Inputs,
}

impl Encoder {
    /// An encoder that works on the catalog's jobs. Clears what an earlier process left in the scratch directory.
    pub fn new(catalog: Catalog, config: Config) -> std::io::Result<Encoder> {
        config.prepare_scratch()?;
        let (board, inputs) = (board::Board::default(), inputs::Inputs::new(&config));
        Ok(Encoder { inner: Arc::new(Inner { catalog, config, board, inputs }) })
    }

    /// Adds the encoder's task kinds to a runner.
    pub fn register(&self, runner: Runner) -> Runner {
        let slots = self.inner.config.encoders.max(1);
        let inner = || self.inner.clone();
        runner
            .on(millrace_catalog::job::ENCODE_TASK, JOBS, job::JobHandler(inner()))
            .on(tasks::CHUNK_TASK, slots, tasks::TaskHandler(inner()))
            .on(tasks::SOUND_TASK, slots, tasks::TaskHandler(inner()))
            .on(tasks::COPY_TASK, slots, tasks::TaskHandler(inner()))
            .on(tasks::IMAGES_TASK, 1, tasks::TaskHandler(inner()))
    }
}
