//! LANGUAGE.md, sections 2 and 7: the attribute written first is outermost, for every two policies and
//! however they are written; and an error that a layer raises keeps its kind for the layers above it.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]
#![allow(
    clippy::double_parens,
    clippy::manual_assert,
    clippy::almost_swapped,
    clippy::needless_return,
    clippy::redundant_locals,
    reason = "functions as people write them, and what macros make of them"
)]

mod by_hand;
mod cancel_storm;
mod drop_order;
mod instrument;
mod kinds;
mod names;
mod orders;
mod pairs;
mod runtime;
mod shapes;
mod signatures;
#[path = "../support/mod.rs"]
mod support;
mod worst_case;

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil::event::{Event, Subscription};
use resil::idempotency::IdempotencyEvent as Did;
use resil::{CircuitState, Error};
use support::{Fault, Record, ms};

/// What the body is to do.
#[derive(Clone, Copy)]
enum Do {
    Succeed,
    Fail,
    Hang,
}

/// What happened in the calls of one function, in order: its body, its timeouts' expressions, and
/// the events that bear its name.
struct Trace {
    log: Arc<Mutex<Vec<&'static str>>>,
    _listening: Subscription,
}

impl Trace {
    fn of(function: &'static str) -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&log);
        let listening = resil::event::subscribe(move |e| {
            let (name, what) = match e {
                Event::Retry { function, .. } => (*function, "retry"),
                Event::TimedOut { function, .. } => (*function, "cut"),
                Event::CircuitRefused { name, .. } => (*name, "refused"),
                Event::CircuitChanged { name, to, .. } if *to == CircuitState::Open => {
                    (*name, "opened")
                }
                Event::BulkheadRefused { name, .. } => (*name, "full"),
                Event::RateLimited { name, .. } => (*name, "limited"),
                Event::Hedged { function, .. } => (*function, "hedged"),
                Event::Idempotency { name, what, .. } => match what {
                    Did::Replayed => (*name, "replayed"),
                    Did::Released => (*name, "released"),
                    Did::Abandoned => (*name, "abandoned"),
                    Did::TakenOver => (*name, "taken"),
                    _ => return,
                },
                _ => return,
            };
            if name == function {
                sink.lock().unwrap().push(what);
            }
        });
        Self {
            log,
            _listening: listening,
        }
    }

    fn note(&self, what: &'static str) {
        self.log.lock().unwrap().push(what);
    }

    /// The limit of a timeout, which is entered now.
    fn limit(&self, name: &'static str, limit: u64) -> Duration {
        self.note(name);
        ms(limit)
    }

    /// The value of a fallback, which runs now.
    fn fallen(&self) -> u32 {
        self.note("fell");
        0
    }

    /// The value of a fallback, which runs now, and takes so many milliseconds.
    async fn fallen_after(&self, takes: u32) -> u32 {
        let value = self.fallen();
        if takes > 0 {
            tokio::time::sleep(ms(takes.into())).await;
            self.note("value");
        }
        value
    }

    async fn body(&self, what: Do) -> Result<u32, Fault> {
        self.note("body");
        match what {
            Do::Succeed => Ok(7),
            Do::Fail => Err(Fault::Network(1)),
            Do::Hang => pending().await,
        }
    }

    /// What happened since the last look.
    fn take(&self) -> String {
        std::mem::take(&mut *self.log.lock().unwrap()).join(" ")
    }
}

async fn act(r: &Record, what: Do) -> Result<u32, Fault> {
    let n = r.attempt();
    match what {
        Do::Succeed => Ok(n),
        Do::Fail => Err(Fault::Network(n)),
        Do::Hang => pending().await,
    }
}

fn is_open(out: &Result<u32, Fault>) -> bool {
    matches!(out, Err(Fault::Resil(Error::CircuitOpen { .. })))
}

fn is_timeout(out: &Result<u32, Fault>) -> bool {
    matches!(out, Err(Fault::Resil(Error::Timeout { .. })))
}

/// Past an opening of `ms`, jitter included.
async fn pass(open_for: u64) {
    tokio::time::advance(ms(open_for + open_for / 5)).await;
}
