//! Idempotent stacks in both forms: a function with attributes, and the same as values.

use std::sync::Arc;
use std::time::Duration;

use resil::idempotency::{Conflict, IdempotentPolicy, OnAbandon};
use resil::{
    BulkheadPolicy, CircuitPolicy, Jitter, KeyedStack, RateLimitPolicy, RetryPolicy, Stack,
    bulkhead, circuit, idempotent, rate_limit, retry, timeout,
};

use super::script::{Call, Fault, body};
use crate::in_both_forms;
use crate::support::ms;

pub(super) type Running = in_both_forms::Running<Fault>;

/// An idempotent stack in both forms.
pub(super) struct Form {
    /// The name of the keys in both.
    pub(super) name: &'static str,
    /// The name of the stack as a value.
    pub(super) stack: &'static str,
    pub(super) attribute: fn(Arc<Call>) -> Running,
    pub(super) value: fn(Arc<Call>) -> Running,
}

/// Writes both forms, in memory, and with the feature `store` on a store.
macro_rules! form {
    (
        $all:ident $name:literal: [$($option:tt)*] [$($layer:tt)*] =>
        $policy:expr, $keyed:ident: $keyed_type:ty, |$run:ident, $call:ident| $said:expr
    ) => {{
        #[expect(unused_mut, reason = "most forms set nothing more")]
        fn in_memory() -> Form {
            #[allow(dead_code, reason = "a policy by itself is no stack")]
            const NAME: &str = concat!($name, ".in.memory");
            #[idempotent(name = $name, $($option)*)]
            $($layer)*
            async fn annotated($call: &Call) -> Result<u32, Fault> {
                body($call).await
            }
            fn value($call: Arc<Call>) -> Running {
                static $keyed: $keyed_type = $policy;
                Box::pin(async move {
                    let $call = &*$call;
                    let mut $run = $keyed.keyed(key($call));
                    let run = $said;
                    run.run(|| body($call)).await
                })
            }
            Form {
                name: $name,
                stack: NAME,
                attribute: |call| Box::pin(async move { annotated(&call).await }),
                value,
            }
        }
        #[cfg(feature = "store")]
        fn on_a_store() -> Form {
            #[allow(dead_code, reason = "a policy by itself is no stack")]
            const NAME: &str = concat!($name, ".on.a.store");
            #[idempotent(name = $name, store = $call.world.store, $($option)*)]
            $($layer)*
            async fn annotated($call: &Call) -> Result<u32, Fault> {
                body($call).await
            }
            fn value($call: Arc<Call>) -> Running {
                static $keyed: $keyed_type = $policy;
                Box::pin(async move {
                    let $call = &*$call;
                    let $run = $keyed.keyed(key($call)).on(&$call.world.store);
                    let run = $said;
                    run.run(|| body($call)).await
                })
            }
            Form {
                name: $name,
                stack: NAME,
                attribute: |call| Box::pin(async move { annotated(&call).await }),
                value,
            }
        }
        $all.push(in_memory());
        #[cfg(feature = "store")]
        $all.push(on_a_store());
    }};
}

/// The key of both forms.
fn key(call: &Call) -> (u64, u8) {
    (call.world.run, call.key)
}

const STANDARD: RetryPolicy = RetryPolicy::new().max(3).base(ms(50)).jitter(Jitter::None);
const CIRCUIT: CircuitPolicy = CircuitPolicy::new().failures(3);

/// All forms.
#[allow(clippy::too_many_lines, reason = "a table: longer with a hedge")]
pub(super) fn forms() -> Vec<Form> {
    const PLAIN: IdempotentPolicy = IdempotentPolicy::new();
    const STRICT: IdempotentPolicy = PLAIN.on_abandon(OnAbandon::Indeterminate);

    let mut all = Vec::new();
    form! {
        all "same.plain": [key = (call.world.run, call.key)] [] =>
        PLAIN.name("same.plain"), ONCE: IdempotentPolicy, |run, call| run
    }
    form! {
        all "same.printed": [key = (call.world.run, call.key), fingerprint = call.print] [] =>
        PLAIN.name("same.printed"), ONCE: IdempotentPolicy, |run, call| run.fingerprint(&call.print)
    }
    form! {
        all "same.rejecting":
        [key = (call.world.run, call.key), conflict = reject, lease = 90ms, ttl = 1s, version = 3] [] =>
        PLAIN.name("same.rejecting")
            .conflict(Conflict::Reject)
            .lease(ms(90))
            .ttl(Duration::from_secs(1))
            .version(3),
        ONCE: IdempotentPolicy, |run, call| run
    }
    form! {
        all "same.strict": [key = (call.world.run, call.key), on_abandon = indeterminate, ttl = 2s] [] =>
        STRICT.name("same.strict").ttl(Duration::from_secs(2)), ONCE: IdempotentPolicy, |run, call| run
    }
    form! {
        all "same.errors": [key = (call.world.run, call.key), errors = store] [] =>
        PLAIN.name("same.errors"), ONCE: IdempotentPolicy, |run, call| run.store_errors()
    }
    form! {
        all "same.some":
        [key = (call.world.run, call.key), errors = store(Fault::Declined(_)), forget_ok(n if *n < 20)] [] =>
        PLAIN.name("same.some"), ONCE: IdempotentPolicy, |run, call| {
            run.forget_ok(|n: &u32| *n < 20)
                .store_errors_if(|error: &Fault| matches!(error, Fault::Declined(_)))
        }
    }
    form! {
        all "same.usual": [key = (call.world.run, call.key)] [
            #[circuit(policy = CIRCUIT)]
            #[timeout(1s)]
            #[retry(policy = STANDARD)]
            #[timeout(200ms)]
        ] =>
        PLAIN.name("same.usual").around(Stack::new(NAME)
                .circuit(CIRCUIT)
                .timeout(ms(1_000))
                .retry(STANDARD)
                .timeout(ms(200))
        ),
        ONCE: KeyedStack, |run, call| run
    }
    form! {
        all "same.usual.strict":
        [key = (call.world.run, call.key), fingerprint = call.print, on_abandon = indeterminate, errors = store] [
            #[timeout(500ms)]
            #[retry(policy = STANDARD)]
            #[timeout(200ms)]
        ] =>
        STRICT.name("same.usual.strict").around(Stack::new(NAME)
                .timeout(ms(500))
                .retry(STANDARD)
                .timeout(ms(200))
        ),
        ONCE: KeyedStack, |run, call| run.fingerprint(&call.print).store_errors()
    }
    form! {
        all "same.limited": [key = (call.world.run, call.key), errors = store(Fault::Declined(_))] [
            #[bulkhead(max = 1, queue = 2, wait = 300ms)]
            #[rate_limit(max = 1, per = 600ms, wait = 100ms)]
            #[retry(policy = STANDARD)]
        ] =>
        PLAIN.name("same.limited").around(Stack::new(NAME)
                .bulkhead(BulkheadPolicy::new().max(1).queue(2).wait(ms(300)))
                .rate_limit(RateLimitPolicy::new().max(1).per(ms(600)).wait(ms(100)))
                .retry(STANDARD)
        ),
        ONCE: KeyedStack, |run, call| {
            run.store_errors_if(|error: &Fault| matches!(error, Fault::Declined(_)))
        }
    }
    #[cfg(feature = "hedge")]
    form! {
        all "same.hedged": [key = (call.world.run, call.key)] [
            #[timeout(400ms)]
            #[resil::hedge(after = 60ms)]
        ] =>
        PLAIN.name("same.hedged").around(Stack::new(NAME)
                .timeout(ms(400))
                .hedge(resil::HedgePolicy::new(resil::HedgeAfter::Delay(ms(60))))
        ),
        ONCE: KeyedStack, |run, call| run
    }
    all
}
