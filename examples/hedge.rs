//! `#[hedge]` in front of a price service of which one answer in twenty is late: once without it, once
//! with a copy after the 95th percentile of the latencies.

#![expect(clippy::disallowed_methods, reason = "an example runs in real time")]

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use resil::event::{self, Event};
use resil::hedge;

/// Answers after 5 ms, and each twentieth time after 300 ms.
#[derive(Default)]
struct Shop {
    asked: AtomicU32,
}

impl Shop {
    async fn answer(&self) -> u32 {
        let n = self.asked.fetch_add(1, Relaxed);
        let late = n % 20 == 13;
        tokio::time::sleep(Duration::from_millis(if late { 300 } else { 5 })).await;
        42
    }

    async fn price(&self) -> Result<u32, std::io::Error> {
        Ok(self.answer().await)
    }

    // Until a hundred answers have come, nobody knows what is late: 20 ms is a guess.
    #[hedge(after = p95(default = 20ms), max = 2, budget = 10%)]
    async fn hedged_price(&self) -> Result<u32, std::io::Error> {
        Ok(self.answer().await)
    }
}

/// Calls 400 times, and says how long the calls took.
async fn measure(
    name: &str,
    shop: &Shop,
    call: impl AsyncFn(&Shop) -> Result<u32, std::io::Error>,
) {
    let mut latencies = Vec::new();
    for _ in 0..400 {
        let began = Instant::now();
        if call(shop).await.is_ok() {
            latencies.push(began.elapsed().as_millis());
        }
    }
    latencies.sort_unstable();
    println!(
        "{name}: p50 {:>3} ms   p99 {:>3} ms   the shop was asked {} times for 400 prices",
        latencies[200],
        latencies[396],
        shop.asked.load(Relaxed),
    );
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    static COPIES: AtomicU32 = AtomicU32::new(0);
    static WON: AtomicU32 = AtomicU32::new(0);
    let _listener = event::subscribe(|event| match event {
        Event::Hedged { .. } => _ = COPIES.fetch_add(1, Relaxed),
        Event::HedgeWon { copy: 2.., .. } => _ = WON.fetch_add(1, Relaxed),
        _ => {}
    });
    measure("without", &Shop::default(), Shop::price).await;
    measure("hedged ", &Shop::default(), Shop::hedged_price).await;
    let (copies, won) = (COPIES.load(Relaxed), WON.load(Relaxed));
    println!("\n{copies} copies were started, and {won} of them answered first.");
}
