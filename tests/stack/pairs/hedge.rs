//! `#[hedge]` with each other policy but `#[fallback]`.

use super::pair;

// Outside each copy has a limit of its own; inside the limit is for all copies.
pair! {
    #[hedge(after = 10ms, budget = off)]
    #[timeout(t.limit("limit", 100))]
    fn hedge_timeout(t, _k);
    1 Hang => "limit body hedged limit body cut cut",
}
pair! {
    #[timeout(t.limit("limit", 100))]
    #[hedge(after = 10ms, budget = off)]
    fn timeout_hedge(t, _k);
    1 Hang => "limit body hedged body cut",
}

// Outside each copy makes all its attempts; inside each attempt has all its copies.
pair! {
    #[hedge(after = 10ms, budget = off)]
    #[retry(constant, max = 2, base = 1ms, jitter = none)]
    fn hedge_retry(t, _k);
    1 Fail => "body retry body hedged body retry body",
}
pair! {
    #[retry(constant, max = 2, base = 1ms, jitter = none)]
    #[hedge(after = 10ms, budget = off)]
    fn retry_hedge(t, _k);
    1 Fail => "body hedged body retry body hedged body",
}

// Outside each copy is an outcome; inside the call is, and its losers are none.
pair! {
    #[hedge(after = 10ms, budget = off)]
    #[circuit(failure_rate = 60%, window = 10, min_calls = 3)]
    fn hedge_circuit(t, _k);
    // One success: if the loser counted, a third call would not be the one that opens the circuit.
    1 FirstHangs => "body hedged body",
    1 Slow => "body",
    1 Fail => "body hedged body opened",
    1 Wait(10) => "hedged refused",
    1 Wait(40) => "answer",
    1 Fail => "refused",
}
pair! {
    #[circuit(failures = 2)]
    #[hedge(after = 10ms, budget = off)]
    fn circuit_hedge(t, _k);
    1 Fail => "body hedged body",
    1 Fail => "body hedged body opened",
    1 Fail => "refused",
}

// One claim is around all copies. (The other order is refused: tests/ui/hedge/fail/idempotent_below.rs.)
pair! {
    #[idempotent(key = k)]
    #[hedge(after = 10ms, budget = off)]
    fn idempotent_hedge(t, k);
    1 Fail => "body hedged body released",
    1 Succeed => "body",
    1 Fail => "replayed",
}
