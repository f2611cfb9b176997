//! The suites of rate limiters, each row a script of words on a rate limit by hand:
//!
//! | word | meaning |
//! |---|---|
//! | `2` | a call of cost 2 is let in at once |
//! | `2x`, `2x=250` | it is refused, with 250 ms to go |
//! | `2!` | it never can be let in |
//! | `w2=200` | it waits, and is let in after 200 ms |
//! | `w2x`, `w2x@100` | one that would wait is refused at once; under a deadline of 100 ms |
//! | `r2` | it waits, and is kept; `g`: the oldest that is kept is let in; `c`, `C`: the oldest, the newest is dropped |
//! | `f` | it is let in, if need be after the time that the refusal says |
//! | `+100ms` | time passes |
//!
//! `(..)*5` repeats words. The suites: golang.org/x/time (rate/rate_test.go, 10 a second), governor
//! (governor/tests/direct.rs), resilience4j (`resilience4j-ratelimiter/src/test/java/io/github/resilience4j/
//! ratelimiter/internal/`, cycles of 250 ms), failsafe-go (ratelimiter/, test/).
//!
//! | case | where it stands |
//! |---|---|
//! | x/time: a clock that jumps back, a limit or a burst that is set later | not ours: the clock never goes back, and settings stay |
//! | x/time: limits of 0 and infinity | tests/ui/rate_limit: refused |
//! | x/time `TestLongRunningQPS`, governor `actual_threadsafety`, `stresstest_large_quotas` | here in one thread; resil-runtime/src/rate_limit/tests/bound.rs in eight |
//! | governor `check_only`, `consume` | not ours: a call is let in or not; `available()` looks |
//! | governor keyed | tests/rate_limit/keys.rs |
//! | resilience4j `reserveManyCyclesIfWegith..`, drain, `changeLimitForPeriod` | not ours, settings stay; a cost above the burst is never possible |

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use resil::event::StopReason::Exhausted;
use resil::{Deadline, Error, RateLimit, RateLimitPolicy, rate_limit, retry};
use tokio::time::{Instant, advance};

use crate::stage::{Case, Step, steps};
use crate::support::{Fault, ms, poll_once};

type Kept = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// One row.
struct Row {
    says: &'static str,
    source: &'static str,
    policy: RateLimitPolicy,
    play: &'static str,
}

struct Play {
    limit: RateLimit,
    kept: Vec<Kept>,
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

impl Play {
    async fn word(&mut self, word: &str) -> Result<(), String> {
        let refused = |out: Result<(), Error>| match out {
            Err(Error::RateLimited { retry_after, .. }) => Ok(retry_after),
            other => Err(format!("{other:?}")),
        };
        let at_once = async |cost: u32, within: Option<u64>| {
            let began = Instant::now();
            let acquire = self.limit.acquire(cost);
            let out = match within {
                Some(left) => Deadline::after(ms(left)).scope(acquire).await,
                None => acquire.await,
            };
            (out, began.elapsed())
        };
        if let Some(cost) = word.strip_prefix('r') {
            let limit = self.limit;
            let cost = number(cost);
            let mut call: Kept = Box::pin(async move { limit.acquire(cost).await });
            let poll = poll_once(call.as_mut()).await;
            self.kept.push(call);
            return if poll.is_pending() {
                Ok(())
            } else {
                Err(format!("{poll:?}"))
            };
        }
        match word {
            "g" => {
                let poll = poll_once(self.kept.remove(0).as_mut()).await;
                return match poll {
                    Poll::Ready(Ok(())) => Ok(()),
                    other => Err(format!("{other:?}")),
                };
            }
            "c" => {
                drop(self.kept.remove(0));
                return Ok(());
            }
            "C" => {
                drop(self.kept.pop());
                return Ok(());
            }
            "f" => {
                if let Err(Error::RateLimited { retry_after, .. }) = self.limit.try_acquire(1) {
                    advance(retry_after.expect("a time")).await;
                    return self.limit.try_acquire(1).map_err(|e| e.to_string());
                }
                return Ok(());
            }
            _ => {}
        }
        if let Some(rest) = word.strip_prefix('w') {
            if let Some((cost, wait)) = rest.split_once('=') {
                let (out, took) = at_once(number(cost), None).await;
                let is = out.is_ok() && took == ms(number(wait).into());
                return if is {
                    Ok(())
                } else {
                    Err(format!("{out:?} after {took:?}"))
                };
            }
            let (rest, within) = match rest.split_once('@') {
                Some((rest, left)) => (rest, Some(number(left).into())),
                None => (rest, None),
            };
            let cost = rest.trim_end_matches(['x', '!']);
            let (out, took) = at_once(number(cost), within).await;
            let never = refused(out)?.is_none();
            let is = took == Duration::ZERO && never == rest.ends_with('!');
            return if is {
                Ok(())
            } else {
                Err(format!("after {took:?}, never: {never}"))
            };
        }
        let (word, left) = match word.split_once('=') {
            Some((word, left)) => (word, Some(ms(number(left).into()))),
            None => (word, None),
        };
        let out = self
            .limit
            .try_acquire(number(word.trim_end_matches(['x', '!'])));
        if word.ends_with(['x', '!']) {
            let retry_after = refused(out)?;
            let is = retry_after.is_none() == word.ends_with('!')
                && left.is_none_or(|left| retry_after == Some(left));
            return if is {
                Ok(())
            } else {
                Err(format!("{retry_after:?}"))
            };
        }
        out.map_err(|e| e.to_string())
    }
}

/// The words of a script, `(..)*n` written out.
fn words(play: &str) -> String {
    let Some((before, rest)) = play.split_once('(') else {
        return play.to_owned();
    };
    let (inside, rest) = rest.split_once(")*").expect("a number of times");
    let (times, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let repeated = vec![inside; usize::try_from(number(times)).unwrap()].join(" ");
    format!("{before}{repeated} {}", words(rest))
}

async fn play(system: &str, rows: &[Row]) {
    for (i, row) in rows.iter().enumerate() {
        let limit = rate_limit(&format!("cases.{system}.{i}"));
        assert!(limit.configure(row.policy));
        let kept = Vec::new();
        let mut play = Play { limit, kept };
        for (at, word) in words(row.play).split_whitespace().enumerate() {
            if word.starts_with('+') {
                let [Step('+', Some(time))] = steps(word)[..] else {
                    panic!("no time: {word}")
                };
                advance(ms(time)).await;
            } else if let Err(seen) = play.word(word).await {
                panic!("{} ({}): word {at}, `{word}`: {seen}", row.says, row.source);
            }
        }
    }
}

fn row(
    says: &'static str,
    source: &'static str,
    policy: RateLimitPolicy,
    play: &'static str,
) -> Row {
    Row {
        says,
        source,
        policy,
        play,
    }
}

const fn per_second(max: u32, burst: u32) -> RateLimitPolicy {
    RateLimitPolicy::new().max(max).burst(burst)
}

/// Ten a second, and calls wait as long as they have to.
const fn ten(burst: u32) -> RateLimitPolicy {
    per_second(10, burst).wait(Duration::from_secs(9))
}

#[tokio::test(start_paused = true)]
async fn x_time_rate() {
    play("xtime", &[
        row("one at once", "TestLimiterBurst1", ten(1), "1 1x 1x +100ms 1 1x 1x +100ms 2! 1 1x"),
        row("three at once", "TestLimiterBurst3", ten(3),
            "2 2x 1 1x +100ms 4! +100ms 1 +100ms 1 +100ms 1 1 1x 1x +500ms 3 0"),
        row("of fifteen at once five are let in", "TestSimultaneousRequests", per_second(1, 5), "(1)*5 (1x)*10"),
        row("five seconds of 500 a second: the burst and 100 a second", "TestLongRunningQPS", per_second(100, 100),
            "(1)*100 1x (+10ms 1 1x)*500"),
        row("reservations act in their turn", "TestSimpleReserve", ten(2), "2 r2 +300ms g w2=100"),
        row("reservations among calls that do not wait", "TestMix", ten(2), "3! 2 +100ms 2x r2 1x +200ms 1"),
        row("one that never can be takes nothing", "TestCancelInvalid", ten(2), "2 w3! w2=200"),
        row("the last one gives its tokens back", "TestCancelLast", ten(2), "2 r2 +100ms c w2=100"),
        row("after it acted it gives nothing back", "TestCancelTooLate", ten(2), "2 r2 +300ms g w2=100"),
        row("ours: one that was not polled since did not act, and gives them back", "TestCancelTooLate", ten(2),
            "2 r2 +300ms c 2"),
        row("before another one of the same size: nothing", "TestCancel0Tokens", ten(2), "2 r1 r1 c w1=300"),
        row("before a smaller one: one back, the next at 400 ms; ours: only the last one gives back", "TestCancel1Token",
            ten(2), "2 r2 r1 +200ms c w2=300"),
        row("the last one and one before it: three back; ours: the last one's", "TestCancelMulti", ten(4),
            "4 r3 r1 r1 +100ms C c w3=600"),
        row("no farther ahead than 100 ms", "TestReserveMax", per_second(10, 2).wait(Duration::from_millis(100)),
            "2 r1 w1x"),
        row("one that waits", "TestWaitSimple", ten(3), "w4! 2 w3=200"),
        row("one that is dropped while it waits", "TestWaitCancel", ten(3), "2 r3 +100ms c 2"),
        row("one that cannot be in time is refused at once", "TestWaitTimeout", ten(3), "2 w3x@100 1"),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn governor() {
    let of = |max| per_second(max, max);
    play(
        "governor",
        &[
            row("the first one", "accepts_first_cell", of(5), "1"),
            row(
                "two a second, twice",
                "rejects_too_many",
                of(2),
                "1 +1ms 1 +1ms 1x +1000ms 1 +1ms 1 +1ms 1x",
            ),
            row(
                "after a long pause no more than the burst (issues 107, 249)",
                "does_not_allow_one_extra_cell_after_longer_interval",
                of(5),
                "(1)*5 1x +2s (1)*5 1x",
            ),
            row(
                "two at a time",
                "never_allows_more_than_capacity_all",
                of(4),
                "2 2 +1ms 2x +1000ms 2 +1ms 2 +1ms 2x",
            ),
            row(
                "more than the burst, now and later",
                "rejects_too_many_all",
                of(5),
                "15! +3s 15!",
            ),
            row(
                "and it takes nothing",
                "all_capacity_check_rejects_excess",
                of(5),
                "15! 7! 6! 5",
            ),
            row(
                "the time that a refusal says is enough",
                "correct_wait_time",
                of(5),
                "(+1ms f)*20",
            ),
            row(
                "twenty, and one more after a second",
                "actual_threadsafety",
                of(20),
                "(1)*20 +2ms 1x +998ms 1",
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn resilience4j() {
    let quarter = RateLimitPolicy::new()
        .max(1)
        .per(Duration::from_millis(250));
    let patient = quarter.wait(Duration::from_millis(250));
    play(
        "r4j",
        &[
            row(
                "one a cycle, and the time to the next one",
                "AtomicRateLimiterTest.acquireAndRefreshWithEventPublishing",
                quarter,
                "1 1x=250 1x=250 +250ms 1 1x=250",
            ),
            row(
                "the next cycle's is reserved; ours: 250 ms from there, not from a cycle",
                "AtomicRateLimiterTest.reserveAndRefresh",
                patient,
                "1 r1 +250ms g 1x=250",
            ),
            row(
                "the one after that is too far, and cycles that pass save nothing up",
                "AtomicRateLimiterTest.reserveFewThenSkipCyclesBeforeRefresh",
                patient,
                "1 r1 w1x +1250ms g 1 1x",
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn failsafe_go() {
    // Spread over the second (smooth), and all at once (bursty), which ours are with their burst.
    let smooth = per_second(10, 1);
    play(
        "failsafe",
        &[
            row(
                "smooth: one every 100 ms",
                "ratelimiter/smoothratelimiterstats_test.go",
                smooth,
                "1 1x=100 +50ms 1x=50 +50ms 1 +350ms 1 1x",
            ),
            row(
                "smooth, waiting: each 100 ms after the one before",
                "ratelimiter/ratelimiter_test.go",
                ten(1),
                "1 w1=100 w1=100 w1=100",
            ),
            row(
                "a wait that is too long takes nothing",
                "ratelimiter/ratelimiter_test.go",
                smooth.wait(Duration::from_millis(150)),
                "1 r1 w1x c w1=100",
            ),
            row(
                "bursty: ten at once; ours: then evenly, and not all at the next second",
                "ratelimiter/burstyratelimiterstats_test.go",
                per_second(10, 10),
                "(1)*10 1x=100 +1s (1)*10 1x",
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn failsafe_go_l04_a_retry_above_a_rate_limit() {
    // Seven attempts, three of them runs, as a refusal is retried at once; ours: it is retried when it
    // says, so that five of the seven run.
    #[retry(max = 7, base = 1ms, jitter = none)]
    #[rate_limit(max = 3, per = 1s)]
    async fn call(case: &Case) -> Result<u32, Fault> {
        case.body.run().await
    }
    let case = Case::new(
        "5 runs",
        "test/policy_composition_test.go 'with RateLimiter'",
        "FFFFF",
    );
    case.play("F", || call(&case)).await;
    case.retries(6);
    case.stops([Exhausted]);
}
