//! sony/gobreaker (v2/gobreaker_test.go), and Hystrix
//! (hystrix-core/src/test/java/com/netflix/hystrix/HystrixCircuitBreakerTest.java).
//!
//! | case | where it stands |
//! |---|---|
//! | G01 | here; ours: five in a row and 30 s |
//! | G02, G03, G04 | here by attribute; resil-runtime/tests/circuit/tripping.rs and half_open.rs by hand |
//! | G05, G06, G07 | here |
//! | G12 | here; half_open.rs `g12_..` for a probe that never comes back |
//! | G13 | here; tripping.rs `g13_..`, half_open.rs `f08_g13_..`, stack.rs `d11_g13_..` |

use resil::CircuitState::{Closed, HalfOpen, Open};
use std::time::Duration;

use resil::{CircuitPolicy, circuit, timeout};

use crate::by_hand::{Row, play};
use crate::stage::cases;
use crate::support::Fault;

cases! {
    g01: "the defaults: six in a row and 60 s; ours: five, 30 s and up to a fifth more",
        "TestNewCircuitBreaker";
        #[circuit(name = "go.g01")]
        "FFFFF S" => "FFFFF X +29999ms X +6001ms S", state("go.g01", Closed);
    g02: "five, a success, six: open; a failed probe opens again, a good one closes",
        "TestDefaultCircuitBreaker";
        #[circuit(name = "go.g02", failures = 6, open_for = 60s, open_max = 60s)]
        "FFFFF S F FFFFF F S" => "FFFFF S F FFFFF X +59999ms X +12001ms F X +72s S",
        state("go.g02", Closed), row("go.g02", 0);
    g03: "three of five at 60 % and neutral ones that count for nothing; half-open lets three in",
        "TestCustomCircuitBreaker";
        #[circuit(name = "go.g03", failure_rate = 60%, window = 30s, min_calls = 3, probes = 3,
                  open_for = 90s, open_max = 90s, ignore(Fault::Final))]
        "SFB SFB SFB SFB SFB FSF BBBB F SS S"
            => "SFF SFF SFF SFF SFF +30s FSF X +108s FFFF F X +108s SS S",
        state("go.g03", Closed);
    g05: "a panic is a failure and goes on", "TestPanicInRequest";
        #[circuit(name = "go.g05", failures = 1)]
        "P" => "P X", state("go.g05", Open);
    g06: "a call that outlives the window it began in is ignored; ours: it counts when it ends, only a change of state makes it stale",
        "TestGeneration";
        #[circuit(name = "go.g06", failure_rate = 100%, window = 30s, min_calls = 9)]
        "F(1000)" => "+29500ms F", counts("go.g06", 1, 1);
    g07: "what is no failure by the user's word", "TestCustomIsSuccessful";
        #[circuit(name = "go.g07", failures = 5, failure_rate = 100%, window = 9, on(Fault::Final))]
        "FFFFF" => "FFFFF", state("go.g07", Closed), counts("go.g07", 5, 0);
}

// Hystrix.
cases! {
    g12: "a probe that its caller leaves does not wedge it", "testUnsubscriptionDoesNotLeaveCircuitStuckHalfOpen";
        #[circuit(name = "hystrix.g12", failure_rate = 50%, window = 10s, min_calls = 4, open_for = 1s)]
        "FFFF H S" => "FFFF X +1200ms D +1s S", state("hystrix.g12", Closed);
    g13_single_test: "one probe after the window, and none besides it", "testSingleTestOnOpenCircuitAfterTimeWindow";
        #[circuit(name = "hystrix.single", failures = 4, open_for = 1s)]
        "FFFF" => "FFFF XXX +1s +200ms", state("hystrix.single", HalfOpen);
    g13_timeouts: "four timeouts of four", "testTripCircuitOnTimeouts";
        #[circuit(failure_rate = 50%, window = 10s, min_calls = 4)]
        #[timeout(50ms)]
        "HHHH" => "TTTT X";
    g13_timeouts_around: "and so do four that a timeout around the circuit cuts", "testTripCircuitOnTimeouts";
        #[timeout(50ms)]
        #[circuit(failure_rate = 50%, window = 10s, min_calls = 4)]
        "HHHH" => "TTTT X", cut(4);
    g13_timeouts_above: "five timeouts of nine, 56 %", "testTripCircuitOnTimeoutsAboveThreshold";
        #[circuit(failure_rate = 50%, window = 10s, min_calls = 9)]
        #[timeout(50ms)]
        "SSHSSHHHH" => "SSTSSTTTT X";
    g13_low_volume: "too few calls never trip it, all of them failures", "testLowVolumeDoesNotTripCircuit";
        #[circuit(name = "hystrix.low", failure_rate = 50%, window = 10s, min_calls = 5)]
        "FFFF" => "FFFF", state("hystrix.low", Closed), counts("hystrix.low", 4, 4);
    g13_closes: "the good probe closes it, with nothing of before counted", "testCircuitClosedAfterSuccess";
        #[circuit(name = "hystrix.closes", failures = 4, open_for = 1s)]
        "FFFF S FFF" => "FFFF X +1200ms S FFF", state("hystrix.closes", Closed), row("hystrix.closes", 3);
    g13_reopens: "a failed probe opens it again for the whole time", "testMultipleTimeWindowRetriesBeforeClosingCircuit";
        #[circuit(name = "hystrix.again", failures = 4, open_for = 1s, open_max = 1s)]
        "FFFF F F S" => "FFFF X +1200ms F X +999ms X +201ms F XX +1200ms S", state("hystrix.again", Closed);
    g13_half_open: "a probe that hangs keeps the others out", "testSingleTestOnOpenCircuitAfterTimeWindow";
        #[circuit(name = "hystrix.half", failures = 1, open_for = 1s)]
        "F H" => "F +1200ms D", state("hystrix.half", HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn g06_generations() {
    const POLICY: CircuitPolicy = CircuitPolicy::new()
        .failures(2)
        .open_for(Duration::from_secs(1))
        .open_max(Duration::from_secs(1));
    let row = |id, says, play| Row {
        id,
        says,
        source: "TestGeneration; gobreaker issue 122",
        policy: POLICY,
        play,
    };
    play(&[
        row(
            "go.g06.success",
            "an old success is no probe's: it closes nothing and frees no place",
            "h FF =open +2s h out:1 s =half out:1 X s =closed",
        ),
        row(
            "go.g06.failure",
            "an old failure opens nothing again",
            "h FF =open +2s h f =half out:1 s =closed",
        ),
        row(
            "go.g06.open",
            "nor does it lengthen an opening, or count in the closed time after it",
            "hhh FF =open f =open X +2s S =closed f =closed 0/0 n F =closed F =open",
        ),
        row(
            "go.g06.reset",
            "a reset makes stale what is out",
            "hh !reset ff =closed 0/0 F =closed F =open",
        ),
    ])
    .await;
}
