//! `#[fallback]` with each other policy.

use super::pair;

// Outside it answers what the timeout cut, and takes its time; inside it is bounded by it, and is not reached by
// its error.
pair! {
    #[fallback(t.fallen_after(k).await)]
    #[timeout(t.limit("limit", 100))]
    fn fallback_timeout(t, k);
    0 Fail => "limit body fell",
    200 Fail => "limit body fell value",
    200 Hang => "limit body cut fell value",
}
pair! {
    #[timeout(t.limit("limit", 100))]
    #[fallback(t.fallen_after(k).await)]
    fn timeout_fallback(t, k);
    0 Fail => "limit body fell",
    99 Fail => "limit body fell value",
    200 Fail => "limit body fell cut",
    0 Hang => "limit body cut",
}

// Outside it comes after the last attempt; inside it leaves no error to retry.
pair! {
    #[fallback(t.fallen())]
    #[retry(constant, max = 3, base = 1ms, jitter = none)]
    fn fallback_retry(t, _k);
    1 Fail => "body retry body retry body fell",
}
pair! {
    #[retry(constant, max = 3, base = 1ms, jitter = none)]
    #[fallback(t.fallen())]
    fn retry_fallback(t, _k);
    1 Fail => "body fell",
}

// Outside it answers refusals too; inside it keeps every failure from the circuit.
pair! {
    #[fallback(t.fallen())]
    #[circuit(failures = 2)]
    fn fallback_circuit(t, _k);
    1 Fail => "body fell",
    1 Fail => "body opened fell",
    1 Fail => "refused fell",
}
pair! {
    #[circuit(failures = 2)]
    #[fallback(t.fallen())]
    fn circuit_fallback(t, _k);
    1 Fail => "body fell",
    1 Fail => "body fell",
    1 Fail => "body fell",
}

// Outside its value is not recorded; inside it is, and is replayed.
pair! {
    #[fallback(t.fallen())]
    #[idempotent(key = k)]
    fn fallback_idempotent(t, k);
    1 Fail => "body released fell",
    1 Succeed => "body",
    1 Fail => "replayed",
}
pair! {
    #[idempotent(key = k)]
    #[fallback(t.fallen())]
    fn idempotent_fallback(t, k);
    1 Fail => "body fell",
    1 Succeed => "replayed",
}

// Outside it answers a full bulkhead; inside it runs in the place of its call.
pair! {
    #[fallback(t.fallen_after(k).await)]
    #[bulkhead(max = 1)]
    fn fallback_bulkhead(t, k);
    0 Stay => "body",
    0 Succeed => "full fell",
    0 Leave => "",
    9 FailLater => "body fell",
    0 Succeed => "body",
    9 Wait(9) => "value",
}
pair! {
    #[bulkhead(max = 1)]
    #[fallback(t.fallen_after(k).await)]
    fn bulkhead_fallback(t, k);
    9 FailLater => "body fell",
    0 Succeed => "full",
    9 Wait(9) => "value",
    0 Succeed => "body",
}

// Outside it answers a refusal of the limit; inside it is not reached by it.
pair! {
    #[fallback(t.fallen())]
    #[rate_limit(max = 1, per = 10s)]
    fn fallback_rate_limit(t, _k);
    1 Fail => "body fell",
    1 Succeed => "limited fell",
}
pair! {
    #[rate_limit(max = 1, per = 10s)]
    #[fallback(t.fallen())]
    fn rate_limit_fallback(t, _k);
    1 Fail => "body fell",
    1 Succeed => "limited",
}

// Outside it comes when all copies have failed; inside the first failure of a copy is the answer.
pair! {
    #[fallback(t.fallen())]
    #[hedge(after = 10ms, budget = off)]
    fn fallback_hedge(t, _k);
    1 Fail => "body hedged body fell",
}
pair! {
    #[hedge(after = 10ms, budget = off)]
    #[fallback(t.fallen())]
    fn hedge_fallback(t, _k);
    1 Fail => "body fell",
}
