//! The shop's client for the provider's HTTP interface, with the innermost timeouts.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, Response, StatusCode};

use crate::provider::{Order, Receipt};

/// How long to wait for a circuit whose probes are out.
const PROBES_BACK: Duration = Duration::from_millis(250);

/// Why an order was not paid.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PayError {
    #[error("the provider was not reached, or did not finish its answer")]
    Network(#[from] reqwest::Error),
    #[error("the provider is unwell: {0}")]
    Unwell(StatusCode),
    #[error("the provider has too many requests, and asks for {0:?}")]
    TooMany(Duration),
    #[error("the provider refuses the order: {0}")]
    Refused(StatusCode),
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

impl PayError {
    /// Returns when to try the same order again, if the provider or the circuit has said so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany(after) => Some(*after),
            // A circuit whose probes are out can't say when. Their answers are due soon.
            Self::Resil(e @ resil::Error::CircuitOpen { .. }) => {
                Some(e.retry_after().unwrap_or(PROBES_BACK))
            }
            Self::Resil(e) => e.retry_after(),
            _ => None,
        }
    }
}

/// A pool of connections to the provider.
///
/// There are four limits, each below the next: 100 ms to connect, 250 ms for each read, and in `shop.rs`
/// 400 ms for an attempt and 3 s for the call. The inner ones tell a dead host from a silent one. The
/// outer ones bound what the inner ones can't see: an answer that drips, many attempts.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    pub(crate) met: Met,
}

/// Counts of events that only the client sees.
#[derive(Debug, Default)]
pub(crate) struct Met {
    /// Refused connections: the kernel refuses them, so the provider can't count them.
    pub(crate) refused: AtomicUsize,
    /// Connect and read timeouts that fired.
    pub(crate) timeouts: AtomicUsize,
}

impl Client {
    pub(crate) fn new(provider: SocketAddr) -> reqwest::Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder()
                .connect_timeout(Duration::from_millis(100))
                .read_timeout(Duration::from_millis(250))
                // A proxy from the environment must not get between the two ends of a loopback.
                .no_proxy()
                .build()?,
            url: format!("http://{provider}/charges"),
            met: Met::default(),
        })
    }

    /// Returns the request that charges `order`, to be sent by [`receipt`](Self::receipt).
    pub(crate) fn request(&self, order: &Order) -> RequestBuilder {
        self.http.post(&self.url).json(order)
    }

    /// Sends `request` and reads the answer.
    pub(crate) async fn receipt(&self, request: RequestBuilder) -> Result<Receipt, PayError> {
        let answer = request.send().await.map_err(|e| self.meet(e))?;
        match answer.status() {
            ok if ok.is_success() => answer.json().await.map_err(|e| self.meet(e).into()),
            StatusCode::TOO_MANY_REQUESTS => Err(PayError::TooMany(asked(&answer))),
            down if down.is_server_error() => Err(PayError::Unwell(down)),
            no => Err(PayError::Refused(no)),
        }
    }

    fn meet(&self, e: reqwest::Error) -> reqwest::Error {
        if e.is_timeout() {
            self.met.timeouts.fetch_add(1, Relaxed);
        } else if was_refused(&e) {
            self.met.refused.fetch_add(1, Relaxed);
        }
        e
    }
}

/// Reads `Retry-After` in whole seconds, the only form that this provider uses.
fn asked(answer: &Response) -> Duration {
    let header = answer.headers().get(RETRY_AFTER);
    let seconds = header.and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

fn was_refused(e: &reqwest::Error) -> bool {
    std::iter::successors(e.source(), |e| (*e).source())
        .filter_map(|e| e.downcast_ref::<io::Error>())
        .any(|e| e.kind() == io::ErrorKind::ConnectionRefused)
}
