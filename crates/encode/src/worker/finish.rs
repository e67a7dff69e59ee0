//! The end of an output: files, complete indexes, the descriptions beside them, and sweeping up.

use jiff::Timestamp;
use millrace_blob::{Item, List, Put};
use millrace_package::pointer::PRIVATE_PREFIX;
use uuid::Uuid;

use super::driver::Driver;
use crate::output::{Publisher, assemble, sidecars};
use crate::problem::{Code, Failure, Problem};
use crate::store::{Store, read_problem};

/// Marks that an output of a job is complete, so that a restart between the last file and the job's end makes nothing again.
fn marker(job: Uuid, number: usize) -> String {
    format!("{PRIVATE_PREFIX}done/{job}-{number}.json")
}

/// Whether an earlier run came to the end.
pub(super) async fn is_done(store: &Store, job: Uuid, number: usize) -> Result<bool, Failure> {
    Ok(store.head(&marker(job, number)).await?.is_some())
}

/// Writes everything that a finished output has. May be repeated.
pub(super) async fn finish(driver: &Driver<'_>, mut publisher: Publisher) -> Result<(), Failure> {
    let (store, plan) = (&driver.store, &*driver.plan);
    check_whole(&publisher)?;
    let sealed = assemble(&publisher, store).await?;
    let mut sizes = Vec::new();
    for file in &plan.files {
        sizes.push(store.head(&file.name).await?.map_or(0, |head| head.length));
    }
    let side = sidecars(plan, &sealed, &sizes, &driver.asset.id.to_string())?;
    for (name, kind, text) in side.files {
        store.put(&name, text, Put::of_type(kind)).await?;
    }
    if !sealed.is_empty() {
        publisher.complete(store, sealed, Timestamp::now().as_millisecond()).await?;
    }
    store.put_json(&marker(driver.job, driver.number), &plan.hash()).await?;
    sweep(store, &publisher).await
}

/// A title that lacks most of what its container promised is not a success.
fn check_whole(publisher: &Publisher) -> Result<(), Failure> {
    /// Containers round, and last frames are short.
    const TOLERANCE_US: i64 = 1_000_000;
    let plan = publisher.plan();
    let name = plan.clips.first().map_or("The input", |clip| clip.input.name.as_str());
    if !plan.video.is_empty() {
        let Some(index) = publisher.index(0).filter(|index| !index.rows().is_empty()) else {
            return Err(Problem::malformed(format!("Not one frame of '{name}' could be decoded.")).into());
        };
        let ticks = index.end() as i128 * 1_000_000 / i128::from(index.timescale().get());
        let (made, promised) = (ticks as i64, plan.duration_us());
        if made + TOLERANCE_US + promised / 20 < promised {
            return Err(Problem::new(
                Code::ContentMalformed,
                format!(
                    "'{name}' is truncated: it claims to last {:.1} s, but its video ends after {:.1} s.",
                    promised as f64 / 1e6,
                    made as f64 / 1e6
                ),
            )
            .into());
        }
    } else if plan.images.is_empty() && (0..plan.audio.len()).all(|track| publisher.index(track).is_none()) {
        return Err(Problem::malformed(format!("No sound of '{name}' could be decoded.")).into());
    }
    Ok(())
}

/// Deletes work in progress and indexes that were replaced.
async fn sweep(store: &Store, publisher: &Publisher) -> Result<(), Failure> {
    for name in publisher.replaced() {
        store.delete(name).await?;
    }
    delete_work(store).await
}

/// Deletes all work of a plan.
pub(super) async fn delete_work(store: &Store) -> Result<(), Failure> {
    let list = List { prefix: store.prefix().to_owned(), ..List::default() };
    loop {
        let page = store.account().list(store.container(), &list).await.map_err(read_problem)?;
        if page.items.is_empty() {
            return Ok(());
        }
        for item in page.items {
            if let Item::Blob(name, _) = item {
                store.delete(name.as_str()).await?;
            }
        }
    }
}

/// Takes back the growing title of an output that failed: a player would wait for its end for ever.
pub(super) async fn withdraw(store: &Store) -> Result<(), Failure> {
    use millrace_package::pointer::PRESENTATION_BLOB;
    let pointer: Option<serde_json::Value> = store.get_json(PRESENTATION_BLOB).await?;
    let grows = pointer.as_ref().and_then(|pointer| pointer.get("state")?.as_str()) == Some("growing");
    if grows {
        store.delete(PRESENTATION_BLOB).await?;
    }
    delete_work(store).await
}
