//! Calls on a shared store, as generated code makes them.

mod blocked;
mod ending;
mod flaky;
mod hand;
mod holding;
mod outage;
mod sharing;
mod simulator;
mod turns;

use super::*;
use crate::idempotency::store::{
    Ack, ByHand, ClaimAnswer, ClaimRequest, Memory, Recorded, Resolution, Snapshot, Token,
};
use flaky::{Fate, Flaky, Step, forward};

/// `#[idempotent]` on that store, around what `inside` makes.
async fn stack_on<T>(
    shared: &Shared,
    policy: &IdempotentPolicy,
    key: PreparedKey,
    fingerprint: Option<PreparedFingerprint>,
    keeps: bool,
    inside: impl AsyncFnOnce(
        &CallState,
        Conversions<Kept<T>, T, Declined, Refusal>,
    ) -> Outcome<T, Declined>,
) -> Kept<T>
where
    T: Serialize + DeserializeOwned,
{
    let site = IdempotentSite::new(&SITE, Some("charge"));
    let gate = conversions::<Kept<T>, T, Declined>();
    let codec = if keeps {
        recorded_with_errors::<Kept<T>, T, Declined>()
    } else {
        recorded::<Kept<T>, T, Declined>()
    };
    let mark = CallState::new();
    let out = site
        .of(None)
        .begin_on(
            StoreChoice::of(shared),
            policy,
            key,
            fingerprint,
            codec,
            &mark,
        )
        .run(async { weigh(inside(&mark, gate).await, &mark, |_| false, |_| keeps) })
        .await;
    into_return(out, gate)
}

/// `#[idempotent]` alone around `body`.
async fn call_on<T: Serialize + DeserializeOwned>(
    shared: &Shared,
    policy: &IdempotentPolicy,
    key: PreparedKey,
    body: impl Future<Output = Kept<T>>,
) -> Kept<T> {
    stack_on(shared, policy, key, None, false, async move |mark, gate| {
        wrap_body(watch(body, mark).await, gate)
    })
    .await
}

type Kept<T> = Result<T, Declined>;

/// An error that can be stored.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
enum Declined {
    Card(u8),
    #[serde(skip)]
    Resil(Error),
}

impl From<Error> for Declined {
    fn from(e: Error) -> Self {
        Self::Resil(e)
    }
}

#[track_caller]
fn refusal<T: Debug>(answer: Kept<T>) -> IdempotencyError {
    match answer {
        Err(Declined::Resil(Error::Idempotency(e))) => e,
        other => panic!("expected a refusal: {other:?}"),
    }
}

fn memory() -> Shared {
    Shared::new(Memory::default())
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}
