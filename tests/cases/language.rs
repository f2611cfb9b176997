//! LANGUAGE.md, sections 3, 4, 5 and 7: the sentences that no other target holds to account.
//! `docs/coverage.md` says of every sentence which test fails without it.

use std::future::pending;
use std::time::Duration;

use resil::CircuitState::Closed;
use resil::event::StopReason::{self, Budget, Cancelled, Deadline as AtDeadline, Exhausted, Final};
use resil::{CircuitPolicy, Deadline, Error, Window, breaker, circuit, retry, timeout};
use tokio::time::{advance, sleep};

use crate::by_hand::{Row, play};
use crate::stage::{Case, cases};
use crate::support::{Fault, Record, ms};

// Section 3.
cases! {
    unlimited_is_bounded_by_the_budget:
        "`unlimited` may stand beside the default budget, which is then what bounds a storm: 100 retries",
        "section 3, budget";
        #[retry(constant, max = unlimited, within = 1h, base = 1ms, jitter = none)]
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF F"
            => "FF", retries(100), stops([Budget, Budget]);
    within_is_checked_before_each_delay:
        "at the end of `within` counts as after it", "section 3, `within`";
        #[retry(constant, max = 9, base = 100ms, jitter = none, within = 200ms)]
        "FF" => "F", at([0, 100]), took(100), stops([StopReason::Within]);
    asked_for_by_the_refusal_below:
        "an open circuit says when to come again, and `on` may wait for that", "section 3, `on`, `retry_after`";
        #[retry(max = 2, base = 1ms, on(Fault::Resil(Error::CircuitOpen { .. })))]
        #[circuit(failures = 1, open_for = 4s)]
        "F S" => "F S", gaps([(4_000, 5_280)]);
    asked_longer_than_the_cap:
        "and not where that is longer than `cap`", "section 3, `retry_after`";
        #[retry(max = 2, base = 1ms, cap = 3s, on(Fault::Resil(Error::CircuitOpen { .. })))]
        #[circuit(failures = 1, open_for = 4s)]
        "F" => "F X", took(0), stops([Final, StopReason::AskedLonger]);
    the_refusal_is_what_comes_back:
        "the refusal of a layer below is the error of the last attempt", "section 3, errors";
        #[retry(max = 5, base = 1ms)]
        #[circuit(failures = 2)]
        "FF" => "X", stops([Final]);
    an_ok_that_asks_gives_nothing_back:
        "an `Ok` that asks for another try when none is left is no success to the budget", "section 3, budget";
        #[retry(max = 2, base = 1ms, on_ok(0), budget = (capacity = 10, cost = 5))]
        "RR RR R" => "RRR", stops([Exhausted, Exhausted, Budget]);
    cancelled_in_the_delay:
        "dropped in the wait: the event says so", "section 3, why no attempt follows";
        #[retry(constant, max = 3, base = 1s, jitter = none)]
        "F" => "W(500)", stops([Cancelled]);
    cancelled_in_a_later_attempt:
        "dropped in a later attempt: the event says so", "section 3, why no attempt follows";
        #[retry(constant, max = 3, base = 1s, jitter = none)]
        "FH" => "W(1500)", stops([Cancelled]), cut(1);
    cancelled_in_the_first_attempt:
        "dropped in the first: nothing had failed, and nothing is told", "section 3, why no attempt follows";
        #[retry(max = 3)]
        "H" => "W(500)", stops([]), cut(1);
    cut_by_the_timeout_around:
        "an outer timeout drops it all the same", "section 3, why no attempt follows";
        #[timeout(1s)]
        #[retry(constant, max = 3, base = 100ms, jitter = none)]
        "FH" => "T", stops([Cancelled]), took(1_000);
    a_panic_is_not_told_as_cancelled:
        "a panic in a later attempt goes on, and is no cancellation", "section 3, a panic is never retried";
        #[retry(constant, max = 3, base = 100ms, jitter = none)]
        "FP" => "P", stops([]);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_by_the_callers_deadline_is_not_waited_for() {
    // Section 3: it never sleeps just to fail, after a timeout of its own attempt as well.
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    #[timeout(1s)]
    async fn call(case: &Case) -> Result<u32, Fault> {
        case.body.run().await
    }
    let case = Case::new("one attempt", "section 3", "H");
    case.play("T", || Deadline::after(ms(500)).scope(call(&case)))
        .await;
    case.took(500);
    case.stops([AtDeadline]);
}

// Section 4.

#[tokio::test(start_paused = true)]
async fn the_limit_counts_from_the_end_of_the_first_poll() {
    #[timeout(1s)]
    async fn call(later: u64) -> Result<(), Fault> {
        // The clock moves within the first poll, which ends after that.
        advance(ms(300)).await;
        sleep(ms(later)).await;
        Ok(())
    }
    let r = Record::new();
    assert_eq!(call(999).await, Ok(()));
    assert_eq!(r.elapsed(), 1_299);
    let r = Record::new();
    assert!(call(1_100).await.is_err());
    assert_eq!(r.elapsed(), 1_300);
}

#[tokio::test(start_paused = true)]
async fn or_from_the_first_look_at_the_deadline() {
    #[timeout(1s)]
    async fn call() -> Result<(), Fault> {
        let _ = Deadline::current();
        advance(ms(300)).await;
        sleep(ms(800)).await;
        Ok(())
    }
    let r = Record::new();
    assert!(call().await.is_err());
    assert_eq!(r.elapsed(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_carried_into_a_task_cuts_what_is_in_it_and_is_neutral_to_its_circuit() {
    #[circuit(name = "language.task", failures = 1)]
    #[timeout(5s)]
    async fn inside() -> Result<(), Error> {
        pending().await
    }
    let r = Record::new();
    let out = Deadline::after(ms(200))
        .scope(async { resil::spawn(inside()).await.unwrap() })
        .await;
    assert!(matches!(
        out,
        Err(Error::Timeout {
            inherited: true,
            ..
        })
    ));
    assert_eq!(r.elapsed(), 200);
    assert_eq!(breaker("language.task").state(), Closed);
    // Without it, the function's own limit: a failure.
    assert!(resil::spawn(inside()).await.unwrap().is_err());
    assert_ne!(breaker("language.task").state(), Closed);
}

// Section 5.

const TIMED: CircuitPolicy = CircuitPolicy::new()
    .failure_rate(1.0)
    .window(Window::Time(Duration::from_secs(10)));

const fn row(
    id: &'static str,
    says: &'static str,
    policy: CircuitPolicy,
    play: &'static str,
) -> Row {
    Row {
        id,
        says,
        source: "section 5",
        policy,
        play,
    }
}

#[tokio::test(start_paused = true)]
async fn windows_and_openings() {
    const LEAVES: &str = "S +8999ms 1/0 +1001ms 0/0";
    play(&[
        row(
            "language.leaves.0",
            "an outcome leaves between 0.9 and 1 window after it came",
            TIMED,
            LEAVES,
        ),
        row(
            "language.leaves.1",
            "wherever the borders of its buckets fall",
            TIMED,
            "+333ms S +8999ms 1/0 +1001ms 0/0",
        ),
        row(
            "language.leaves.2",
            "wherever they fall",
            TIMED,
            "+777ms S +8999ms 1/0 +1001ms 0/0",
        ),
        row(
            "language.min",
            "`min_calls` is 20 where the window is a time",
            TIMED,
            "FFFFFFFFFF FFFFFFFFF =closed 19/19 F =open",
        ),
        row(
            "language.rate",
            "a ratio is reached, not passed",
            TIMED.failure_rate(0.25).min_calls(4),
            "SSSF =open",
        ),
        row(
            "language.rate.below",
            "and below it nothing happens",
            TIMED.failure_rate(0.26).min_calls(4),
            "SSSF =closed",
        ),
        row(
            "language.lost",
            "a lost probe does not double the time, a failed one does",
            CircuitPolicy::new()
                .failures(1)
                .open_for(Duration::from_secs(10)),
            "F refused:10s..12s +12s h X +10s h X +10s F refused:20s..24s",
        ),
        row(
            "language.closing",
            "a closing resets it",
            CircuitPolicy::new()
                .failures(1)
                .open_for(Duration::from_secs(10)),
            "F +12s F +24s S F refused:10s..12s",
        ),
        row(
            "language.default.max",
            "up to ten times `open_for`, jitter beside it",
            CircuitPolicy::new()
                .failures(1)
                .open_for(Duration::from_secs(1)),
            "F +2s F +3s F +5s F +10s F +12s F refused:10s..12s",
        ),
    ])
    .await;
}
