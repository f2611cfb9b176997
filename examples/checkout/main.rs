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
//! `--features panel -- --panel` there is a web panel to watch it in.

#![expect(
    clippy::disallowed_methods,
    reason = "sockets live in real time: there is no paused clock to be true to"
)]

mod chaos;
mod client;
mod load;
mod panel;
mod provider;
mod report;
mod sale;
mod shop;
mod table;
mod tally;
mod weather;
mod wire;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use load::{Call, Plan, Shop};
use provider::Provider;
use table::Paint;
use tally::{Row, Storm, Told};
use weather::Weather;

/// The seed of the weather: another one shuffles the same faults differently.
const SEED: u64 = 2026;
/// How long a run may take.
const LIMIT: Duration = Duration::from_secs(30);
const NAMES: [&str; 3] = ["with resil", "without", "without key"];

#[tokio::main]
async fn main() -> ExitCode {
    let began = Instant::now();
    let paint = Paint::new();
    let has_panel = std::env::args().any(|argument| argument == "--panel");
    if has_panel && let Err(e) = panel::serve().await {
        eprintln!("{e}");
        return ExitCode::FAILURE;
    }
    let broken = match timeout(LIMIT, run(paint)).await {
        Ok(Ok(broken)) => broken,
        Ok(Err(e)) => vec![format!("the run failed: {e}")],
        Err(_) => vec![format!("the run is not over after {LIMIT:?}")],
    };
    let took = format!("{:.1} s", began.elapsed().as_secs_f64());
    println!();
    // What resil has counted, beside the books of the providers.
    #[cfg(feature = "stats")]
    println!("{}", resil::stats());
    if has_panel {
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

/// Runs the three shops side by side, and returns the promises that were broken.
async fn run(paint: Paint) -> Result<Vec<String>, Box<dyn Error>> {
    let injected = match chaos::share()? {
        Some(percent) => Some(chaos::inject(percent, SEED)?),
        None => None,
    };
    let plan = Arc::new(Plan::new(SEED));
    let (weathercock, up) = watch::channel(true);
    let shop = |call| -> Result<Arc<Shop>, Box<dyn Error>> {
        let provider = Provider::start(Weather::new(SEED), up.clone())?;
        Ok(Arc::new(Shop::new(call, provider)?))
    };
    let shops = [shop(Call::Resil)?, shop(Call::Bare)?, shop(Call::Keyless)?];

    let (told, circuit, _listening) = Told::listen();
    report::opening(paint, NAMES);
    let serve = shops
        .each_ref()
        .map(|shop| Arc::clone(shop).serve(Arc::clone(&plan)));
    let [with, without, keyless] = serve;
    tokio::select! {
        _ = async { tokio::join!(with, without, keyless) } => {}
        () = weather::outage(weathercock) => {}
        () = report::live(paint, &shops, up, circuit) => {}
    }

    let none = Told::default();
    let told_to = [&*told, &none, &none];
    let rows = [0, 1, 2].map(|n| Row::new(NAMES[n], &shops[n], &plan, told_to[n]));
    let storms = [0, 1, 2].map(|n| Storm::new(NAMES[n], &shops[n]));
    report::closing(paint, &rows, &storms, &told);
    let mut broken = tally::broken(&rows, &storms, &told);
    broken.extend(sale::run(paint).await?);
    if let Some(injected) = injected {
        injected.print();
    }
    Ok(broken)
}
