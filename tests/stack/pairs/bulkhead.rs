//! `#[bulkhead]` with each other policy but `#[fallback]`.

use super::pair;

// Outside the place is kept until the limit, which begins after the wait; inside the wait for a place is under
// the limit, too.
pair! {
    #[bulkhead(max = 1, queue = 1)]
    #[timeout(t.limit("limit", 100))]
    fn bulkhead_timeout(t, _k);
    1 Stay => "limit body",
    1 Stay => "",
    1 Succeed => "full",
    1 Wait(100) => "cut limit body",
    1 Wait(90) => "",
    1 Wait(10) => "cut",
    1 Succeed => "limit body",
}
pair! {
    #[timeout(t.limit("limit", 100))]
    #[bulkhead(max = 1, queue = 1)]
    fn timeout_bulkhead(t, _k);
    1 Stay => "limit body",
    1 Wait(50) => "",
    1 Stay => "limit",
    1 Succeed => "limit full",
    1 Wait(50) => "cut body",
    1 Wait(50) => "cut",
}

// Outside one place is for all attempts; inside each attempt asks for one, and a refusal is final.
pair! {
    #[bulkhead(max = 1)]
    #[retry(constant, max = 3, base = 1ms, jitter = none)]
    fn bulkhead_retry(t, _k);
    1 Fail => "body retry body retry body",
    1 FailLater => "body retry",
    1 Succeed => "full",
    1 Wait(1) => "body retry",
    1 Wait(1) => "body",
    1 Stay => "body",
    1 Succeed => "full",
}
pair! {
    #[retry(constant, max = 3, base = 1ms, jitter = none)]
    #[bulkhead(max = 1)]
    fn retry_bulkhead(t, _k);
    1 Fail => "body retry body retry body",
    1 FailLater => "body retry",
    1 Succeed => "body",
    1 Wait(1) => "body retry",
    1 Leave => "",
    1 Stay => "body",
    1 Succeed => "full",
}

// Outside an open circuit gives the place back; inside a full bulkhead is neutral for the circuit.
pair! {
    #[bulkhead(max = 1)]
    #[circuit(failures = 1)]
    fn bulkhead_circuit(t, _k);
    1 Fail => "body opened",
    1 Fail => "refused",
    1 Fail => "refused",
}
pair! {
    #[circuit(failures = 1)]
    #[bulkhead(max = 1)]
    fn circuit_bulkhead(t, _k);
    1 Stay => "body",
    1 Succeed => "full",
    1 Succeed => "full",
    1 Leave => "",
    1 Fail => "body opened",
    1 Succeed => "refused",
}

// Outside a replay needs a place; inside it needs none, and a refusal frees the key.
pair! {
    #[bulkhead(max = 1)]
    #[idempotent(key = k)]
    fn bulkhead_idempotent(t, k);
    1 Succeed => "body",
    1 Fail => "replayed",
    2 Stay => "body",
    1 Fail => "full",
}
pair! {
    #[idempotent(key = k)]
    #[bulkhead(max = 1)]
    fn idempotent_bulkhead(t, k);
    1 Succeed => "body",
    2 Stay => "body",
    1 Fail => "replayed",
    3 Succeed => "full released",
}

// Outside a refused call takes no turn of the limit; inside a refused call has taken one.
pair! {
    #[bulkhead(max = 1)]
    #[rate_limit(max = 2, per = 10s)]
    fn bulkhead_rate_limit(t, _k);
    1 Stay => "body",
    1 Succeed => "full",
    1 Leave => "",
    1 Succeed => "body",
    1 Succeed => "limited",
}
pair! {
    #[rate_limit(max = 2, per = 10s)]
    #[bulkhead(max = 1)]
    fn rate_limit_bulkhead(t, _k);
    1 Stay => "body",
    1 Succeed => "full",
    1 Leave => "",
    1 Succeed => "limited",
}

// Outside one place is for all copies; inside each copy asks for one.
pair! {
    #[bulkhead(max = 1)]
    #[hedge(after = 10ms, budget = off)]
    fn bulkhead_hedge(t, _k);
    1 Fail => "body hedged body",
    1 Stay => "body",
    1 Wait(10) => "hedged body",
    1 Succeed => "full",
}
pair! {
    #[hedge(after = 10ms, budget = off)]
    #[bulkhead(max = 2)]
    fn hedge_bulkhead(t, _k);
    1 Fail => "body hedged body",
    1 Stay => "body",
    1 Wait(10) => "hedged body",
    1 Succeed => "full",
    1 Leave => "",
    1 Slow => "body",
    1 Stay => "body",
    1 Wait(10) => "hedged full hedged full",
    1 Wait(40) => "answer",
}
