//! Shared by the test targets of this crate: servers on free ports, counters, and waiting for what is to come.

#![allow(dead_code, reason = "each test target uses its own part")]
#![allow(
    clippy::disallowed_methods,
    reason = "over a socket time is real: waiting is bounded from above"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use axum::Router;
use resil_runtime::retry::{Jitter, RetryPolicy, Strategy};
use tokio::net::TcpListener;

/// Longer than anything takes that is to come.
const LONGEST: Duration = Duration::from_secs(20);

/// Serves `app` until the runtime of the test ends.
pub(crate) async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    at
}

/// Waits until it is so; panics if that takes too long.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < LONGEST, "{what}: not within {LONGEST:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Returns an address that nobody listens at. Its port is below the range that the kernel gives to clients: it
/// stays free until a server is started there, for the first time or again.
pub(crate) fn free_address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..1000 {
        let n = (std::process::id() % 10_000) * 97 + NEXT.fetch_add(1, Relaxed);
        let port = u16::try_from(12_000 + n % 10_000).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no free port");
}

/// Retries at once, up to `max` attempts.
pub(crate) const fn at_once(max: u32) -> RetryPolicy {
    RetryPolicy::new()
        .max(max)
        .strategy(Strategy::Constant)
        .base(Duration::from_millis(1))
        .jitter(Jitter::None)
}

/// Counts what happens.
#[derive(Clone, Default)]
pub(crate) struct Counter(Arc<AtomicU32>);

impl Counter {
    pub(crate) fn get(&self) -> u32 {
        self.0.load(Relaxed)
    }

    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// Returns what counts up when it is dropped.
    pub(crate) fn on_drop(&self) -> OnDrop {
        OnDrop(self.clone())
    }
}

pub(crate) struct OnDrop(Counter);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.up();
    }
}
