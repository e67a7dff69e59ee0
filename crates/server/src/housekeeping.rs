//! What nobody waits for: leftovers of crashes and records past their time. Nothing here is needed for correctness.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use millrace_blob::Blobs;
use millrace_ledger::{Ledger, Retention};
use tokio_util::sync::CancellationToken;

/// A start must be quick, and a sweep reads every blob's record.
const FIRST: Duration = Duration::from_secs(600);
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// How long finished tasks and announced events can still be asked for.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Sweeps now and then until `stop`.
pub async fn run(ledger: Ledger, blobs: Blobs, stop: CancellationToken) {
    let mut pause = FIRST;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sweep(&ledger, &blobs) => {}
        }
        pause = EVERY;
    }
}

async fn sweep(ledger: &Ledger, blobs: &Blobs) {
    for account in blobs.accounts() {
        match account.sweep().await {
            Ok(swept) => tracing::info!(account = account.name(), ?swept, "swept"),
            Err(error) => {
                tracing::warn!(account = account.name(), %error, "sweep ended early; tomorrow again")
            }
        }
    }
    let before = Timestamp::now().saturating_sub(KEPT).ok();
    match ledger.purge(Retention { tasks_before: before, events_before: before }).await {
        Ok(purged) => tracing::info!(?purged, "purged"),
        Err(error) => tracing::warn!(%error, "purge ended early; tomorrow again"),
    }
}
