//! `#[bulkhead]` between a page that must be fast and a report service that has become slow. Without it
//! every request of the page would end up waiting for a report.

#![expect(clippy::disallowed_methods, reason = "an example runs in real time")]

use std::time::{Duration, Instant};

use resil::{Error, bulkhead};

// Three reports at once, two more that wait for at most 150 ms, and the rest is refused.
#[bulkhead(name = "reports", max = 3, queue = 2, wait = 150ms)]
async fn report(day: u32) -> Result<u32, Error> {
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(day)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("eight reports at once: three run, two wait, three are refused\n");
    let start = Instant::now();
    let calls = (1..=8).map(|day| async move {
        let answer = match report(day).await {
            Ok(day) => format!("day {day}"),
            Err(e) => e.to_string(),
        };
        println!(
            "{:>4} ms  report {day}: {answer}",
            start.elapsed().as_millis()
        );
    });
    let all = tokio::task::LocalSet::new();
    for call in calls {
        all.spawn_local(call);
    }
    all.await;

    let reports = bulkhead("reports");
    println!("\nwith twice the places, by hand: {reports:?}");
    reports.set_limit(6);
    let start = Instant::now();
    let all = tokio::task::LocalSet::new();
    for day in 1..=8 {
        all.spawn_local(async move {
            let end = report(day).await.map_or("refused", |_| "answered");
            println!("{:>4} ms  report {day}: {end}", start.elapsed().as_millis());
        });
    }
    all.await;
}
