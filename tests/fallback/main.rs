//! LANGUAGE.md, section 13, sentence by sentence, on paused time: what comes instead of an error, for
//! which errors, and at which place of the stack.

#![allow(
    clippy::wildcard_imports,
    clippy::disallowed_methods,
    clippy::manual_async_fn,
    clippy::default_trait_access,
    clippy::items_after_statements,
    clippy::unnecessary_wraps,
    reason = "functions as people write them, each where it is called, on the paused clock"
)]

#[path = "../support/mod.rs"]
mod support;

use std::future::pending;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use resil::event::Event;
use resil::{Error, circuit, fallback, idempotent, retry, timeout};
use support::{Events, Fault, Record, ms, poll_once};
use tokio::time::{advance, sleep};

/// What the body is to do.
#[derive(Clone, Copy, Debug)]
enum Do {
    Succeed,
    Fail,
    Http(u16),
    Hang,
}
use Do::{Fail, Hang, Http, Succeed};

/// Returns the number of the attempt.
async fn act(r: &Record, what: Do) -> Result<u32, Fault> {
    let n = r.attempt();
    match what {
        Succeed => Ok(n),
        Fail => Err(Fault::Network(n)),
        Http(status) => Err(Fault::Http(status)),
        Hang => pending().await,
    }
}

/// The errors that functions called `name` fell back from, as events tell them.
fn told(events: &Events) -> Vec<String> {
    let errors = events.all().into_iter().filter_map(|e| match e {
        Event::FellBack { error, .. } => Some(error.as_deref().unwrap_or("-").to_owned()),
        _ => None,
    });
    errors.collect()
}

mod events;
mod last_ok;
mod patterns;
mod place;
mod shapes;
mod value;
