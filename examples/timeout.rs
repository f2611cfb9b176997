//! `#[timeout]` in layers: one for the whole call, one for each attempt, and a deadline that the functions
//! called below can see.

#![expect(clippy::disallowed_methods, reason = "an example runs in real time")]

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use resil::event::{self, Event};
use resil::{Deadline, Error, retry, timeout};
use tokio::time::sleep;

/// Counts the attempts that have begun.
static ATTEMPT: AtomicU32 = AtomicU32::new(0);

fn left() -> Duration {
    Deadline::current().map_or(Duration::MAX, Deadline::remaining)
}

// Above `retry` a timeout bounds the whole call, below it each attempt.
#[timeout(300ms)]
#[retry(constant, max = 5, base = 20ms, jitter = none)]
#[timeout(80ms)]
async fn page(takes: [u64; 5]) -> Result<String, Error> {
    let n = ATTEMPT.fetch_add(1, Relaxed) as usize;
    let takes = Duration::from_millis(takes[n]);
    println!("    attempt {} needs {takes:?}, has {:.0?}", n + 1, left());
    sleep(takes).await;
    Ok(format!("the page, at attempt {}", n + 1))
}

// Its own limit is two seconds, but the deadline of `report` is sooner, and is the one in force.
#[timeout(2s)]
async fn query(rows: u64) -> Result<u64, Error> {
    println!(
        "    the query sees {:.0?} left of its caller's time",
        left()
    );
    sleep(Duration::from_millis(rows)).await;
    Ok(rows)
}

#[timeout(limit)]
async fn report(limit: Duration) -> Result<String, Error> {
    let rows = query(60).await? + query(100).await?;
    Ok(format!("{rows} rows"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _listener = event::subscribe(|e| match e {
        Event::TimedOut { limit, .. } => println!("    cut by the #[timeout] of {limit:?}"),
        Event::RetryStopped { reason, .. } => println!("    no further attempt: {reason:?}"),
        _ => {}
    });
    for (what, takes) in [
        ("Two attempts hang, the third answers", [900, 900, 10, 0, 0]),
        ("All hang: a fourth one could not begin in time", [900; 5]),
    ] {
        ATTEMPT.store(0, Relaxed);
        println!("{what}");
        let start = Instant::now();
        let answer = page(takes).await.unwrap_or_else(|e| e.to_string());
        println!("    {answer}, after {:.0?}\n", start.elapsed());
    }
    for limit in [250, 100] {
        let limit = Duration::from_millis(limit);
        println!("A report that may take {limit:?}");
        let start = Instant::now();
        let answer = report(limit).await.unwrap_or_else(|e| e.to_string());
        println!("    {answer}, after {:.0?}\n", start.elapsed());
    }
}
