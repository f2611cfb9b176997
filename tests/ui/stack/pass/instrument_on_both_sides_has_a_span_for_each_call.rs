//! `#[instrument]` above the retry is a span for each call, below it one for each attempt. With
//! one on each side there have to be both: one `call`, and three `attempt`s inside of it.
#![deny(warnings)]
use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use resil::retry;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, instrument};

thread_local! {
    static SPANS: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

struct Names;

impl Subscriber for Names {
    fn enabled(&self, of: &Metadata<'_>) -> bool {
        // With its feature `tracing`, resil has spans and events of its own.
        !of.target().starts_with("resil")
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        SPANS.with_borrow_mut(|spans| {
            spans.push(span.metadata().name());
            Id::from_u64(spans.len() as u64)
        })
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[instrument(name = "call", skip_all)]
#[retry(base = 1ms)]
#[instrument(name = "attempt", skip_all)]
async fn both(runs: &AtomicU32) -> Result<u32, String> {
    match runs.fetch_add(1, Relaxed) {
        2 => Ok(2),
        n => Err(format!("attempt {n}")),
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let _guard = tracing::subscriber::set_default(Names);
    assert_eq!(both(&AtomicU32::new(0)).await, Ok(2));
    let spans = SPANS.with_borrow(Clone::clone);
    assert_eq!(spans, ["call", "attempt", "attempt", "attempt"]);
}
