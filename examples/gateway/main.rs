//! A gateway in front of three backends, one of which is killed while customers call.
//!
//! ```text
//! customers → gateway → three backends, each a process of its own → bank
//! ```
//!
//! The gateway bounds each request by its deadline, lets so many in at once, answers an order that comes again as
//! the first time, and picks a backend for each attempt (`gateway.rs`). Customers ask for prices and place orders, up
//! to 500 times a second, and never ask twice. A third of the way one backend is killed in the middle of its
//! requests, and two thirds of the way it is back. The last lines say what was lost, what was charged twice, and
//! where each request went. The program fails if anything was.
//!
//! `cargo run --example gateway --features client,server` runs it; `-- --seconds 30` runs it longer.

#![allow(
    clippy::disallowed_methods,
    reason = "sockets live in real time: there is no paused clock to be true to"
)]

mod backend;
mod bank;
mod customers;
mod gateway;
mod report;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use resil::{CircuitState, Client};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use backend::Backend;
use bank::Bank;
use report::Report;

/// How long customers call.
const SECONDS: u64 = 6;
/// How long they go on, at most, until B has work again.
const A_PROBE: Duration = Duration::from_secs(20);
const NAMES: [&str; 3] = ["A", "B", "C"];

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments).await {
        Ok(code) => code,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the arguments say: it is the whole, or one of the backends.
pub(crate) async fn run(arguments: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let seconds = match words[..] {
        [] => SECONDS,
        ["backend", name, port, bank] => return backend::serve(name, port.parse()?, bank).await,
        ["--seconds", seconds] => seconds.parse()?,
        _ => return Err("it takes `--seconds 30`, or nothing".into()),
    };

    let bank = Arc::new(Bank::default());
    let bank_url = listen(bank::router(Arc::clone(&bank))).await?;
    let mut backends = Vec::new();
    for name in NAMES {
        backends.push(Backend::start(name, &bank_url)?);
    }
    let urls = backends.iter().map(|backend| backend.url.clone()).collect();
    let (gateway, client) = gateway::router(urls)?;
    let gateway_url = listen(gateway).await?;

    println!("24 customers call a gateway in front of three backends for {seconds} s.");
    let began = Instant::now();
    let length = Duration::from_secs(seconds);
    let is_open = Arc::new(AtomicBool::new(true));
    let calls = tokio::spawn(customers::call(gateway_url, Arc::clone(&is_open)));
    sleep_until(began + length / 3).await;
    let killed = began.elapsed();
    backends[1].kill()?;
    println!("B is killed.");
    sleep(length / 3).await;
    backends[1].start_again(&bank_url)?;
    let back = began.elapsed();
    println!("B is back.");
    sleep_until(began + length).await;
    // A machine that is busy may not have come to the probe yet.
    let has_work = timeout(A_PROBE, has_work(&client, 1)).await;
    is_open.store(false, Relaxed);
    let calls = calls.await?;

    let report = Report::new(&calls, &bank, began, [killed, back]);
    print!("{report}");
    if let Some(balancer) = client.balancer() {
        let ejections: u64 = balancer.stats().endpoints.iter().map(|e| e.ejections).sum();
        println!("Backends were taken out of the choice {ejections} times, and probed back.");
    }
    if has_work.is_err() {
        println!("B was not probed back.");
    }
    Ok(if report.is_right() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Returns when a backend is in the choice, and requests go there.
async fn has_work(client: &Client, place: usize) {
    let figures = || client.balancer()?.stats().endpoints.into_iter().nth(place);
    let mut picked = None;
    while let Some(backend) = figures() {
        if backend.state == CircuitState::Closed
            && *picked.get_or_insert(backend.picked) < backend.picked
        {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Serves `app` on a free port, and returns its URL.
async fn listen(app: Router) -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}
