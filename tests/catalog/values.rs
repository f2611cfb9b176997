//! Stacks and policies that are run as values.

use std::time::Duration;

use resil::catalog::{CatalogKind, LiveState, Origin};
use resil::{
    BulkheadPolicy, CircuitPolicy, HedgeAfter, HedgePolicy, Jitter, RateLimitPolicy, RetryPolicy,
    Stack, Strategy, TimeoutPolicy, Window, bulkhead, circuit, hedge, rate_limit, retry, timeout,
};

use crate::{entry, policy, settings};

type Out = Result<u32, resil::Error>;

fn of_value(name: &str) -> Option<resil::catalog::CatalogEntry> {
    resil::catalog().get(name).cloned()
}

static PAY: Stack = Stack::new("values.pay")
    .circuit(CircuitPolicy::new().failures(3))
    .retry(RetryPolicy::new().max(4).jitter(Jitter::None))
    .timeout(Duration::from_secs(1));

#[timeout(1s)]
async fn charge() -> Out {
    Ok(1)
}

#[timeout(1s)]
async fn shop() -> Out {
    PAY.run(charge).await
}

#[tokio::test(start_paused = true)]
async fn a_stack_is_listed_once_it_was_run() {
    assert!(of_value("values.pay").is_none());
    shop().await.unwrap();
    let of = of_value("values.pay").unwrap();
    assert_eq!(of.kind, CatalogKind::Stack);
    assert!(of.has_run && of.file.is_none());
    assert_eq!(settings(&of, "circuit", Origin::Value), "failures = 3");
    assert_eq!(
        settings(&of, "retry", Origin::Value),
        "max = 4, jitter = none"
    );
    assert_eq!(
        settings(&of, "retry", Origin::Default),
        "strategy = exponential, base = 100ms, factor = 2, cap = 20s, \
         budget = capacity = 500, cost = 5, refill = 1"
    );
    let [LiveState::Circuit(live)] = policy(&of, "circuit").live.as_slice() else {
        panic!("{of:?}")
    };
    assert_eq!(live.name, "values.pay");
    let calls = resil::catalog().calls;
    let is_call = |caller: &str, callee: &str| {
        calls
            .iter()
            .any(|call| call.caller == caller && call.callee == callee)
    };
    assert!(is_call("catalog::values::shop", "values.pay"));
    assert!(is_call("values.pay", "catalog::values::charge"));
    assert!(!is_call("catalog::values::shop", "catalog::values::charge"));
}

#[tokio::test(start_paused = true)]
async fn a_policy_by_itself_is_listed_by_its_place() {
    let line = line!() + 1;
    RetryPolicy::new().max(2).run(charge).await.unwrap();
    let catalog = resil::catalog();
    let of = catalog
        .functions
        .iter()
        .find(|of| of.file.as_deref() == Some("tests/catalog/values.rs") && of.line == Some(line));
    let of = of.expect("it was run");
    assert_eq!(of.kind, CatalogKind::Policy);
    assert!(
        of.function
            .starts_with(&format!("tests/catalog/values.rs:{line}:"))
    );
    assert_eq!(of.worst_case.attempts, Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_hedge_by_itself_is_listed_with_its_numbers() {
    const SLOW: HedgePolicy = HedgePolicy::new(HedgeAfter::Delay(Duration::from_millis(50)));
    #[timeout(1s)]
    async fn asks() -> Out {
        SLOW.max(3).run(charge).await
    }
    asks().await.unwrap();
    let catalog = resil::catalog();
    let is_call = |caller: &str, callee: &str| {
        catalog
            .calls
            .iter()
            .any(|call| call.caller == caller && call.callee == callee)
    };
    let mut all = catalog.functions.iter();
    let of = all.find(|of| is_call("catalog::values::asks", &of.function));
    let of = of.expect("it was called by the function");
    assert_eq!(of.kind, CatalogKind::Policy);
    assert!(of.has_run && of.file.as_deref() == Some("tests/catalog/values.rs"));
    assert_eq!(of.worst_case.attempts, Some(3));
    assert_eq!(
        settings(of, "hedge", Origin::Value),
        "after = 50ms, max = 3"
    );
    assert!(is_call(&of.function, "catalog::values::charge"));
}

#[tokio::test(start_paused = true)]
async fn a_claim_is_the_outermost_layer() {
    static KEYED: resil::KeyedStack = ONCE
        .ttl(Duration::from_secs(3_600))
        .around(Stack::new("values.keyed").retry(RetryPolicy::new()));
    KEYED.run(&1, charge).await.unwrap();
    let of = of_value("values.keyed").unwrap();
    let policies: Vec<&str> = of.policies.iter().map(|of| of.policy.as_str()).collect();
    assert_eq!(policies, ["idempotent", "retry"]);
    assert_eq!(
        of.policies[0].words,
        "by the key of each call, replayed for 1h; a second caller meanwhile waits"
    );
    assert_eq!(settings(&of, "idempotent", Origin::Value), "ttl = 1h");
    assert_eq!(
        settings(&of, "idempotent", Origin::Default),
        "lease = 30s, conflict = wait, on_abandon = retry, version = 1"
    );
}

const ONCE: resil::IdempotentPolicy = resil::IdempotentPolicy::new();

#[resil::idempotent(key = user)]
async fn claimed(user: u32) -> Out {
    Ok(user)
}

#[resil::idempotent(key = user)]
#[timeout(5s)]
async fn claimed_in_time(user: u32) -> Out {
    Ok(user)
}

#[resil::idempotent(key = user, conflict = reject)]
#[timeout(5s)]
async fn claimed_or_refused(user: u32) -> Out {
    Ok(user)
}

#[resil::idempotent(key = user)]
#[retry(max = 2)]
#[bulkhead(max = 4, queue = 9)]
#[timeout(1s)]
async fn claimed_and_queued(user: u32) -> Out {
    Ok(user)
}

/// A caller may wait for another one's run with the same key, under a value as under an attribute.
#[tokio::test(start_paused = true)]
async fn both_forms_of_a_claim_have_one_worst_case() {
    let queue = BulkheadPolicy::new().max(4).queue(9);
    let reject = ONCE.conflict(resil::idempotency::Conflict::Reject);
    let stacks = [
        ("claimed", ONCE.around(Stack::new("values.claimed"))),
        (
            "claimed_in_time",
            ONCE.around(Stack::new("values.claimed_in_time").timeout(SEC * 5)),
        ),
        (
            "claimed_or_refused",
            reject.around(Stack::new("values.claimed_or_refused").timeout(SEC * 5)),
        ),
        (
            "claimed_and_queued",
            ONCE.around(
                Stack::new("values.claimed_and_queued")
                    .retry(RetryPolicy::new().max(2))
                    .bulkhead(queue)
                    .timeout(SEC),
            ),
        ),
    ];
    drop((claimed(1), claimed_in_time(1)));
    drop((claimed_or_refused(1), claimed_and_queued(1)));
    for (name, stack) in stacks {
        stack.run(&1, charge).await.unwrap();
        let value = of_value(stack.name()).unwrap().worst_case;
        let attribute = entry(&format!("values::{name}")).worst_case;
        assert_eq!(value, attribute, "{name}");
        assert_eq!(value.time.is_some(), name == "claimed_or_refused", "{name}");
    }
}

/// As a configuration that was read again makes it.
#[tokio::test(start_paused = true)]
async fn the_claim_is_that_of_the_last_call() {
    let (wait, reject) = (ONCE, ONCE.conflict(resil::idempotency::Conflict::Reject));
    for (n, claim) in (0..).zip([
        Some(wait),
        Some(reject),
        None,
        Some(wait),
        None,
        Some(reject),
    ]) {
        let stack = Stack::new("values.claims").timeout(SEC);
        match claim {
            Some(claim) => claim.around(stack).run(&n, charge).await.unwrap(),
            None => stack.run(charge).await.unwrap(),
        };
        let of = of_value("values.claims").unwrap();
        let mut policies = of.policies.iter();
        let told = policies.find(|of| of.policy == "idempotent");
        let told = told.map(|of| of.words.rsplit(' ').next().unwrap());
        let expected = match claim {
            Some(claim) if claim == reject => Some("refused"),
            Some(_) => Some("waits"),
            None => None,
        };
        assert_eq!(told, expected, "call {n}");
        let is_bounded = told != Some("waits");
        assert_eq!(of.worst_case.time.is_some(), is_bounded, "call {n}");
    }
}

/// As a configuration that was read again makes it.
#[tokio::test(start_paused = true)]
async fn the_layers_are_those_of_the_last_call() {
    for max in [3, 5, 3, 7] {
        let stack = Stack::new("values.again").retry(RetryPolicy::new().max(max));
        stack.run(charge).await.unwrap();
        let of = of_value("values.again").unwrap();
        assert_eq!(of.worst_case.attempts, Some(u64::from(max)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_changes_what_it_captures_is_a_call_too() {
    let mut runs = 0;
    let stack = Stack::new("values.mut").retry(RetryPolicy::new());
    let out = stack.run_mut(async || {
        runs += 1;
        charge().await
    });
    out.await.unwrap();
    let calls = resil::catalog().calls;
    assert!(calls.iter().any(|call| call.caller == "values.mut"));
}

/// The same settings as an attribute and as a value.
macro_rules! both {
    ($($name:ident: [$(#[$($attribute:tt)*])*] [$($layer:expr),*];)*) => {
        $(
            $(#[$($attribute)*])*
            async fn $name() -> Out {
                Ok(1)
            }
        )*

        #[tokio::test(start_paused = true)]
        async fn both_forms_say_the_same() {
            $(
                drop($name());
                let name = concat!("values.", stringify!($name));
                let stack = Stack::try_new(name, [$($layer.into()),*]).unwrap();
                stack.run(charge).await.unwrap();
                let (value, attribute) = (of_value(name).unwrap(), entry(concat!("values::", stringify!($name))));
                assert_eq!(value.worst_case, attribute.worst_case, "{name}");
                let words = |of: &resil::catalog::CatalogEntry| -> Vec<(String, String)> {
                    let all = of.policies.iter();
                    all.map(|of| (of.policy.clone(), of.words.clone())).collect()
                };
                assert_eq!(words(&value), words(&attribute), "{name}");
            )*
        }
    };
}

const SEC: Duration = Duration::from_secs(1);

both! {
    defaults: [#[retry]] [RetryPolicy::new()];
    once: [#[retry(max = 1)] #[timeout(1s)]]
        [RetryPolicy::new().max(1), TimeoutPolicy::new(SEC)];
    usual: [#[circuit] #[timeout(5s)] #[retry(max = 4)] #[timeout(1s)]]
        [CircuitPolicy::new(), TimeoutPolicy::new(SEC * 5), RetryPolicy::new().max(4), TimeoutPolicy::new(SEC)];
    linear: [#[retry(linear, max = 5, base = 1s, cap = 3s, jitter = equal, within = 10s)]]
        [RetryPolicy::new().strategy(Strategy::Linear).max(5).base(SEC).cap(SEC * 3).jitter(Jitter::Equal).within(SEC * 10)];
    within: [#[retry(max = 5, within = 10s)] #[timeout(1s)]]
        [RetryPolicy::new().max(5).within(SEC * 10), TimeoutPolicy::new(SEC)];
    constant: [#[retry(constant, base = 15s, jitter = 50%)] #[timeout(1s)]]
        [RetryPolicy::new().strategy(Strategy::Constant).base(SEC * 15).jitter(Jitter::Ratio(0.5)), TimeoutPolicy::new(SEC)];
    fibonacci: [#[retry(fibonacci, max = 9, budget(capacity = 60, cost = 2, refill = 3))] #[timeout(1s)]]
        [RetryPolicy::new().strategy(Strategy::Fibonacci).max(9).budget(resil::BudgetPolicy::new(60, 2).refill(3)), TimeoutPolicy::new(SEC)];
    decorrelated: [#[retry(jitter = decorrelated, budget = off, nested = outer)] #[timeout(1s)]]
        [RetryPolicy::new().jitter(Jitter::Decorrelated).no_budget().nested_outer(), TimeoutPolicy::new(SEC)];
    listed: [#[retry(delays = [1s, 40s], max = 4)] #[timeout(1s)]]
        [RetryPolicy::new().strategy(Strategy::Delays(const { &[SEC, Duration::from_secs(40)] })).max(4), TimeoutPolicy::new(SEC)];
    factor: [#[retry(factor = 3, base = 10ms)] #[timeout(1s)]]
        [RetryPolicy::new().factor(3.0).base(Duration::from_millis(10)), TimeoutPolicy::new(SEC)];
    rates: [#[circuit(failure_rate = 50%, slow = 1s, slow_rate = 80%, window = 10s, open_for = 5s)]]
        [CircuitPolicy::new().failure_rate(0.5).slow(SEC).slow_rate(0.8).window(Window::Time(SEC * 10)).open_for(SEC * 5)];
    counted: [#[circuit(failure_rate = 12.5%, window = 20, min_calls = 10, failures = 3)]]
        [CircuitPolicy::new().failure_rate(0.125).window(Window::Calls(20)).min_calls(10).failures(3)];
    inside: [#[bulkhead(max = 4)] #[timeout(1s)]]
        [BulkheadPolicy::new().max(4), TimeoutPolicy::new(SEC)];
    queued: [#[bulkhead(max = 4, queue = 9, wait = 100ms)] #[timeout(1s)]]
        [BulkheadPolicy::new().max(4).queue(9).wait(SEC / 10), TimeoutPolicy::new(SEC)];
    waits: [#[retry(max = 2)] #[bulkhead(max = 4, queue = 9)] #[timeout(1s)]]
        [RetryPolicy::new().max(2), BulkheadPolicy::new().max(4).queue(9), TimeoutPolicy::new(SEC)];
    learned: [#[bulkhead(adaptive(min = 2, start = 4, max = 50), queue = 1)]]
        [BulkheadPolicy::new().adaptive(resil::AdaptiveLimit::new().min(2).start(4).max(50)).queue(1)];
    limited: [#[timeout(9s)] #[rate_limit(max = 100, per = 1s, burst = 20, wait = 2s)]]
        [TimeoutPolicy::new(SEC * 9), RateLimitPolicy::new().max(100).per(SEC).burst(20).wait(SEC * 2)];
    hedged: [#[hedge(after = 50ms, max = 3)] #[timeout(1s)]]
        [HedgePolicy::new(HedgeAfter::Delay(SEC / 20)).max(3), TimeoutPolicy::new(SEC)];
    hedged_without_a_budget: [#[hedge(after = 50ms, budget = off)] #[timeout(1s)]]
        [HedgePolicy::new(HedgeAfter::Delay(SEC / 20)).no_budget(), TimeoutPolicy::new(SEC)];
    hedged_by_percentile: [#[timeout(9s)] #[hedge(after = p95(default = 50ms), budget = 5%)] #[retry(max = 2)]]
        [TimeoutPolicy::new(SEC * 9), HedgePolicy::new(HedgeAfter::percentile(95.0).or(SEC / 20)).budget(0.05), RetryPolicy::new().max(2)];
    refused: [#[rate_limit(max = 100, per = 1m)] #[timeout(1s)]]
        [RateLimitPolicy::new().max(100).per(SEC * 60), TimeoutPolicy::new(SEC)];
}
