//! `#[rate_limit]` with each other policy but `#[fallback]` and `#[bulkhead]`.

use super::pair;

// Outside a call that is cut has taken its turn; inside the wait for a turn is under the limit, and a
// turn that would come too late is not taken.
pair! {
    #[rate_limit(max = 1, per = 10s)]
    #[timeout(t.limit("limit", 100))]
    fn rate_limit_timeout(t, _k);
    1 Hang => "limit body cut",
    1 Succeed => "limited",
}
pair! {
    #[timeout(t.limit("limit", 100))]
    #[rate_limit(max = 1, per = 80ms, wait = 90ms)]
    fn timeout_rate_limit(t, _k);
    1 Succeed => "limit body",
    1 Stay => "limit",
    1 Succeed => "limit limited",
    1 Wait(80) => "body",
    1 Wait(20) => "cut",
}

// Outside one turn is for all attempts; inside each attempt takes one, and waits as the limit asks.
pair! {
    #[rate_limit(max = 1, per = 10s)]
    #[retry(constant, max = 3, base = 1ms, jitter = none)]
    fn rate_limit_retry(t, _k);
    1 Fail => "body retry body retry body",
    1 Succeed => "limited",
}
pair! {
    #[retry(constant, max = 3, base = 1ms, jitter = none)]
    #[rate_limit(max = 1, per = 10ms)]
    fn retry_rate_limit(t, _k);
    1 Fail => "body retry limited retry body",
}

// Outside a call that the circuit refuses has taken a turn; inside the limit's refusal is neutral.
pair! {
    #[rate_limit(max = 2, per = 10s)]
    #[circuit(failures = 1)]
    fn rate_limit_circuit(t, _k);
    1 Fail => "body opened",
    1 Fail => "refused",
    1 Fail => "limited",
}
pair! {
    #[circuit(failures = 2)]
    #[rate_limit(max = 1, per = 10s)]
    fn circuit_rate_limit(t, _k);
    1 Fail => "body",
    1 Fail => "limited",
    1 Fail => "limited",
}

// Outside a replay takes a turn; inside it takes none, and a refusal frees the key.
pair! {
    #[rate_limit(max = 2, per = 10s)]
    #[idempotent(key = k)]
    fn rate_limit_idempotent(t, k);
    1 Succeed => "body",
    1 Fail => "replayed",
    1 Fail => "limited",
}
pair! {
    #[idempotent(key = k)]
    #[rate_limit(max = 1, per = 10s)]
    fn idempotent_rate_limit(t, k);
    1 Succeed => "body",
    1 Fail => "replayed",
    2 Succeed => "limited released",
}

// Outside one turn is for all copies; inside each copy takes one.
pair! {
    #[rate_limit(max = 1, per = 10s)]
    #[hedge(after = 10ms, budget = off)]
    fn rate_limit_hedge(t, _k);
    1 Fail => "body hedged body",
    1 Succeed => "limited",
}
pair! {
    #[hedge(after = 10ms, budget = off)]
    #[rate_limit(max = 3, per = 10s)]
    fn hedge_rate_limit(t, _k);
    1 Fail => "body hedged body",
    1 Slow => "body",
    1 Wait(10) => "hedged limited",
    1 Wait(40) => "answer",
    1 Succeed => "limited",
}
