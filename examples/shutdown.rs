//! A server that is told to stop under load, and loses nothing.
//!
//! It charges customers through a payment provider that is slow and sometimes fails. At SIGTERM (or Ctrl-C):
//!
//! 1. `resil` begins the shutdown. Back-off sleeps and waits for keys end at once, no attempt begins, and the
//!    charges that run go on.
//! 2. `/ready` turns 503. The load balancer sees it and sends no more. Until it has, charges are accepted, and
//!    run once.
//! 3. The listener closes, and the last answers go out.
//! 4. `drain` waits for calls that have no connection any more, and for results that are being recorded.
//! 5. The process ends with 0, or with 1 if something was left. A second signal ends it at once, with 143.
//!
//! ```text
//! cargo run --example shutdown --features axum,shutdown
//! cargo run --example shutdown --features axum,shutdown,sqlite -- --store payments.db --book book.txt
//! curl -X POST http://127.0.0.1:8080/charge/order-1
//! kill -TERM $(pgrep -f examples/shutdown)
//! ```
//!
//! `tests/shutdown` runs it under 200 requests a second. `docs/shutdown.md` has the whole story.
#![allow(
    clippy::disallowed_methods,
    reason = "a server lives in real time: there is no paused clock to be true to"
)]

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use resil::{Shutdown, idempotent, retry, timeout};
use tokio::net::TcpListener;
use tokio::time::sleep;

/// How long the load balancer may take to see that `/ready` has turned: twice the period of its probe.
const UNTIL_SEEN: Duration = Duration::from_millis(300);
/// How long all the rest may take: longer than the longest charge, whose timeout is 2 s.
const LIMIT: Duration = Duration::from_secs(4);

/// The provider, who keeps a book of the charges that it has made.
struct Provider {
    book: Option<File>,
    asked: AtomicU64,
}

#[derive(Debug, thiserror::Error)]
enum PayError {
    #[error("the provider does not answer")]
    NoAnswer,
    #[error("the book: {0}")]
    Book(#[from] std::io::Error),
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

impl Provider {
    /// Charges a customer. Every third time it fails, before it has done anything.
    async fn charge(&self, order: &str) -> Result<String, PayError> {
        let n = self.asked.fetch_add(1, Relaxed);
        // What a person sends by hand to see a charge that takes its time.
        let slow = order.starts_with("slow");
        sleep(Duration::from_millis(if slow {
            60_000
        } else {
            10 + n % 7 * 10
        }))
        .await;
        if n % 3 == 2 {
            return Err(PayError::NoAnswer);
        }
        if let Some(mut book) = self.book.as_ref() {
            book.write_all(format!("{order}\n").as_bytes())?;
        }
        sleep(Duration::from_millis(20)).await;
        Ok(format!("{order} is paid\n"))
    }
}

/// Charges an order once, however often it is asked for.
#[idempotent(name = "charge", key = order)]
#[retry(max = 6, base = 50ms)]
#[timeout(2s)]
async fn charge(provider: &Provider, order: &str) -> Result<String, PayError> {
    provider.charge(order).await
}

async fn pay(State(provider): State<Arc<Provider>>, Path(order): Path<String>) -> Response {
    match charge(&provider, &order).await {
        Ok(receipt) => receipt.into_response(),
        Err(PayError::Resil(error)) => error.into_response(),
        // Nothing was done: the client may send it again, with the same key.
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

/// The readiness probe: whether to send more requests here.
async fn ready() -> StatusCode {
    if Shutdown::process().has_begun() {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    }
}

/// Serves until it is told to stop. Returns whether nothing was left.
pub(crate) async fn serve(arguments: Vec<String>) -> Result<bool, Box<dyn Error>> {
    let (mut address, mut book) = (String::from("127.0.0.1:8080"), None);
    let mut arguments = arguments.into_iter();
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        match &*name {
            "--address" => address = value,
            "--book" => book = Some(OpenOptions::new().create(true).append(true).open(value)?),
            #[cfg(feature = "sqlite")]
            "--store" => {
                let store = resil::idempotency::sqlite(value)
                    .create_schema()
                    .open()
                    .await?;
                resil::idempotency::install(resil::idempotency::Shared::new(store))?;
            }
            _ => return Err(format!("unknown: {name}").into()),
        }
    }
    let provider = Arc::new(Provider {
        book,
        asked: AtomicU64::new(0),
    });
    let app = Router::new()
        .route("/ready", get(ready))
        .route("/charge/{order}", post(pay))
        .with_state(provider);
    let listener = TcpListener::bind(address).await?;
    // Before the first request: from here on a signal is heard.
    let told_to_stop = resil::shutdown_on_signal();
    println!("listening on {}", listener.local_addr()?);

    let until_seen = async {
        told_to_stop.await;
        println!("stopping");
        sleep(UNTIL_SEEN).await;
    };
    let too_late = async {
        Shutdown::process().begun().await;
        sleep(UNTIL_SEEN + LIMIT).await;
    };
    tokio::select! {
        served = async { axum::serve(listener, app).with_graceful_shutdown(until_seen).await } => served?,
        () = too_late => {}
    }
    let left = resil::drain(LIMIT / 4).await;
    println!("left: {left}");
    Ok(left.is_empty())
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(std::env::args().skip(1).collect()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}
