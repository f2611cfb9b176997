//! A program whose calls show up in Prometheus, without a line for it in its functions.
//!
//! It calls a payment provider that is down for five seconds in each twenty, and a search with few places.
//! `GET /metrics` hands what was counted to the exporter, and renders it.
//!
//! ```text
//! cargo run --example metrics --features axum,metrics
//! curl -s http://127.0.0.1:9464/metrics | grep ^resil
//! ```
//!
//! docs/grafana has boards for these metrics, and docs/prometheus/alerts.yaml alerts. `tests/prometheus` lets
//! a real Prometheus scrape this program, and evaluates them all.
#![allow(
    clippy::disallowed_methods,
    reason = "a program that is scraped lives in real time"
)]

use std::error::Error;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use resil::{bulkhead, circuit, fallback, retry, timeout};
use tokio::net::TcpListener;
use tokio::time::sleep;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the provider is down")]
    Down,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

/// Charges an order.
#[circuit(name = "pay", failures = 5, open_for = 1s)]
#[retry(max = 3, base = 5ms)]
#[timeout(200ms)]
async fn charge(is_up: bool, n: u64) -> Result<u64, Fault> {
    sleep(Duration::from_millis(2 + n % 11)).await;
    if is_up { Ok(n) } else { Err(Fault::Down) }
}

/// Searches, in four places at once.
#[fallback(last_ok)]
#[bulkhead(name = "search", max = 4, queue = 8, wait = 50ms)]
#[timeout(100ms)]
async fn search(n: u64) -> Result<u64, Fault> {
    sleep(Duration::from_millis(5 + n % 17)).await;
    Ok(n)
}

/// The bounds of the buckets in which Prometheus counts the times of calls, in seconds.
const BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Installs the exporter.
pub(crate) fn install() -> Result<PrometheusHandle, BuildError> {
    let times = Matcher::Full("resil_call_seconds".to_owned());
    PrometheusBuilder::new()
        .set_buckets_for_metric(times, &BUCKETS)?
        .install_recorder()
}

/// Serves what was counted, up to the moment of the request.
pub(crate) fn routes(exporter: PrometheusHandle) -> Router {
    let scraped = move || async move {
        resil::metrics::publish();
        exporter.render()
    };
    Router::new().route("/metrics", get(scraped))
}

/// Calls both functions again and again.
pub(crate) async fn traffic() {
    let began = Instant::now();
    for n in 0_u64.. {
        let is_up = began.elapsed().as_secs() % 20 >= 5;
        tokio::spawn(async move { charge(is_up, n).await });
        for n in n..n + 3 {
            tokio::spawn(search(n));
        }
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let exporter = install()?;
    let listener = TcpListener::bind("127.0.0.1:9464").await?;
    println!("http://{}/metrics", listener.local_addr()?);
    tokio::spawn(traffic());
    axum::serve(listener, routes(exporter)).await?;
    Ok(())
}
