//! A small shop with traffic, and its panel: `cargo run --example panel --features panel`.
//!
//! Open the URL that it prints. Every minute the payment provider is away for twelve seconds: retries rise,
//! the circuit opens, its probes fail, and it closes again. With the token that is printed too, circuits can
//! be opened and closed by hand.
//!
//! ```text
//! cargo run --example panel --features panel -- --address 127.0.0.1:8080
//! ```
#![allow(
    clippy::disallowed_methods,
    reason = "a server lives in real time: there is no paused clock to be true to"
)]

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use rand::RngExt;
use resil::panel::Panel;
use resil::{bulkhead, circuit, fallback, hedge, rate_limit, retry, timeout};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error("the other side does not answer")]
    NoAnswer,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

/// How long the shop has been open, in milliseconds: the weather goes by it.
static OPEN_MS: AtomicU64 = AtomicU64::new(0);

/// Answers after a while, and fails in this share of calls.
async fn answer(typical: Duration, fails: f64) -> Result<u64, ShopError> {
    let (spread, draw): (f64, f64) = (rand::rng().random(), rand::rng().random());
    // Most answers are quick, and some are not.
    sleep(typical.mul_f64(0.6 + 4.0 * spread.powi(6))).await;
    if draw < fails {
        return Err(ShopError::NoAnswer);
    }
    Ok(OPEN_MS.load(Relaxed))
}

/// Whether the provider is away: twelve seconds of each minute.
fn is_away() -> bool {
    (20_000..32_000).contains(&(OPEN_MS.load(Relaxed) % 60_000))
}

#[circuit(name = "payments", failure_rate = 50%, window = 40, min_calls = 20, open_for = 4s)]
#[timeout(2s)]
#[retry(exponential, max = 3, base = 40ms)]
#[timeout(250ms)]
async fn charge(order: u64) -> Result<u64, ShopError> {
    let _ = order;
    answer(
        Duration::from_millis(45),
        if is_away() { 0.95 } else { 0.02 },
    )
    .await
}

#[bulkhead(name = "warehouse", max = 12, queue = 20, wait = 200ms)]
#[retry(max = 2, base = 20ms)]
async fn reserve(order: u64) -> Result<u64, ShopError> {
    let _ = order;
    answer(Duration::from_millis(120), 0.01).await
}

#[hedge(after = 40ms)]
async fn prices(article: u64) -> Result<u64, ShopError> {
    let _ = article;
    answer(Duration::from_millis(18), 0.0).await
}

#[fallback(last_ok)]
#[timeout(80ms)]
async fn recommendations() -> Result<u64, ShopError> {
    answer(Duration::from_millis(35), 0.05).await
}

#[rate_limit(name = "mail", max = 20, per = 1s, burst = 30)]
#[circuit(name = "mail", failures = 8)]
async fn send_mail(order: u64) -> Result<u64, ShopError> {
    let _ = order;
    answer(Duration::from_millis(60), 0.0).await
}

async fn order(number: u64) {
    let _ = tokio::join!(prices(number), recommendations());
    if reserve(number).await.is_ok() && charge(number).await.is_ok() {
        let _ = send_mail(number).await;
    }
}

/// Customers: some 25 orders a second, more of them and fewer as minutes go by.
async fn customers() {
    let began = Instant::now();
    for number in 0.. {
        let open = began.elapsed();
        OPEN_MS.store(u64::try_from(open.as_millis()).unwrap_or(u64::MAX), Relaxed);
        tokio::spawn(order(number));
        let wave = 1.0 + 0.5 * (open.as_secs_f64() / 9.0).sin();
        sleep(Duration::from_millis(40).div_f64(wave)).await;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut address = String::from("127.0.0.1:0");
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match (&*argument, arguments.next()) {
            ("--address", Some(value)) => address = value,
            _ => return Err(format!("unknown: {argument}").into()),
        }
    }
    // Whoever may change things is given it. In a service it comes from its secrets.
    let token = format!("{:032x}", rand::rng().random::<u128>());
    let panel = Panel::new().title("Shop").token(&token);
    let app = Router::new().nest("/resil", panel.router());
    let listener = TcpListener::bind(address).await?;
    println!("the panel: http://{}/resil", listener.local_addr()?);
    println!("its token: {token}");
    tokio::spawn(customers());
    axum::serve(listener, app).await?;
    Ok(())
}
