//! A rate limit that refuses, one that waits, and one for each tenant; with the feature `store` one that two
//! hosts share.

#![expect(clippy::disallowed_methods, reason = "an example runs in real time")]

use std::time::Instant;

use resil::event::{self, Event};
use resil::{Error, rate_limit, retry};

/// Three at once, and then one every 100 ms.
#[rate_limit(name = "search", max = 10, per = 1s, burst = 3)]
async fn search(words: &str) -> Result<usize, Error> {
    Ok(words.len())
}

/// The retry waits for as long as the rate limit asks.
#[retry(max = 2, base = 1ms)]
#[rate_limit(name = "search")]
async fn patient_search(words: &str) -> Result<usize, Error> {
    Ok(words.len())
}

/// One every 50 ms: a call that is too early waits for its turn.
#[rate_limit(max = 20, per = 1s, burst = 1, wait = 120ms)]
async fn paced(_page: u32) -> Result<(), Error> {
    Ok(())
}

/// A limit for each tenant, by the rows of a batch.
#[rate_limit(max = 100, per = 1m, key = tenant, cost = rows)]
async fn import(tenant: &str, rows: u32) -> Result<(), Error> {
    println!("  {tenant} imports {rows} rows");
    Ok(())
}

/// A limit of all hosts together. A store in memory stands for the Redis or PostgreSQL that they share.
#[cfg(feature = "store")]
mod two_hosts {
    use resil::limits::{Memory, SharedLimits};
    use resil::{Error, rate_limit};

    struct Host(SharedLimits);

    impl Host {
        #[rate_limit(name = "partner", max = 10, per = 1s, burst = 3, store = self.0, on_outage = closed)]
        async fn order(&self, item: &str) -> Result<usize, Error> {
            Ok(item.len())
        }
    }

    pub(super) async fn run() {
        println!("two hosts, and three calls of both at once:");
        let limits = SharedLimits::new(Memory::new()).namespace("shop");
        let hosts = [Host(limits.clone()), Host(limits)];
        for call in 0..5 {
            let host = call % 2;
            match hosts[host].order("tea").await {
                Ok(_) => println!("  host {host} is let in"),
                Err(e) => println!("  host {host}: {e}"),
            }
        }
    }
}

#[tokio::main]
async fn main() {
    let _listening = event::subscribe(|event| {
        if let Event::RateLimited { name, key, .. } = event {
            let key = key.as_deref().unwrap_or("no key");
            println!("  event: `{name}` is reached ({key})");
        }
    });

    println!("a burst of three:");
    for _ in 0..4 {
        match search("rate limit").await {
            Ok(found) => println!("  found {found}"),
            Err(e) => println!("  {e}"),
        }
    }
    let began = Instant::now();
    let found = patient_search("rate limit").await;
    println!(
        "with a retry above: {found:?} after {:.0?}",
        began.elapsed()
    );

    println!("one every 50 ms, for the patient:");
    let began = Instant::now();
    let pages = (0..5).map(|page| {
        tokio::spawn(async move {
            match paced(page).await {
                Ok(()) => println!("  page {page} after {:.0?}", began.elapsed()),
                Err(e) => println!("  page {page}: {e}"),
            }
        })
    });
    for page in pages.collect::<Vec<_>>() {
        page.await.expect("it ends");
    }

    println!("each tenant by itself:");
    for (tenant, rows) in [("alice", 60), ("alice", 60), ("bob", 60), ("bob", 101)] {
        if let Err(e) = import(tenant, rows).await {
            println!("  {tenant}: {e}");
        }
    }
    #[cfg(feature = "store")]
    two_hosts::run().await;
    for limit in resil::registry().rate_limits() {
        let key = limit.key.as_deref().unwrap_or("");
        println!("{} {key}: {} left at once", limit.name, limit.available);
    }
}
