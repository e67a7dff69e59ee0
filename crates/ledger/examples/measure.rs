//! Measures the ledger on this machine: durable commits per second by number of callers, and lists over many assets.
//!
//! `cargo run --release -p millrace-ledger --example measure -- [DIRECTORY] [ASSETS]`; the directory decides which disk.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use millrace_ledger::{
    Commit, Config, Cursor, Event, Expect, Expr, Field, Ledger, NewTask, Order, Outcome, Put, Query,
};
use serde_json::json;

/// How long each rate is measured.
const SPAN: Duration = Duration::from_secs(5);

/// Whatever fails ends the measurement.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let assets: usize = arguments.next().map_or(Ok(100_000), |number| number.parse())?;
    let directory = directory.join(format!("ledger-measure-{}", std::process::id()));
    let measured = measure(directory.join("ledger.db"), assets).await;
    std::fs::remove_dir_all(&directory)?;
    measured
}

async fn measure(path: PathBuf, assets: usize) -> Result<()> {
    let ledger = Ledger::open(Config::new(&path)).await?;
    println!("durable commits per second, each one put, one task and one event of 700 bytes in all:");
    for callers in [1, 16, 256] {
        commits(&ledger, callers).await?;
    }
    tasks(&ledger).await?;
    fill(&ledger, assets).await?;
    ledger.close().await;
    let begin = Instant::now();
    let ledger = Ledger::open(Config::new(&path)).await?;
    let first = ledger.list(&Query::new("asset", "media").limit(1)).await?;
    println!("open with {assets} assets and read {}: {:?}", first.items.len(), begin.elapsed());
    lists(&ledger, assets).await?;
    ledger.close().await;
    Ok(())
}

async fn commits(ledger: &Ledger, callers: usize) -> Result<()> {
    let begin = Instant::now();
    let each = join_all((0..callers).map(|caller| {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            let mut waits = Vec::new();
            while begin.elapsed() < SPAN {
                let name = format!("{callers}-{caller}-{}", waits.len());
                let commit = Commit::new()
                    .put(Put::new("thing", "bench", &name, json!("x".repeat(300))).expect(Expect::Absent))
                    .enqueue(NewTask::new("work", &name, json!("x".repeat(200))))
                    .announce(Event::new("Bench", &name, "bench", json!("x".repeat(200))));
                let asked = Instant::now();
                if ledger.commit(commit).await.is_err() {
                    break;
                }
                waits.push(asked.elapsed());
            }
            waits
        })
    }))
    .await;
    let mut waits = Vec::new();
    for caller in each {
        waits.extend(caller?);
    }
    waits.sort();
    let at = |share: f64| waits.get((waits.len() as f64 * share) as usize).copied().unwrap_or_default();
    let rate = waits.len() as f64 / begin.elapsed().as_secs_f64();
    println!("  {callers:3} callers: {rate:8.0}/s   p50 {:?}   p99 {:?}", at(0.5), at(0.99));
    Ok(())
}

/// Claim and finish what the commits enqueued, as a runner does.
async fn tasks(ledger: &Ledger) -> Result<()> {
    let (begin, mut done) = (Instant::now(), 0);
    while begin.elapsed() < SPAN {
        let leases = ledger.claim(&["work"], "bench", Duration::from_secs(30), 64).await?;
        if leases.is_empty() {
            break;
        }
        let ends = leases.iter().map(|lease| {
            ledger.commit(Commit::new().finish(lease, Outcome::Done(json!(null))).announce(Event::new(
                "Done",
                &lease.task.key,
                "bench",
                json!({}),
            )))
        });
        for end in join_all(ends).await {
            end?;
            done += 1;
        }
    }
    println!(
        "tasks claimed by 64 and finished one by one: {:.0}/s",
        f64::from(done) / begin.elapsed().as_secs_f64()
    );
    Ok(())
}

async fn fill(ledger: &Ledger, assets: usize) -> Result<()> {
    let begin = Instant::now();
    for start in (0..assets).step_by(5000) {
        let commit = (start..assets.min(start + 5000)).fold(Commit::new(), |all, number| {
            // Spread over the alphabet, as names of people are.
            let name = format!("{:08x}-asset", (number as u32).wrapping_mul(2_654_435_761));
            let body = json!({"description": "an asset", "container": format!("asset-{number}")});
            all.put(Put::new("asset", "media", name, body).alt(format!("alt{}", number % 1000)).state("new"))
        });
        ledger.commit(commit).await?;
    }
    println!("{assets} assets put by 5000: {:?}", begin.elapsed());
    Ok(())
}

async fn lists(ledger: &Ledger, assets: usize) -> Result<()> {
    let all = Query::new("asset", "media").limit(100);
    let middle = "80000000";
    let newest = Order::descending(Field::Created);
    let table = [
        ("by name", all.clone()),
        (
            "by name, from the middle",
            all.clone().filter(Expr::is(Field::Name, millrace_ledger::Cmp::Gt, middle)),
        ),
        ("newest first", all.clone().order(newest)),
        ("one alt of 1000", all.clone().filter(Expr::eq(Field::Alt, "alt7"))),
        ("one alt of 1000, newest first", all.clone().filter(Expr::eq(Field::Alt, "alt7")).order(newest)),
        ("a state that none has", all.clone().filter(Expr::eq(Field::State, "gone"))),
    ];
    for (what, query) in table {
        let mut times = Vec::new();
        let (mut query, mut found) = (query, 0);
        for _ in 0..20 {
            let begin = Instant::now();
            let page = ledger.list(&query).await?;
            times.push(begin.elapsed());
            found += page.items.len();
            // As a client pages: by the token.
            query.after = page.next.map(|next| next.to_string().parse::<Cursor>()).transpose()?;
        }
        times.sort();
        println!("  {what}: {found} in 20 pages, median {:?}, worst {:?}", times[10], times[19]);
    }
    let begin = Instant::now();
    let counted = ledger.count(&all).await?;
    println!("  count of {counted} (expected {assets}): {:?}", begin.elapsed());
    Ok(())
}
