//! failsafe-go (github.com/failsafe-go/failsafe-go). `maxAttempts` counts as `max` does.
//!
//! | case | where it stands |
//! |---|---|
//! | G08, closed state | here, and resil-runtime/tests/circuit/tripping.rs `g08_..` |
//! | G09 | here: ours is one rule, so many successes close and one failure opens |
//! | G10 | resil-runtime/tests/circuit/half_open.rs `d9_g10_q15_..` |
//! | G11 | here, and tripping.rs `g11_g13_..` |
//! | J03 | not ours: a budget by concurrency |
//! | J04 | here: the error of ours is the body's own |
//! | L02, L03 | here, and tests/circuit/place.rs `above_retry_it_sees_one_outcome_..` |
//! | L04 | `limiters.rs`, `places.rs` |
//! | L05, the fallback of L07 | `fallbacks.rs` |
//! | L08, L09, J04 of hedges | `hedging.rs` |
//! | L10 | cache: no such policy |
//! | L07 | tests/timeout/main.rs `l07_..`; an inner timeout that is not shorter is refused |

use resil::CircuitState::{Closed, Open};
use resil::event::StopReason::{Budget, Deadline as AtDeadline, Exhausted, Final};
use resil::{Deadline, circuit, retry, timeout};

use crate::stage::{Case, cases};
use crate::support::{Fault, ms};

// Closed and half-open.
cases! {
    g08_row: "three in a row", "circuitbreaker/closedstate_test.go";
        #[circuit(failures = 3)]
        "FSFFF" => "FSFF F X";
    g08_ratio: "two of three", "circuitbreaker/closedstate_test.go";
        #[circuit(failure_rate = 66.6%, window = 3)]
        "FSF" => "FSF X";
    g08_alternating: "forty that alternate never reach 3 of 4", "circuitbreaker/closedstate_test.go";
        #[circuit(failure_rate = 75%, window = 4)]
        "SFSFSFSFSFSFSFSFSFSFSFSFSFSFSFSFSFSFSFSF" => "SFSFSFSFSFSFSFSFSFSFSFSFSFSFSFSFSFSFSFSF";
    g09_success_threshold: "three successes are asked for: S S F opens", "circuitbreaker/halfopenstate_test.go";
        #[circuit(name = "fs.g09.a", failures = 2, probes = 3, open_for = 1s)]
        "FF SSF" => "FF +2s SSF X", state("fs.g09.a", Open);
    g09_success_threshold_met: "S S S closes", "circuitbreaker/halfopenstate_test.go";
        #[circuit(name = "fs.g09.b", failures = 2, probes = 3, open_for = 1s)]
        "FF SSS" => "FF +2s SSS", state("fs.g09.b", Closed);
    g09_success_ratio: "S F F of four stays half-open and a third failure opens; ours: the first opens",
        "circuitbreaker/halfopenstate_test.go";
        #[circuit(failures = 1, probes = 4, open_for = 1s)]
        "F SF" => "F +2s SF XX";
    g09_failure_threshold: "F F F opens, F S closes at once; ours: F opens, S closes",
        "circuitbreaker/halfopenstate_test.go";
        #[circuit(name = "fs.g09.d", failures = 3, open_for = 1s, open_max = 1s)]
        "FFF F S" => "FFF +2s F X +2s S", state("fs.g09.d", Closed);
    g11_threshold: "two within 200 ms", "test/circuitbreaker_test.go 'should support time based failure threshold'";
        #[circuit(failure_rate = 100%, window = 200ms, min_calls = 2)]
        "FF" => "F +100ms F X";
    g11_threshold_apart: "and not with 200 ms in between", "test/circuitbreaker_test.go, the same";
        #[circuit(failure_rate = 100%, window = 200ms, min_calls = 2)]
        "FFF" => "F +200ms F +200ms F";
    g11_rate: "half of three within 200 ms", "test/circuitbreaker_test.go '.. rate thresholding'";
        #[circuit(failure_rate = 50%, window = 200ms, min_calls = 3)]
        "SFF" => "SF F X";
}

// Composition.
cases! {
    l01: "retry around a circuit of three failures: two and a success leave it closed",
        "test/policy_composition_test.go 'with CircuitBreaker - success after failures'";
        #[retry(max = unlimited, within = 1h, base = 1ms)]
        #[circuit(name = "fs.l01", failures = 3, failure_rate = 100%, window = 10, open_for = 10m)]
        "FFS" => "S", state("fs.l01", Closed), counts("fs.l01", 3, 2);
    l02: "a circuit of one: the body runs once and the refusal comes back; ours: it is not retried",
        "test/policy_composition_test.go 'with CircuitBreaker - open'";
        #[retry(max = 3, base = 1ms)]
        #[circuit(failures = 1)]
        "F" => "X", retries(1), stops([Final]);
    l02_seven: "a circuit of three below seven attempts: three runs",
        "test/circuitbreaker_test.go 'with rejected retries'";
        #[retry(max = 7, base = 1ms)]
        #[circuit(name = "fs.l02", failures = 3)]
        "FFF" => "X", state("fs.l02", Open), stops([Final]);
    l03: "the circuit above sees one failure of three runs", "test/policy_composition_test.go 'with RetryPolicy'";
        #[circuit(name = "fs.l03", failures = 3)]
        #[retry(max = 3, base = 1ms)]
        "FFF" => "F", state("fs.l03", Closed), row("fs.l03", 1);
    l06: "two attempts time out and see themselves cut, the third is fast",
        "test/policy_composition_test.go 'with Timeout'";
        #[retry(max = 3, base = 1ms)]
        #[timeout(50ms)]
        "S(100)S(100)S" => "S", timeouts(2), cut(2);
    j04: "refused by the budget: one run; ours: and its own error",
        "test/budget_test.go 'when retries exceeded'";
        #[retry(max = 3, base = 1ms, budget = (capacity = 10, cost = 5))]
        "FFF F" => "FF", stops([Exhausted, Budget]);
    l11_during_body: "the caller leaves during the body: it ran once and sees itself dropped",
        "test/cancellation_test.go";
        #[retry(max = 3, base = 1ms)]
        "S(1000)" => "W(100) +5s", cut(1), retries(0);
    l11_during_delay: "the caller leaves during the delay: one run", "test/cancellation_test.go";
        #[retry(constant, max = 3, base = 1s, jitter = none)]
        "F" => "W(100) +5s", cut(0), retries(1);
    g09_left: "a probe that its caller leaves gives its place back", "test/cancellation_test.go";
        #[circuit(name = "fs.left", failures = 1, open_for = 1s)]
        "F HH S" => "F +2s DD S", state("fs.left", Closed), cut(2);
}

#[tokio::test(start_paused = true)]
async fn l11_deadline_of_the_caller() {
    // The caller's deadline ends it at one attempt; ours: with the attempt's own error, before a
    // wait that could only fail.
    #[retry(constant, max = 9, base = 100ms, jitter = none)]
    async fn call(case: &Case) -> Result<u32, Fault> {
        case.body.run().await
    }
    let case = Case::new("one attempt", "test/cancellation_test.go", "F(50)");
    case.play("F", || Deadline::after(ms(100)).scope(call(&case)))
        .await;
    case.took(50);
    case.stops([AtDeadline]);
}
