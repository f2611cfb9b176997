//! A stack under a claim: what the layers below do to the key.

use resil::idempotency::{IdempotencyError, IdempotencyEvent as Did, IdempotentPolicy, OnAbandon};
use resil::{CircuitPolicy, Error, Jitter, KeyedStack, RetryPolicy, Stack, breaker};
use tokio::time::sleep;

use super::{did, refused};
use crate::support::{Events, Fault, Record, ms};

const ONCE: IdempotentPolicy = IdempotentPolicy::new();
const STRICT: IdempotentPolicy = ONCE.on_abandon(OnAbandon::Indeterminate);
const STANDARD: RetryPolicy = RetryPolicy::new().max(3).base(ms(100)).jitter(Jitter::None);

#[tokio::test(start_paused = true)]
async fn one_claim_is_held_around_all_attempts() {
    static PAY: KeyedStack = ONCE.around(Stack::new("keyed.attempts").retry(STANDARD));
    let r = Record::new();
    let events = Events::of("keyed.attempts");
    let call = || {
        PAY.run(&1, || async {
            match r.attempt() {
                3 => Ok(3),
                n => Err(Fault::Network(n)),
            }
        })
    };
    assert_eq!(tokio::join!(call(), call()), (Ok(3), Ok(3)));
    assert_eq!(r.times(), [0, 100, 300]);
    assert_eq!(did(&events), [Did::Waiting, Did::Replayed]);
    assert_eq!(PAY.name(), "keyed.attempts");
    assert_eq!((PAY.layers().len(), PAY.policy()), (1, ONCE));
}

#[tokio::test(start_paused = true)]
async fn a_replay_touches_no_layer_below() {
    static PAY: KeyedStack =
        ONCE.around(Stack::new("keyed.replay").circuit(CircuitPolicy::new().failures(1)));
    let r = Record::new();
    let call = |key| PAY.run(key, || async { Ok::<_, Fault>(r.attempt()) });
    assert_eq!(call(1).await, Ok(1));
    breaker("keyed.replay").force_open();
    assert_eq!(call(1).await, Ok(1), "as if it were closed");
    let refused = call(2).await;
    assert!(
        matches!(refused, Err(Fault::Resil(Error::CircuitOpen { .. }))),
        "{refused:?}"
    );
    breaker("keyed.replay").reset();
    assert_eq!(
        call(2).await,
        Ok(2),
        "the refusal before the body released the key"
    );
}

/// A timeout of the stack cuts an attempt, which may have done its work: the claim is abandoned. Nested as
/// two values, the timeout is an error of the closure, which frees the key.
#[tokio::test(start_paused = true)]
async fn a_cut_attempt_abandons_the_claim() {
    static PAY: KeyedStack = STRICT.around(Stack::new("keyed.cut").timeout(ms(100)));
    static INNER: Stack = Stack::new("keyed.nested").timeout(ms(100));
    let r = Record::new();
    let slow = || async {
        r.attempt();
        sleep(ms(200)).await;
        Ok::<_, Fault>(0)
    };
    let events = Events::of("keyed.cut");
    let out = PAY.run(&1, slow).await;
    assert!(matches!(out, Err(Fault::Resil(Error::Timeout { .. }))));
    let error = refused(PAY.run(&1, slow).await);
    assert!(matches!(error, IdempotencyError::Indeterminate { .. }));
    assert_eq!(r.count(), 1);
    assert_eq!(did(&events), [Did::Abandoned, Did::Indeterminate]);

    let nested = STRICT.name("keyed.around.nested");
    for _ in 0..2 {
        let out = nested.run(&1, || INNER.run(slow)).await;
        assert!(matches!(out, Err(Fault::Resil(Error::Timeout { .. }))));
    }
    assert_eq!(r.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn keys_belong_to_the_name_of_the_stack_or_of_the_policy() {
    static PAY: KeyedStack = ONCE.around(Stack::new("keyed.scope").retry(STANDARD));
    static AGAIN: KeyedStack = ONCE.around(Stack::new("keyed.scope"));
    static NAMED: KeyedStack = ONCE
        .name("keyed.other")
        .around(Stack::new("keyed.scope").retry(STANDARD));
    #[resil::idempotent(name = "keyed.scope", key = (user, id))]
    async fn annotated(r: &Record, user: &str, id: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    let run = || async { Ok::<_, Fault>(r.attempt()) };
    assert_eq!(PAY.run(("ada", 1), run).await, Ok(1));
    assert_eq!(AGAIN.run(("ada", 1), run).await, Ok(1));
    assert_eq!(annotated(&r, "ada", 1).await, Ok(1));
    assert_eq!(NAMED.run(("ada", 1), run).await, Ok(2));
}

/// A stack that is built at run time is one as well.
#[tokio::test(start_paused = true)]
async fn a_stack_that_is_built_at_run_time() {
    let stack = Stack::try_new("keyed.built", [STANDARD.into()]).unwrap();
    let pay = ONCE.around(stack);
    let r = Record::new();
    let call = || async { Ok::<_, Fault>(r.attempt()) };
    assert_eq!(pay.run("a", call).await, Ok(1));
    assert_eq!(pay.clone().run("a", call).await, Ok(1));
    let sent = tokio::spawn(async move { pay.run("b", || async { Ok::<_, Fault>(9) }).await });
    assert_eq!(sent.await.unwrap(), Ok(9));
}

#[cfg(feature = "hedge")]
#[tokio::test(start_paused = true)]
async fn the_copies_of_a_hedge_are_one_start() {
    use resil::{HedgeAfter, HedgePolicy};

    static PAY: KeyedStack =
        ONCE.around(Stack::new("keyed.hedge").hedge(HedgePolicy::new(HedgeAfter::Delay(ms(50)))));
    let r = Record::new();
    let call = || {
        PAY.run(&1, || async {
            let n = r.attempt();
            sleep(ms(if n == 1 { 500 } else { 10 })).await;
            Ok::<_, Fault>(n)
        })
    };
    assert_eq!(call().await, Ok(2));
    assert_eq!(call().await, Ok(2));
    assert_eq!(r.times(), [0, 50]);
}
