//! The policies under which the clients call: resil's own, as values.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use resil::stack::Layer;
use resil::{
    BulkheadPolicy, CircuitPolicy, HedgeAfter, HedgePolicy, Jitter, RetryPolicy, Stack, Strategy,
    TimeoutPolicy, Window,
};

use crate::scenario::PATIENCE_MS;

/// Each attempt has half a second.
const ATTEMPT: TimeoutPolicy = TimeoutPolicy::new(Duration::from_millis(PATIENCE_MS));

/// Four attempts, one right after the other, whatever happens.
const NAIVE: RetryPolicy = RetryPolicy::new()
    .max(4)
    .strategy(Strategy::Delays(&[Duration::ZERO]))
    .no_budget();
/// Waits of 100, 200 and 400 ms in between.
const BACKOFF: RetryPolicy = RetryPolicy::new().max(4).jitter(Jitter::None).no_budget();
/// Waits of up to 100, 200 and 400 ms, at random.
const JITTER: RetryPolicy = RetryPolicy::new().max(4).no_budget();
/// The default: as before, with a budget of 500 tokens.
const BUDGET: RetryPolicy = RetryPolicy::new().max(4);

const CIRCUIT: CircuitPolicy = CircuitPolicy::new()
    .failure_rate(0.5)
    .window(Window::Calls(50))
    .open_for(Duration::from_secs(2));
const BULKHEAD: BulkheadPolicy = BulkheadPolicy::new().max(20);

const LATE: HedgeAfter = HedgeAfter::Delay(Duration::from_millis(250));
const COPIES: HedgePolicy = HedgePolicy::new(LATE).no_budget();
const HEDGE: HedgePolicy = HedgePolicy::new(LATE);

/// One way to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Policy {
    Once,
    Naive,
    Backoff,
    Jitter,
    Budget,
    Circuit,
    Bulkhead,
    Copies,
    Hedge,
    Usual,
}

impl Policy {
    pub(crate) const ALL: [Self; 10] = [
        Self::Once,
        Self::Naive,
        Self::Backoff,
        Self::Jitter,
        Self::Budget,
        Self::Circuit,
        Self::Bulkhead,
        Self::Copies,
        Self::Hedge,
        Self::Usual,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Once => "no policy",
            Self::Naive => "naive retries",
            Self::Backoff => "back-off",
            Self::Jitter => "back-off, jitter",
            Self::Budget => "retry budget",
            Self::Circuit => "circuit",
            Self::Bulkhead => "bulkhead",
            Self::Copies => "hedge, no budget",
            Self::Hedge => "hedge, budget",
            Self::Usual => "usual stack",
        }
    }

    /// The stack, as attributes would say it.
    pub(crate) const fn attributes(self) -> &'static str {
        match self {
            Self::Once => "timeout(500ms)",
            Self::Naive => "retry(max = 4, delays = [0s], budget = off), timeout(500ms)",
            Self::Backoff => "retry(max = 4, jitter = none, budget = off), timeout(500ms)",
            Self::Jitter => "retry(max = 4, budget = off), timeout(500ms)",
            Self::Budget => "retry(max = 4), timeout(500ms)",
            Self::Circuit => {
                "circuit(failure_rate = 50%, window = 50, open_for = 2s), \
                 retry(max = 4, budget = off), timeout(500ms)"
            }
            Self::Bulkhead => "bulkhead(max = 20), retry(max = 4, budget = off), timeout(500ms)",
            Self::Copies => "timeout(500ms), hedge(after = 250ms, budget = off)",
            Self::Hedge => "timeout(500ms), hedge(after = 250ms)",
            Self::Usual => {
                "circuit(failure_rate = 50%, window = 50, open_for = 2s), bulkhead(max = 20), \
                 retry(max = 4), timeout(500ms)"
            }
        }
    }

    fn layers(self) -> Vec<Layer> {
        match self {
            Self::Once | Self::Copies | Self::Hedge => vec![ATTEMPT.into()],
            Self::Naive => vec![NAIVE.into(), ATTEMPT.into()],
            Self::Backoff => vec![BACKOFF.into(), ATTEMPT.into()],
            Self::Jitter => vec![JITTER.into(), ATTEMPT.into()],
            Self::Budget => vec![BUDGET.into(), ATTEMPT.into()],
            Self::Circuit => vec![CIRCUIT.into(), JITTER.into(), ATTEMPT.into()],
            Self::Bulkhead => vec![BULKHEAD.into(), JITTER.into(), ATTEMPT.into()],
            Self::Usual => vec![
                CIRCUIT.into(),
                BULKHEAD.into(),
                BUDGET.into(),
                ATTEMPT.into(),
            ],
        }
    }

    fn hedge(self) -> Option<HedgePolicy> {
        match self {
            Self::Copies => Some(COPIES),
            Self::Hedge => Some(HEDGE),
            _ => None,
        }
    }
}

/// The error of a call.
#[derive(Debug, thiserror::Error, resil::Classify)]
pub(crate) enum CallError {
    #[error("the server's queue is full")]
    #[transient]
    Busy,
    #[error(transparent)]
    #[classify(forward)]
    Resil(#[from] resil::Error),
}

/// One process: all its clients call through this.
pub(crate) struct Process {
    stack: Stack,
    hedge: Option<HedgePolicy>,
}

impl Process {
    /// Creates a process whose breaker, bulkhead and budget are those of `name`.
    pub(crate) fn new(policy: Policy, name: &str) -> Self {
        let stack = Stack::try_new(name, policy.layers());
        Self {
            stack: stack.unwrap_or_else(|error| panic!("{policy:?}: {error}")),
            hedge: policy.hedge(),
        }
    }

    /// Calls: `request` sends one request, and is run as often as the policies say.
    pub(crate) async fn call<F, Fut>(&self, request: F) -> Result<(), CallError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<(), CallError>>,
    {
        match self.hedge {
            None => self.stack.run(&request).await,
            Some(hedge) => self.stack.run(|| hedged(hedge, &request)).await,
        }
    }
}

/// The budget of a hedge that is run as a value belongs to this line: all processes share it.
fn hedged<F, Fut>(hedge: HedgePolicy, request: F) -> impl Future<Output = Result<(), CallError>>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<(), CallError>>,
{
    hedge.run(request)
}

/// Keeps other threads from the budget that all hedges share, until it is dropped. `None` for the policies
/// that have no hedge.
pub(crate) fn hedges_alone(policy: Policy) -> Option<MutexGuard<'static, ()>> {
    static ALONE: Mutex<()> = Mutex::new(());
    let lock = |_| ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    policy.hedge().map(lock)
}

/// Fills the budget up that all hedges share, so that each run begins alike.
pub(crate) async fn fill_budget(policy: Policy) {
    let Some(hedge) = policy.hedge() else {
        return;
    };
    // It holds ten copies, and each call gives a tenth of one.
    for _ in 0..100 {
        let answered = hedged(hedge, || std::future::ready(Ok(()))).await;
        debug_assert!(answered.is_ok());
    }
}
