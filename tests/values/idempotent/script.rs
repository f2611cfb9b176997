//! What the calls of one run do: when they come, with which key, what the body answers, and who gives up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use resil::Classify;
#[cfg(feature = "store")]
use resil::idempotency::{Shared, store::Memory};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::in_both_forms::{Log, Refusable, Times};

#[derive(Debug, PartialEq, thiserror::Error, Classify, Serialize, Deserialize)]
pub(super) enum Fault {
    #[error("network")]
    #[transient]
    Network,
    #[error("declined {0}")]
    #[permanent]
    Declined(u32),
    #[error(transparent)]
    #[classify(forward)]
    #[serde(skip)]
    Resil(#[from] resil::Error),
}

impl Refusable for Fault {
    fn refusal(&self) -> Option<&resil::Error> {
        match self {
            Self::Resil(error) => Some(error),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Good,
    Network,
    Declined,
    Panic,
}

/// One run of the body.
#[derive(Debug, Clone)]
struct Run {
    takes: u64,
    answer: Answer,
}

/// What all calls of one run share.
#[derive(Debug)]
pub(super) struct World {
    /// Tells the runs apart: the keys of both forms never meet.
    pub(super) run: u64,
    pub(super) log: Arc<Log>,
    #[cfg(feature = "store")]
    pub(super) store: Shared,
}

impl World {
    pub(super) fn new(run: u64) -> Self {
        Self {
            run,
            log: Arc::new(Log::new()),
            #[cfg(feature = "store")]
            store: Shared::new(Memory::default()),
        }
    }
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    number: usize,
    pub(super) key: u8,
    pub(super) print: u8,
    pub(super) times: Times,
    runs: Vec<Run>,
    started: AtomicUsize,
    pub(super) world: Arc<World>,
}

/// The body of both forms.
pub(super) async fn body(call: &Call) -> Result<u32, Fault> {
    let n = call.started.fetch_add(1, Relaxed);
    let run = call.runs[n % call.runs.len()].clone();
    let number = u32::try_from(call.number).unwrap();
    call.world.log.note(&format!("{number} runs"));
    if run.takes > 0 {
        sleep(Duration::from_millis(run.takes)).await;
    }
    match run.answer {
        Answer::Good => Ok(10 * number + u32::try_from(n).unwrap()),
        Answer::Network => Err(Fault::Network),
        Answer::Declined => Err(Fault::Declined(number)),
        // Without a line on the standard error.
        Answer::Panic => std::panic::resume_unwind(Box::new(())),
    }
}

/// Some calls by a seed, over two keys.
pub(super) fn calls(seed: u64, world: &Arc<World>) -> Vec<Arc<Call>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let health = rng.random_range(0..4);
    let count = rng.random_range(2..=6);
    let call = |number| {
        let runs = rng.random_range(1..=3);
        let run = |_| Run {
            takes: match rng.random_range(0..4) {
                0 | 1 => 0,
                2 => rng.random_range(1..60),
                _ => rng.random_range(1..900),
            },
            answer: match rng.random_range(0..10) {
                0 => Answer::Declined,
                1 if health == 3 => Answer::Panic,
                n if n < 2 + 2 * health => Answer::Network,
                _ => Answer::Good,
            },
        };
        let runs = (0..runs).map(run).collect();
        Arc::new(Call {
            number,
            key: rng.random_range(0..2),
            print: u8::from(rng.random_bool(0.1)),
            runs,
            times: Times {
                comes_at: if rng.random_bool(0.5) {
                    rng.random_range(0..80)
                } else {
                    rng.random_range(0..4_000)
                },
                deadline: rng.random_bool(0.2).then(|| rng.random_range(1..600)),
                dropped_after: rng.random_bool(0.2).then(|| rng.random_range(0..300)),
            },
            started: AtomicUsize::new(0),
            world: Arc::clone(world),
        })
    };
    (0..count).map(call).collect()
}
