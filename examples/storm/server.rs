//! A server: so many workers, a queue before them, first come, first served.
//!
//! It does not know that a client has given up. A request whose client is gone costs as much as any other,
//! and while the queue is longer than the patience of the clients, all work is wasted. That is what can keep
//! a system down after what brought it down is over.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, oneshot};

use crate::dice::Dice;
use crate::record::Recorder;
use crate::scenario::{Scenario, WORKERS};
use crate::time::Clock;

/// The service time of most requests, in milliseconds, evenly spread.
pub(crate) const USUAL_MS: (u64, u64) = (35, 105);
/// The service time of three requests in a hundred: a page that was not in memory.
pub(crate) const SLOW_MS: u64 = 400;
/// How many requests in a million are slow.
const SLOW: u64 = 30_000;

/// How many requests a second one server can answer, in thousandths.
pub(crate) fn capacity_in_thousandths() -> u64 {
    let usual = u64::midpoint(USUAL_MS.0, USUAL_MS.1);
    // The mean service time in microseconds.
    let mean = ((1_000_000 - SLOW) * usual + SLOW * SLOW_MS) / 1_000;
    WORKERS * 1_000_000_000 / mean
}

/// The server's queue is full.
#[derive(Debug)]
pub(crate) struct TurnedAway;

type Reply = oneshot::Sender<()>;

pub(crate) struct Server {
    queue: Mutex<VecDeque<Reply>>,
    limit: usize,
    arrivals: Notify,
}

impl Server {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            queue: Mutex::new(VecDeque::new()),
            limit: scenario.queue,
            arrivals: Notify::new(),
        }
    }

    /// Puts a request into the queue, and returns the place where its answer will be.
    pub(crate) fn send(&self) -> Result<oneshot::Receiver<()>, TurnedAway> {
        let (reply, answer) = oneshot::channel();
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.len() >= self.limit {
            return Err(TurnedAway);
        }
        queue.push_back(reply);
        self.arrivals.notify_one();
        Ok(answer)
    }

    pub(crate) fn queued(&self) -> usize {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.len()
    }

    fn next(&self) -> Option<Reply> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.pop_front()
    }
}

/// One worker: it takes the oldest request, works on it, answers, and takes the next one.
pub(crate) async fn work(
    server: Arc<Server>,
    scenario: Scenario,
    clock: Clock,
    dice: Arc<Dice>,
    record: Recorder,
) {
    loop {
        if let Some(until) = scenario.stands_still(clock.ms()) {
            clock.sleep_until(until).await;
        }
        let Some(reply) = server.next() else {
            server.arrivals.notified().await;
            continue;
        };
        let ms = if dice.in_a_million(SLOW) {
            SLOW_MS
        } else {
            dice.between(USUAL_MS.0, USUAL_MS.1)
        };
        clock.sleep_until(clock.ms() + ms).await;
        let is_awaited = reply.send(()).is_ok();
        record.served(clock.ms(), is_awaited);
    }
}
