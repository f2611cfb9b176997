//! Shared by the test targets of the root: an error type, and a record of a run on paused time.

#![allow(dead_code, reason = "each test target uses its own part")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]

pub(crate) mod alone;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use resil::event::{Event, StopReason, Subscription};
use tokio::time::Instant;

#[derive(Debug, thiserror::Error, PartialEq)]
pub(crate) enum Fault {
    #[error("network, try {0}")]
    Network(u32),
    #[error("http {0}")]
    Http(u16),
    #[error("busy")]
    Busy(Duration),
    #[error("final")]
    Final,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

pub(crate) const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// When each attempt of one call began, in milliseconds since the record was made.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    start: Instant,
    at: Arc<Mutex<Vec<u64>>>,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            at: Arc::default(),
        }
    }

    /// Notes an attempt, and says which it is (from 1).
    pub(crate) fn attempt(&self) -> u32 {
        let mut at = self.at.lock().unwrap();
        at.push(self.elapsed());
        u32::try_from(at.len()).unwrap()
    }

    pub(crate) fn count(&self) -> usize {
        self.at.lock().unwrap().len()
    }

    pub(crate) fn times(&self) -> Vec<u64> {
        self.at.lock().unwrap().clone()
    }

    pub(crate) fn elapsed(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap()
    }
}

/// All events whose `Debug` names `function`.
pub(crate) struct Events {
    all: Arc<Mutex<Vec<Event>>>,
    _subscription: Subscription,
}

impl Events {
    pub(crate) fn of(function: &'static str) -> Self {
        let all = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&all);
        let subscription = resil::event::subscribe(move |e| {
            if format!("{e:?}").contains(&format!("{function}\"")) {
                sink.lock().unwrap().push(e.clone());
            }
        });
        Self {
            all,
            _subscription: subscription,
        }
    }

    pub(crate) fn all(&self) -> Vec<Event> {
        self.all.lock().unwrap().clone()
    }

    pub(crate) fn stop(&self) -> Option<StopReason> {
        self.all().iter().rev().find_map(|e| match e {
            Event::RetryStopped { reason, .. } => Some(*reason),
            _ => None,
        })
    }
}

/// One poll, for callers that want to leave a call where it then stands.
pub(crate) async fn poll_once<F: Future + ?Sized>(mut f: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(f.as_mut().poll(cx))).await
}
