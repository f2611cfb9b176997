//! `#[instrument]` above all is a span for each call, below all or in between one for each attempt.
#![deny(warnings, unused_qualifications)]
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use resil::{circuit, retry, timeout};
use tracing::field::Empty;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Span, Subscriber, instrument};

static SPANS: AtomicU32 = AtomicU32::new(0);

struct Counting;

impl Subscriber for Counting {
    fn enabled(&self, of: &Metadata<'_>) -> bool {
        // With its feature `tracing`, resil has spans and events of its own.
        !of.target().starts_with("resil")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(u64::from(SPANS.fetch_add(1, Relaxed)) + 1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[instrument(skip_all, fields(user = %user, status = Empty))]
#[timeout(5s)]
#[retry(base = 1ms)]
async fn above(user: &str, runs: &AtomicU32) -> anyhow::Result<u32> {
    Span::current().record("status", 200);
    anyhow::ensure!(
        runs.load(Relaxed) == 2,
        "attempt {}",
        runs.fetch_add(1, Relaxed)
    );
    Ok(2)
}

#[retry(base = 1ms)]
#[instrument(err, ret, skip(runs))]
async fn below(user: String, runs: &AtomicU32) -> Result<u32, String> {
    match runs.fetch_add(1, Relaxed) {
        2 => Ok(2),
        n => Err(format!("{user}: {n}")),
    }
}

#[circuit(failures = 9)]
#[retry(base = 1ms)]
#[instrument(name = "attempt", level = "debug", skip(runs))]
#[timeout(1s)]
async fn between(user: String, runs: &AtomicU32) -> anyhow::Result<usize> {
    anyhow::ensure!(runs.fetch_add(1, Relaxed) >= 2, "not yet");
    Ok(user.len())
}

#[tokio::test(start_paused = true)]
async fn main() {
    let _guard = tracing::subscriber::set_default(Counting);
    let runs = || AtomicU32::new(0);
    assert_eq!(above("ada", &runs()).await.ok(), Some(2));
    assert_eq!(SPANS.swap(0, Relaxed), 1);
    assert_eq!(below("ada".to_owned(), &runs()).await, Ok(2));
    assert_eq!(SPANS.swap(0, Relaxed), 3);
    assert_eq!(between("ada".to_owned(), &runs()).await.ok(), Some(3));
    assert_eq!(SPANS.swap(0, Relaxed), 3);
}
