//! What is refused: at run time with the words of the attributes, and in a `static` by the compiler
//! (the `compile_fail` example of `Stack`).

use std::time::Duration;

use resil::stack::{Layer, MAX_LAYERS};
use resil::{
    BudgetPolicy, BulkheadPolicy, CircuitPolicy, Jitter, RateLimitPolicy, RetryPolicy, Stack,
    Strategy, TimeoutPolicy, Window,
};

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn timeout(limit: Duration) -> Layer {
    TimeoutPolicy::new(limit).into()
}

#[track_caller]
fn refused<const N: usize>(layers: [Layer; N], message: &str, help: &str) {
    let error = Stack::try_new("values.rules", layers).unwrap_err();
    assert_eq!(error.to_string(), format!("{message}\nhelp: {help}"));
}

#[track_caller]
fn accepted<const N: usize>(layers: [Layer; N]) {
    assert_eq!(
        Stack::try_new("values.rules", layers).unwrap().layers(),
        layers
    );
}

#[test]
fn a_name_is_written_as_in_an_attribute() {
    for name in ["pay", "a-b_c.d:9", &"x".repeat(128)] {
        assert_eq!(Stack::try_new(name, []).unwrap().name(), name);
    }
    for name in ["", "with space", "größe", &"x".repeat(129)] {
        assert!(Stack::try_new(name, []).is_err(), "{name}");
    }
}

#[test]
fn each_policy_but_timeout_stands_once() {
    let retry = Layer::from(RetryPolicy::new());
    refused(
        [retry, timeout(secs(1)), retry],
        "`#[retry]` is given twice",
        "remove one of them",
    );
    accepted([timeout(secs(3)), retry, timeout(secs(1))]);
    let five = [5, 4, 3, 2, 1].map(|n| timeout(secs(n)));
    refused(
        five,
        "a stack has at most 4 timeouts",
        "remove some: one for the whole and one for each attempt is the usual stack",
    );
    assert_eq!(MAX_LAYERS, 8);
}

#[test]
fn an_inner_timeout_is_shorter() {
    for limit in [secs(1), secs(2)] {
        assert!(Stack::try_new("values.rules", [timeout(secs(1)), timeout(limit)]).is_err());
    }
    refused(
        [
            timeout(secs(1)),
            RetryPolicy::new().into(),
            timeout(secs(90)),
        ],
        "this `timeout` of `1m30s` never fires: the one around it ends at `1s`",
        "write less than `1s`, or move it above the other",
    );
}

#[test]
fn unlimited_needs_a_bound() {
    let unlimited = RetryPolicy::new().unlimited();
    refused(
        [unlimited.into(), timeout(secs(1))],
        "`max = unlimited` with nothing around it may run for ever",
        "write `within = 30s` beside it, or `#[timeout(30s)]` above `#[retry]`",
    );
    accepted([unlimited.within(secs(1)).into()]);
    accepted([timeout(secs(1)), unlimited.into()]);
}

#[test]
fn every_attempt_can_start() {
    let exact = RetryPolicy::new().base(secs(1)).jitter(Jitter::None);
    refused(
        [timeout(secs(3)), exact.max(5).into()],
        "by `retry`'s own delays attempt 3 can't start: they are at least `1s + 2s = 3s`, and the timeout around ends at `3s`",
        "write `max = 2`, a longer timeout, or shorter delays",
    );
    refused(
        [timeout(secs(1)), exact.into()],
        "by `retry`'s own delays attempt 2 can't start: they are at least `1s`, and the timeout around ends at `1s`",
        "write a longer timeout or shorter delays",
    );
    accepted([timeout(secs(3)), exact.max(2).into()]);
    accepted([timeout(secs(3)), exact.max(5).jitter(Jitter::Full).into()]);
    accepted([timeout(secs(3)), exact.max(5).within(secs(2)).into()]);
    let equal = exact.max(3).jitter(Jitter::Equal);
    accepted([timeout(secs(2)), equal.into()]);
    assert!(Stack::try_new("values.rules", [timeout(ms(1_500)), equal.into()]).is_err());
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn a_wait_leaves_time() {
    let limited = RateLimitPolicy::new().max(1).wait(secs(1));
    refused(
        [timeout(secs(1)), limited.into()],
        "this `wait` of `1s` leaves no time: the timeout around ends at `1s`",
        "write less than `1s`, or a longer timeout",
    );
    let queued = BulkheadPolicy::new().queue(1).wait(secs(2));
    assert!(Stack::try_new("values.rules", [timeout(secs(1)), queued.into()]).is_err());
    accepted([timeout(secs(3)), limited.into(), queued.into()]);
    accepted([queued.into(), timeout(secs(1))]);
}

#[test]
fn the_numbers_of_a_retry_fit() {
    let retry = RetryPolicy::new();
    refused(
        [retry.base(secs(30)).into()],
        "`base` of `30s` is above the `cap` of `20s`",
        "write `base = 20s` or `cap = 30s`",
    );
    const LIST: &[Duration] = &[secs(40)];
    accepted([retry.base(secs(30)).strategy(Strategy::Delays(LIST)).into()]);
    refused(
        [retry
            .strategy(Strategy::Delays(LIST))
            .jitter(Jitter::Decorrelated)
            .into()],
        "`delays` can't stand beside `jitter = decorrelated`: `jitter = decorrelated` makes each delay from the one before it",
        "remove one of them",
    );
    refused(
        [retry.within(ms(50)).into()],
        "`within` of `50ms` is shorter than the first delay of `100ms`",
        "write `within = 100ms` or more, or a shorter first delay",
    );
    accepted([retry.max(1).within(ms(50)).into()]);
    refused(
        [retry.max(200).into()],
        "`max` of `200` is never reached: the default budget pays for 101 runs",
        "write `budget(capacity = 995)` or `budget = off` beside it",
    );
    accepted([retry.max(200).no_budget().into()]);
    accepted([retry.max(101).into()]);
    refused(
        [retry.budget(BudgetPolicy::new(4, 5)).into()],
        "a `capacity` of `4` does not pay the `cost` of `5` for one retry",
        "write `capacity = 5` or more",
    );
}

#[test]
fn the_numbers_of_a_circuit_fit() {
    let circuit = CircuitPolicy::new();
    refused(
        [circuit.open_max(secs(9)).into()],
        "`open_max` of `9s` is below the `open_for` of `30s`",
        "write `open_max = 30s` for no growth, or `open_for = 9s`",
    );
    let rate = circuit.failure_rate(0.5).window(Window::Calls(10));
    refused(
        [rate.min_calls(11).into()],
        "`min_calls` of `11` is more than the `window` of `10` calls ever holds",
        "write `min_calls = 10` or `window = 11`",
    );
    accepted([rate.min_calls(10).into()]);
    accepted([rate.window(Window::Time(secs(1))).min_calls(11).into()]);
    refused(
        [circuit.min_calls(3).into()],
        "`min_calls` has no effect: no rate is counted in a window",
        "write `failure_rate = 50%` beside it, or remove it",
    );
    refused(
        [circuit.slow_rate(0.5).into()],
        "`slow_rate` has no effect: nothing says how long a slow call is",
        "write `slow = 2s` beside it, or remove it",
    );
}

#[test]
fn a_bulkhead_that_waits_has_a_queue_and_a_rate_limit_a_rate() {
    refused(
        [BulkheadPolicy::new().wait(secs(1)).into()],
        "`wait` has no effect: without a `queue` no call waits",
        "write `queue = 64` beside it, or remove it",
    );
    refused(
        [RateLimitPolicy::new().into()],
        "`rate_limit` needs `max` and `per`",
        "write `max = 100, per = 1s`",
    );
}

#[test]
#[should_panic(expected = "this `timeout` never fires: the one around it ends no later")]
fn the_methods_panic_where_they_are_not_const() {
    let _ = Stack::new("values.rules").timeout(secs(1)).timeout(secs(1));
}
