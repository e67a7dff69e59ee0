//! One output of a job, from its plan to its last file.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use millrace_blob::ContainerName;
use millrace_catalog::asset::Asset;
use millrace_ledger::runner::Context;
use millrace_ledger::{Commit, TaskState};
use uuid::Uuid;

use super::Inner;
use super::board::Output;
use super::finish;
use super::tasks::{Body, PLAN_NAME, Part};
use crate::chunk::{self, ChunkRecord};
use crate::flow::FlowRecord;
use crate::output::Publisher;
use crate::plan::{Plan, VideoMake, chunks};
use crate::problem::{Failure, Problem};
use crate::sound;
use crate::store::Store;

/// How often progress is written down at most.
const TELL_EVERY: std::time::Duration = std::time::Duration::from_millis(500);
/// Tasks handed to the ledger in one commit.
const BATCH: usize = 200;

/// Everything about one output.
pub(super) struct Driver<'a> {
    pub inner: &'a Arc<Inner>,
    pub context: &'a Context,
    pub job: Uuid,
    pub number: usize,
    pub priority: i32,
    pub asset: &'a Asset,
    pub plan: Arc<Plan>,
    pub output: Arc<Output>,
    pub store: Store,
}

/// How far the records of the parts were read.
struct Seen {
    publisher: Publisher,
    next_chunk: u32,
    chunks: u32,
    /// Next record of each audio track; `None` once it ended.
    sounds: Vec<Option<u32>>,
    /// Next record of the copied video, with its track number.
    copy: Option<(usize, Option<u32>)>,
    images: bool,
}

impl Seen {
    fn is_complete(&self) -> bool {
        let copied = self.copy.is_none_or(|(_, next)| next.is_none());
        self.next_chunk >= self.chunks && self.sounds.iter().all(Option::is_none) && copied && self.images
    }
}

impl Driver<'_> {
    /// The output's name on the board and in task keys.
    pub(super) fn name(job: Uuid, number: usize) -> String {
        format!("{job}-{number}")
    }

    /// The container of an asset, for a plan.
    pub(super) fn store_for(
        inner: &Inner,
        asset: &Asset,
        output: &str,
        plan: &Plan,
    ) -> Result<Store, Failure> {
        let account = inner.catalog.storage(asset);
        let account = account.map_err(|error| Problem::service(format!("The output asset: {error}")))?;
        let container: ContainerName = asset.container.clone();
        Ok(Store::new(account.clone(), container, output, &plan.hash()))
    }

    /// Hands out all parts and sees them to their end.
    pub(super) async fn run(&self) -> Result<(), Failure> {
        if finish::is_done(&self.store, self.job, self.number).await? {
            return Ok(());
        }
        self.store.put_json(&self.store.work(PLAN_NAME), &*self.plan).await?;
        self.output.keep_plan(self.plan.clone());
        self.hand_out().await?;
        let seen = self.watch().await?;
        finish::finish(self, seen.publisher).await
    }

    /// All parts of the plan, most urgent first.
    fn parts(&self) -> Vec<Part> {
        let plan = &self.plan;
        let mut parts: Vec<Part> = Vec::new();
        let has_encoded = plan.video.iter().any(|track| matches!(track.make, VideoMake::Encode(_)));
        if has_encoded {
            parts.extend(
                chunks(plan, self.inner.config.lengths).iter().map(|chunk| Part::Chunk(chunk.number)),
            );
        }
        parts.extend((0..plan.audio.len()).map(Part::Sound));
        parts.extend(self.copied().map(Part::Copy));
        if !plan.images.is_empty() {
            parts.push(Part::Images);
        }
        parts
    }

    fn copied(&self) -> Option<usize> {
        self.plan.video.iter().position(|track| track.make == VideoMake::Copy)
    }

    fn body(&self, part: Part) -> Body {
        Body {
            output: Self::name(self.job, self.number),
            number: self.number,
            plan: self.plan.hash(),
            account: self.asset.storage_account.clone(),
            container: self.asset.container.as_str().to_owned(),
            part,
        }
    }

    async fn hand_out(&self) -> Result<(), Failure> {
        let group = self.job.to_string();
        for batch in self.parts().chunks(BATCH) {
            let tasks = batch.iter().map(|part| self.body(*part).task(&group, self.priority));
            // Under the lease: a cancelled job hands out nothing more.
            let commit = tasks.fold(Commit::new().fence(self.context.lease()), Commit::enqueue);
            self.context.ledger().commit(commit).await.map_err(|error| {
                tracing::info!(%error, "tasks of a job could not be handed out");
                Failure::Stopped
            })?;
        }
        Ok(())
    }

    /// Publishes what is finished until all is.
    async fn watch(&self) -> Result<Seen, Failure> {
        let mut seen = self.start();
        seen.publisher.recall(&self.store).await?;
        let mut changes = self.context.ledger().subscribe();
        let mut told = tokio::time::Instant::now() - TELL_EVERY;
        loop {
            if self.read_records(&mut seen).await? {
                seen.publisher.publish(&self.store, Timestamp::now().as_millisecond()).await?;
            }
            if seen.is_complete() {
                return Ok(seen);
            }
            self.find_failure().await?;
            if told.elapsed() >= TELL_EVERY {
                self.tell(&seen).await?;
                told = tokio::time::Instant::now();
            }
            tokio::select! {
                _ = self.context.stopped() => return Err(Failure::Stopped),
                () = self.output.changed.notified() => {}
                change = changes.next() => if change.is_none() { return Err(Failure::Stopped) },
                // Only for what nobody reports, such as a record written by a worker of another process.
                () = tokio::time::sleep(std::time::Duration::from_secs(10)) => {}
            }
            // Changes come in bursts; one look per burst is enough.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    fn start(&self) -> Seen {
        let parts = self.parts();
        let chunks = parts.iter().filter(|part| matches!(part, Part::Chunk(_))).count() as u32;
        Seen {
            publisher: Publisher::new(&self.plan),
            next_chunk: 0,
            chunks,
            sounds: vec![Some(0); self.plan.audio.len()],
            copy: self.copied().map(|track| (track, Some(0))),
            images: self.plan.images.is_empty(),
        }
    }

    /// Takes in all records that follow without a gap; whether there were any.
    async fn read_records(&self, seen: &mut Seen) -> Result<bool, Failure> {
        let mut grown = false;
        while seen.next_chunk < seen.chunks {
            let name = self.store.work(&chunk::record_name(seen.next_chunk));
            let Some(record) = self.store.get_json::<ChunkRecord>(&name).await? else { break };
            for (track, piece) in record.pieces {
                seen.publisher.add(track, piece)?;
            }
            seen.next_chunk += 1;
            grown = true;
        }
        for track in 0..seen.sounds.len() {
            grown |= self.read_sound(seen, track).await?;
        }
        grown |= self.read_copy(seen).await?;
        if !seen.images && self.output.share(&Part::Images.name()) < 1.0 {
            seen.images = self.is_done(Part::Images).await?;
        } else {
            seen.images = true;
        }
        Ok(grown)
    }

    async fn read_sound(&self, seen: &mut Seen, track: usize) -> Result<bool, Failure> {
        let mut grown = false;
        while let Some(Some(number)) = seen.sounds.get(track).copied() {
            let name = self.store.work(&sound::record_name(track, number));
            let Some(record) = self.store.get_json::<FlowRecord>(&name).await? else { break };
            if let Some(piece) = record.piece {
                seen.publisher.add(self.plan.video.len() + track, piece)?;
            }
            if let Some(next) = seen.sounds.get_mut(track) {
                *next = (!record.last).then_some(number + 1);
            }
            grown = true;
        }
        Ok(grown)
    }

    async fn read_copy(&self, seen: &mut Seen) -> Result<bool, Failure> {
        let mut grown = false;
        while let Some((track, Some(number))) = seen.copy {
            let name = self.store.work(&crate::verbatim::record_name(track, number));
            let Some(record) = self.store.get_json::<FlowRecord>(&name).await? else { break };
            if let Some(piece) = record.piece {
                seen.publisher.add(track, piece)?;
            }
            seen.copy = Some((track, (!record.last).then_some(number + 1)));
            grown = true;
        }
        Ok(grown)
    }

    async fn is_done(&self, part: Part) -> Result<bool, Failure> {
        let task = self.body(part).task("", 0);
        let found = self.context.ledger().task_by_key(&task.kind, &task.key).await;
        Ok(found.is_ok_and(|found| found.is_some_and(|task| task.state == TaskState::Done)))
    }

    /// The problem of a task of this output that failed for good, if one did.
    async fn find_failure(&self) -> Result<(), Failure> {
        let ledger = self.context.ledger();
        let group = self.job.to_string();
        let summary = ledger.group(&group).await.map_err(|_| Failure::Stopped)?;
        if summary.failed == 0 {
            return Ok(());
        }
        let mut after = None;
        loop {
            let tasks = ledger.tasks(&group, after).await.map_err(|_| Failure::Stopped)?;
            let Some(last) = tasks.last().map(|task| task.id) else { return Ok(()) };
            let own = |body: &serde_json::Value| {
                serde_json::from_value::<Body>(body.clone()).is_ok_and(|body| body.number == self.number)
            };
            let failed = tasks.iter().find(|task| task.state == TaskState::Failed && own(&task.body));
            if let Some(task) = failed {
                self.output.task_failed.store(true, Ordering::Relaxed);
                return Err(problem_in(task.error.as_ref()).into());
            }
            after = Some(last);
        }
    }

    /// Writes down how much is done: content seconds over all content seconds.
    async fn tell(&self, seen: &Seen) -> Result<(), Failure> {
        let percent = (self.share(seen) * 100.0).clamp(0.0, 99.0) as u8;
        let told =
            self.inner.catalog.output_progress(self.context.lease(), self.job, self.number, percent).await;
        match told {
            Ok(_) => Ok(()),
            Err(millrace_catalog::Error::Ledger(error)) => {
                tracing::warn!(%error, "progress could not be noted");
                Ok(())
            }
            // Cancelled, deleted or given to another.
            Err(_) => Err(Failure::Stopped),
        }
    }

    fn share(&self, seen: &Seen) -> f64 {
        let timing = &self.plan.timing;
        let (mut done, mut all) = (0.0, 0.0);
        for chunk in chunks(&self.plan, self.inner.config.lengths).iter().take(seen.chunks as usize) {
            let clip = self.plan.clips.get(chunk.clip);
            let whole = clip.map_or(0, |clip| clip.start_us + clip.duration_us());
            let weight = chunk.length_us(timing, whole).max(1) as f64;
            let share = if chunk.number < seen.next_chunk {
                1.0
            } else {
                self.output.share(&Part::Chunk(chunk.number).name())
            };
            done += weight * share;
            all += weight;
        }
        // Sound and pictures copied take a fraction of the time of encoding.
        let light = (self.plan.duration_us().max(1) as f64) * 0.05;
        let light_parts = self.parts().into_iter().filter(|part| !matches!(part, Part::Chunk(_)));
        for part in light_parts {
            done += light * self.output.share(&part.name());
            all += light;
        }
        // The end, assembling, is part of it.
        if all > 0.0 { done / all * 0.98 } else { 0.0 }
    }
}

/// The problem that a failed task left.
pub(super) fn problem_in(error: Option<&serde_json::Value>) -> Problem {
    let told = error.and_then(|error| serde_json::from_value::<Problem>(error.clone()).ok());
    told.unwrap_or_else(|| {
        let text = error.and_then(|error| error.as_str()).unwrap_or("no reason was given");
        Problem::service(format!("A part of the job failed: {text}."))
    })
}
