//! The store in memory, behind a network that loses and delays what tests say.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil_runtime::clock;
use resil_runtime::idempotency::store::{Memory, Store, StoreError, StoreResult};

/// The steps of a store that is a newtype over another one.
macro_rules! forward {
    ($this:ident, $step:ident, $($arg:ident),*) => {
        $this.0.$step($($arg),*)
    };
}
pub(super) use forward;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Claim,
    Renew,
    Complete,
    Release,
    Abandon,
    Other,
}

impl Step {
    fn of(name: &str) -> Self {
        match name {
            "claim" => Self::Claim,
            "renew" => Self::Renew,
            "complete" => Self::Complete,
            "release" => Self::Release,
            "abandon" => Self::Abandon,
            _ => Self::Other,
        }
    }
}

/// What becomes of a step.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fate {
    pub(super) before: Duration,
    pub(super) lost_request: bool,
    pub(super) after: Duration,
    pub(super) lost_reply: bool,
    /// What is lost is never answered, in place of an error.
    pub(super) hangs: bool,
}

type Plan = Box<dyn FnMut(Step) -> Fate + Send>;

/// Clones share one store, one plan and one count of steps.
#[derive(Clone)]
pub(super) struct Flaky {
    pub(super) memory: Memory,
    plan: Arc<Mutex<Plan>>,
    steps: Arc<Mutex<HashMap<Step, u32>>>,
    durable: bool,
}

impl Flaky {
    pub(super) fn new(memory: Memory, plan: impl FnMut(Step) -> Fate + Send + 'static) -> Self {
        Self {
            memory,
            plan: Arc::new(Mutex::new(Box::new(plan))),
            steps: Arc::default(),
            durable: false,
        }
    }

    /// Nothing goes wrong.
    pub(super) fn sound() -> Self {
        Self::new(Memory::default(), |_| Fate::default())
    }

    pub(super) fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// From now on.
    pub(super) fn plan(&self, plan: impl FnMut(Step) -> Fate + Send + 'static) {
        *self.plan.lock().unwrap() = Box::new(plan);
    }

    /// Another process on the same store.
    pub(super) fn other(&self, plan: impl FnMut(Step) -> Fate + Send + 'static) -> Self {
        Self::new(self.memory.clone(), plan)
    }

    pub(super) fn away(&self) {
        self.plan(|_| Fate {
            lost_request: true,
            ..Fate::default()
        });
    }

    pub(super) fn back(&self) {
        self.plan(|_| Fate::default());
    }

    pub(super) fn count(&self, step: Step) -> u32 {
        self.steps.lock().unwrap().get(&step).copied().unwrap_or(0)
    }

    async fn through<T>(
        &self,
        step: Step,
        sent: impl Future<Output = StoreResult<T>>,
    ) -> StoreResult<T> {
        *self.steps.lock().unwrap().entry(step).or_default() += 1;
        let fate = (self.plan.lock().unwrap())(step);
        pass(fate.before).await;
        if !fate.lost_request {
            let answer = sent.await;
            pass(fate.after).await;
            if !fate.lost_reply {
                return answer;
            }
        }
        if fate.hangs {
            std::future::pending::<()>().await;
        }
        Err(StoreError::unavailable("flaky", "connection reset"))
    }
}

async fn pass(by: Duration) {
    if !by.is_zero() {
        clock::sleep_until(clock::add(clock::now(), by)).await;
    }
}

macro_rules! through {
    ($this:ident, $step:ident, $($arg:ident),*) => {
        Box::pin($this.through(Step::of(stringify!($step)), $this.memory.$step($($arg),*)))
    };
}

impl Store for Flaky {
    fn describe(&self) -> &'static str {
        "flaky"
    }

    fn outlives_process(&self) -> bool {
        self.durable
    }

    resil_runtime::__store_steps!(through);
}
