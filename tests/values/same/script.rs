//! What the calls of one run do: when they come, what the body answers, and who gives up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use resil::{Classify, Deadline};
use tokio::time::sleep;

use crate::in_both_forms::{Log, Refusable, Times};

#[derive(Debug, thiserror::Error, Classify)]
pub(super) enum Fault {
    #[error("network")]
    #[transient]
    Network,
    #[error("declined")]
    #[permanent]
    Declined,
    #[error("gone")]
    #[neutral]
    Gone,
    #[error(transparent)]
    #[classify(forward)]
    Resil(#[from] resil::Error),
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Good,
    Network,
    Declined,
    Gone,
    Panic,
}

/// One run of the body.
#[derive(Debug, Clone)]
struct Run {
    /// Looks at the deadline first.
    looks: bool,
    takes: u64,
    /// Looks at the deadline in the end.
    looks_again: bool,
    answer: Answer,
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    number: usize,
    /// The limits of the timeouts.
    pub(super) limits: [Duration; 3],
    pub(super) times: Times,
    runs: Vec<Run>,
    started: AtomicUsize,
    pub(super) log: Arc<Log>,
}

impl Refusable for Fault {
    fn refusal(&self) -> Option<&resil::Error> {
        match self {
            Self::Resil(error) => Some(error),
            _ => None,
        }
    }
}

/// The body of both forms.
pub(super) async fn body(call: &Call) -> Result<u32, Fault> {
    let n = call.started.fetch_add(1, Relaxed);
    let run = call.runs[n % call.runs.len()].clone();
    let number = call.number;
    let look = |when: &str| {
        let left = Deadline::current().map(|deadline| deadline.remaining().as_millis());
        call.log.note(&format!("{number} sees {left:?} {when}"));
    };
    call.log.note(&format!("{number} runs"));
    if run.looks {
        look("at first");
    }
    if run.takes > 0 {
        sleep(Duration::from_millis(run.takes)).await;
    }
    if run.looks_again {
        look("in the end");
    }
    match run.answer {
        Answer::Good => Ok(u32::try_from(n).unwrap()),
        Answer::Network => Err(Fault::Network),
        Answer::Declined => Err(Fault::Declined),
        Answer::Gone => Err(Fault::Gone),
        // Without a line on the standard error.
        Answer::Panic => std::panic::resume_unwind(Box::new(())),
    }
}

/// Some calls by a seed.
pub(super) fn calls(seed: u64, timeouts: usize, log: &Arc<Log>) -> Vec<Arc<Call>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut limits = [Duration::ZERO; 3];
    let mut around = 1_500_u64;
    for limit in &mut limits[..timeouts] {
        around = rng.random_range(around / 3..around);
        *limit = Duration::from_millis(around);
    }
    let health = rng.random_range(0..4);
    let count = rng.random_range(1..=4);
    let call = |number| {
        let runs = rng.random_range(1..=4);
        let run = |_| Run {
            looks: rng.random_bool(0.2),
            takes: match rng.random_range(0..4) {
                0 | 1 => 0,
                2 => rng.random_range(1..60),
                _ => rng.random_range(1..900),
            },
            looks_again: rng.random_bool(0.2),
            answer: match rng.random_range(0..10) {
                0 => Answer::Declined,
                1 => Answer::Gone,
                2 if health == 3 => Answer::Panic,
                n if n < 3 + 2 * health => Answer::Network,
                _ => Answer::Good,
            },
        };
        Arc::new(Call {
            number,
            limits,
            runs: (0..runs).map(run).collect(),
            times: Times {
                comes_at: rng.random_range(0..80),
                deadline: rng.random_bool(0.15).then(|| rng.random_range(1..600)),
                dropped_after: rng.random_bool(0.1).then(|| rng.random_range(0..300)),
            },
            started: AtomicUsize::new(0),
            log: Arc::clone(log),
        })
    };
    (0..count).map(call).collect()
}
