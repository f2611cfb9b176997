//! `#[instrument(err)]` above the retry tells of the call's error, once. In a plain `async fn` it
//! does; under `#[async_trait]`, and of a boxed future by hand, the span is one and the error
//! event comes for each attempt.
#![deny(warnings)]
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use async_trait::async_trait;
use resil::retry;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, instrument};

static EVENTS: AtomicU32 = AtomicU32::new(0);

struct Counting;

impl Subscriber for Counting {
    fn enabled(&self, of: &Metadata<'_>) -> bool {
        // With its feature `tracing`, resil has spans and events of its own.
        !of.target().starts_with("resil")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        EVENTS.fetch_add(1, Relaxed);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[instrument(err)]
#[retry(base = 1ms)]
async fn plain() -> Result<(), String> {
    Err("busy".to_owned())
}

#[async_trait]
trait Fetch {
    async fn fetch(&self) -> Result<(), String>;
}

#[async_trait]
impl Fetch for u8 {
    #[instrument(err)]
    #[retry(base = 1ms)]
    async fn fetch(&self) -> Result<(), String> {
        Err("busy".to_owned())
    }
}

#[instrument(err)]
#[retry(base = 1ms)]
fn by_hand() -> Pin<Box<dyn Future<Output = Result<(), String>>>> {
    Box::pin(async move { Err("busy".to_owned()) })
}

#[tokio::test(start_paused = true)]
async fn main() {
    let _guard = tracing::subscriber::set_default(Counting);
    assert!(plain().await.is_err());
    assert_eq!(EVENTS.swap(0, Relaxed), 1, "async fn");
    assert!(by_hand().await.is_err());
    let by_hand = EVENTS.swap(0, Relaxed);
    assert!(1_u8.fetch().await.is_err());
    let async_trait = EVENTS.swap(0, Relaxed);
    assert_eq!((by_hand, async_trait), (1, 1));
}
