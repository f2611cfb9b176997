//! A shop that calls a payment provider over real HTTP, in bad weather.
//!
//! Three shops, each with a provider of its own, get the same customers and the same weather at
//! the same time: one calls through resil's attributes, one through the same function without
//! them, and one without an idempotency key as well. At the end the providers' books say how many
//! orders were lost and how many were charged twice. The program fails if the shop with resil has any
//! of these. It also fails if the others have none, as then the weather was not real. A second scene,
//! in `sale.rs`, is a storm of customers.
//!
//! `cargo run --example checkout` runs it. Read `shop.rs` first. With `--features chaos -- --chaos 30%` resil
//! injects faults on top of the weather, and the shop with resil has to keep the same promises. With
//! `--features panel -- --panel` there is a web panel to watch it in. With the feature `stats`, which the panel has, the
//! last table is that of `resil::stats()`: what resil has counted, to be held against the books of the providers.

#![expect(
    clippy::disallowed_methods,
    reason = "sockets live in real time: there is no paused clock to be true to"
)]

mod asked;
mod chaos;
mod client;
mod load;
mod panel;
mod provider;
mod report;
mod run;
mod sale;
mod shop;
mod table;
mod tally;
mod weather;
mod wire;

use std::process::ExitCode;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use asked::Asked;
use run::run;
use table::Paint;

/// How long a run may take.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> ExitCode {
    match Asked::of(std::env::args().skip(1)) {
        Ok(asked) => sell(&asked).await,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

async fn sell(asked: &Asked) -> ExitCode {
    let began = Instant::now();
    let paint = Paint::new();
    if asked.panel {
        match panel::serve().await {
            Ok(at) => println!("The panel: http://{at}/resil\n"),
            Err(e) => {
                eprintln!("{e}");
                return ExitCode::FAILURE;
            }
        }
    }
    let broken = match timeout(LIMIT, run(paint, asked)).await {
        Ok(Ok(broken)) => broken,
        Ok(Err(e)) => vec![format!("the run failed: {e}")],
        Err(_) => vec![format!("the run is not over after {LIMIT:?}")],
    };
    let took = format!("{:.1} s", began.elapsed().as_secs_f64());
    println!();
    // What resil has counted, beside the books of the providers.
    #[cfg(feature = "stats")]
    println!("{}", resil::stats());
    if asked.panel {
        panel::stay().await;
    }
    if broken.is_empty() {
        println!("{} in {took}", paint.good("All promises kept"));
        return ExitCode::SUCCESS;
    }
    for promise in broken {
        println!("{}: {promise}", paint.bad("Broken"));
    }
    println!("after {took}");
    ExitCode::FAILURE
}
