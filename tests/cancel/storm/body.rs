//! The body under the stacks: it waits in several ways, and knows how often it ran and how often to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use tokio::task::yield_now;
use tokio::time::sleep;

use crate::support::{Fault, ms};

pub(crate) type Answer = Result<u32, Fault>;

/// What the body does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Script {
    Smooth,
    /// Succeeds at the third run.
    Flaky,
    Fails,
    FailsAtOnce,
}

pub(crate) const SCRIPTS: [Script; 4] = [
    Script::Smooth,
    Script::Flaky,
    Script::Fails,
    Script::FailsAtOnce,
];

/// The argument of a call.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) key: u64,
    pub(crate) script: Script,
    begun: Arc<AtomicU32>,
    ended: Arc<AtomicU32>,
}

impl Case {
    /// With a key that no other one has.
    pub(crate) fn new(script: Script) -> Self {
        static KEYS: AtomicU32 = AtomicU32::new(0);
        Self {
            key: KEYS.fetch_add(1, SeqCst).into(),
            script,
            begun: Arc::default(),
            ended: Arc::default(),
        }
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
        self.begun.load(SeqCst)
    }

    /// How many bodies have begun and have not ended by themselves.
    pub(crate) fn running(&self) -> u32 {
        self.begun() - self.ended.load(SeqCst)
    }
}

pub(crate) async fn body(c: &Case) -> Answer {
    let run = c.begun.fetch_add(1, SeqCst) + 1;
    let out = play(c.script, run).await;
    c.ended.fetch_add(1, SeqCst);
    out
}

async fn play(script: Script, run: u32) -> Answer {
    if script != Script::FailsAtOnce {
        yield_now().await;
        sleep(ms(5)).await;
        yield_now().await;
    }
    match script {
        Script::Smooth => Ok(run),
        Script::Flaky if run >= 3 => Ok(run),
        _ => Err(Fault::Network(run)),
    }
}
