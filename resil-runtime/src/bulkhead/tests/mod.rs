//! The bulkhead by hand, step by step, on paused time.

mod keys;
#[cfg(feature = "control")]
mod learning;
mod model;
mod patience;
mod queue;
mod stress;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::bulkhead::{Bulkhead, BulkheadPlace, BulkheadPolicy};
use crate::clock;
use crate::error::Error;
use crate::registry::bulkhead;

type Acquire = Pin<Box<dyn Future<Output = Result<BulkheadPlace, Error>> + Send>>;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Sleeps on the paused clock.
async fn sleep(time: Duration) {
    clock::sleep_until(clock::add(clock::now(), time)).await;
}

/// A bulkhead of its own for each test.
fn of(name: &str, policy: BulkheadPolicy) -> Bulkhead {
    let bulkhead = bulkhead(name);
    assert!(bulkhead.configure(policy));
    bulkhead
}

fn acquire(bulkhead: Bulkhead) -> Acquire {
    Box::pin(async move { bulkhead.acquire().await })
}

/// Counts how often it is woken.
#[derive(Debug, Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Wakes {
    fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

/// A call that is polled by hand.
struct Call {
    future: Acquire,
    wakes: Arc<Wakes>,
}

impl Call {
    fn of(bulkhead: Bulkhead) -> Self {
        Self {
            future: acquire(bulkhead),
            wakes: Arc::default(),
        }
    }

    fn poll(&mut self) -> Poll<Result<BulkheadPlace, Error>> {
        let waker = Waker::from(Arc::clone(&self.wakes));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// Polls it, and expects it to wait.
    fn waits(&mut self) {
        assert!(self.poll().is_pending());
    }

    /// Polls it, and expects a place.
    fn place(&mut self) -> BulkheadPlace {
        match self.poll() {
            Poll::Ready(Ok(place)) => place,
            other => panic!("no place: {other:?}"),
        }
    }

    /// Polls it, and expects a refusal.
    fn refused(&mut self) {
        match self.poll() {
            Poll::Ready(Err(Error::BulkheadFull { .. })) => {}
            other => panic!("not refused: {other:?}"),
        }
    }
}
