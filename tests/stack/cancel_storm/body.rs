//! The body under the stacks: it waits in several ways, and knows how often it ran.

use std::panic::panic_any;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use tokio::task::yield_now;
use tokio::time::sleep;

use super::stacks::Answer;
use crate::support::{Fault, ms};

/// What it panics with.
pub(crate) const PANIC: &str = "the storm's";

/// What the body does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Script {
    /// Waits a little, and succeeds.
    Smooth,
    /// Succeeds at the third run.
    Flaky,
    /// Takes longer than any timeout here.
    Slow,
    Fails,
    /// Ready at once.
    FailsAtOnce,
    SucceedsAtOnce,
}

pub(crate) const SCRIPTS: [Script; 6] = [
    Script::Smooth,
    Script::Flaky,
    Script::Slow,
    Script::Fails,
    Script::FailsAtOnce,
    Script::SucceedsAtOnce,
];

/// The argument of a call.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) key: u64,
    script: Script,
    /// At which of its polls the body panics, counted over all runs, from 1.
    panics_at: Option<u32>,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    polls: AtomicU32,
    begun: AtomicU32,
    running: AtomicU32,
}

impl Case {
    /// With a key that no other one has.
    pub(crate) fn new(script: Script) -> Self {
        static KEYS: AtomicU32 = AtomicU32::new(0);
        Self {
            key: KEYS.fetch_add(1, SeqCst).into(),
            script,
            panics_at: None,
            seen: Arc::default(),
        }
    }

    pub(crate) fn panics_at(mut self, poll: u32) -> Self {
        self.panics_at = Some(poll);
        self
    }

    /// The same key again.
    pub(crate) fn again(&self, script: Script) -> Self {
        Self {
            key: self.key,
            ..Self::new(script)
        }
    }

    /// How often a body was begun.
    pub(crate) fn begun(&self) -> u32 {
        self.seen.begun.load(SeqCst)
    }

    /// Bodies that have begun and have neither returned nor been dropped.
    pub(crate) fn running(&self) -> u32 {
        self.seen.running.load(SeqCst)
    }
}

struct Running<'a>(&'a Seen);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, SeqCst);
    }
}

pub(crate) async fn body(c: &Case) -> Answer {
    let run = c.seen.begun.fetch_add(1, SeqCst) + 1;
    c.seen.running.fetch_add(1, SeqCst);
    let _running = Running(&c.seen);
    let mut inside = pin!(play(c.script, run));
    std::future::poll_fn(|cx| {
        let poll = c.seen.polls.fetch_add(1, SeqCst) + 1;
        if c.panics_at == Some(poll) {
            panic_any(PANIC);
        }
        inside.as_mut().poll(cx)
    })
    .await
}

async fn play(script: Script, run: u32) -> Answer {
    match script {
        Script::SucceedsAtOnce => return Ok(run),
        Script::FailsAtOnce => return Err(Fault::Network(run)),
        _ => yield_now().await,
    }
    match script {
        Script::Smooth => sleep(ms(5)).await,
        Script::Slow => sleep(ms(10_000)).await,
        _ if run == 2 => sleep(ms(5)).await,
        _ => {}
    }
    match script {
        Script::Fails => Err(Fault::Network(run)),
        Script::Flaky if run < 3 => Err(Fault::Network(run)),
        _ => Ok(run),
    }
}
