//! STAND-IN, to be deleted with `shop_stand_in.rs`: the few names of `resil` that the example
//! uses, until the attributes are there.
#![allow(clippy::pedantic, unreachable_pub)]

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tokio::time::Instant;

use crate::provider::Receipt;
use circuit::CircuitState::{Closed, HalfOpen, Open};
use event::{Event, emit};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("timed out")]
    Timeout,
    #[error("circuit open")]
    CircuitOpen { retry_in: Option<Duration> },
}

impl Error {
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::CircuitOpen { retry_in } => *retry_in,
            Self::Timeout => None,
        }
    }
}

pub mod circuit {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[allow(dead_code)]
    pub enum CircuitState {
        ForcedOpen,
        Disabled,
        Closed,
        Open,
        HalfOpen,
    }
}
pub mod idempotency {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum IdempotencyEvent {
        Replayed,
        #[allow(dead_code)]
        Other,
    }
}
pub mod event {
    use super::circuit::CircuitState;
    #[non_exhaustive]
    #[derive(Debug)]
    #[allow(dead_code)]
    pub enum Event {
        Retry {
            attempt: u32,
        },
        TimedOut {},
        CircuitChanged {
            name: &'static str,
            from: CircuitState,
            to: CircuitState,
        },
        CircuitRefused {},
        Idempotency {
            what: super::idempotency::IdempotencyEvent,
        },
        Other,
    }
    pub struct Subscription;
    type Listener = Box<dyn Fn(&Event) + Send + Sync>;
    static LISTENER: std::sync::OnceLock<Listener> = std::sync::OnceLock::new();
    pub fn subscribe(f: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        let _ = LISTENER.set(Box::new(f));
        Subscription
    }
    pub fn emit(e: Event) {
        if let Some(l) = LISTENER.get() {
            l(&e)
        }
    }
}

struct Breaker {
    state: circuit::CircuitState,
    until: Instant,
    window: VecDeque<bool>,
    generation: u64,
}

static BREAKER: LazyLock<Mutex<Breaker>> = LazyLock::new(|| {
    Mutex::new(Breaker {
        state: Closed,
        until: Instant::now(),
        window: VecDeque::new(),
        generation: 0,
    })
});
const OPEN_FOR: Duration = Duration::from_millis(300);

impl Breaker {
    fn go(&mut self, to: circuit::CircuitState) {
        emit(Event::CircuitChanged {
            name: "provider",
            from: self.state,
            to,
        });
        self.state = to;
        self.window.clear();
        self.generation += 1;
        self.until = Instant::now() + OPEN_FOR.mul_f64(1.0 + 0.2 * rand::random::<f64>());
    }
}

pub fn enter() -> Result<u64, Error> {
    let mut b = BREAKER.lock().unwrap();
    let left = b.until.checked_duration_since(Instant::now());
    match (b.state, left) {
        (Closed, _) => {}
        (Open, None) => b.go(HalfOpen),
        // A probe that has not come back in `open_for` loses its place.
        (HalfOpen, None) => b.until = Instant::now() + OPEN_FOR,
        (Open, retry_in) => {
            emit(Event::CircuitRefused {});
            return Err(Error::CircuitOpen { retry_in });
        }
        _ => {
            emit(Event::CircuitRefused {});
            return Err(Error::CircuitOpen { retry_in: None });
        }
    }
    Ok(b.generation)
}

pub fn record(generation: u64, ok: bool) {
    let mut b = BREAKER.lock().unwrap();
    if generation != b.generation {
        return;
    }
    match (b.state, ok) {
        (HalfOpen, true) => b.go(Closed),
        (HalfOpen, false) => b.go(Open),
        (Open, _) => {}
        _ => {
            b.window.push_back(ok);
            if b.window.len() > 20 {
                b.window.pop_front();
            }
            if b.window.len() == 20 && b.window.iter().filter(|ok| !**ok).count() >= 10 {
                b.go(Open);
            }
        }
    }
}

type Claim = Arc<tokio::sync::Mutex<Option<Receipt>>>;
static CLAIMS: LazyLock<Mutex<HashMap<String, Claim>>> = LazyLock::new(Default::default);

pub fn claim(key: &str) -> Claim {
    let mut all = CLAIMS.lock().unwrap();
    Arc::clone(all.entry(key.to_owned()).or_default())
}
