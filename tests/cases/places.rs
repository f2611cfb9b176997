//! The suites of bulkheads and of concurrency limits, each row a script of words on a bulkhead by hand:
//!
//! | word | meaning |
//! |---|---|
//! | `i` | a call goes in at once, and stays; `x`: one is refused; `o`: the oldest that is inside ends |
//! | `w` | a call waits; `g`: the oldest that waits is in now; `t`: it is refused now; `d`: it is dropped |
//! | `l3` | the limit is set |
//! | `2/1` | so many are inside, and so many wait |
//! | `+50ms` | time passes |
//!
//! The suites: resilience4j (`resilience4j-bulkhead/src/test/java/io/github/resilience4j/bulkhead/internal/
//! SemaphoreBulkheadTest`), Netflix (`concurrency-limits-core/src/test/java/com/netflix/concurrency/limits/`),
//! failsafe-go (test/bulkhead_test.go, test/policy_composition_test.go), Polly (a rate-limiter strategy over a
//! `ConcurrencyLimiter`). Those of MicroProfile (D01 to D04) are in tests/bulkhead/cases.rs.
//!
//! | case | where it stands |
//! |---|---|
//! | resilience4j, an interrupted thread that waits | not ours: a future is dropped; `acquire_blocking` is never interrupted |
//! | resilience4j `testZeroMaxConcurrentCalls` | tests/ui/bulkhead: 0 is refused; by hand it is 1 |
//! | resilience4j `FixedThreadPoolBulkhead` | not ours: a bulkhead has no threads |
//! | Netflix partitions, LIFO | not ours: keys are limits of their own, and who came first goes first |
//! | Netflix AIMD, Vegas, Gradient2 | tests/bulkhead/adaptive.rs, simulation.rs: the rule is one, and Gradient2 is beside it there |

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use resil::event::StopReason::Final;
use resil::{BulkheadPlace, BulkheadPolicy, Error, bulkhead, circuit, retry};
use tokio::time::advance;

use crate::stage::{Case, Step, steps};
use crate::support::{Fault, ms, poll_once};

type Waits = Pin<Box<dyn Future<Output = Result<BulkheadPlace, Error>>>>;

struct Row {
    says: &'static str,
    source: &'static str,
    policy: BulkheadPolicy,
    play: &'static str,
}

async fn play(system: &str, rows: &[Row]) {
    for (i, row) in rows.iter().enumerate() {
        let b = bulkhead(&format!("cases.{system}.{i}"));
        assert!(b.configure(row.policy));
        let mut inside = VecDeque::new();
        let mut waiting: VecDeque<Waits> = VecDeque::new();
        for (at, word) in row.play.split_whitespace().enumerate() {
            let why = || format!("{} ({}): word {at}, `{word}`, {b:?}", row.says, row.source);
            match word {
                "i" => inside.push_back(b.try_acquire().unwrap_or_else(|_| panic!("{}", why()))),
                "x" => assert!(b.try_acquire().is_err(), "{}", why()),
                "o" => drop(inside.pop_front().expect("one is inside")),
                "w" => {
                    let mut call: Waits = Box::pin(async move { b.acquire().await });
                    assert!(poll_once(call.as_mut()).await.is_pending(), "{}", why());
                    waiting.push_back(call);
                }
                "g" | "t" => {
                    let mut call = waiting.pop_front().expect("one waits");
                    match (word, poll_once(call.as_mut()).await) {
                        ("g", Poll::Ready(Ok(place))) => inside.push_back(place),
                        ("t", Poll::Ready(Err(Error::BulkheadFull { .. }))) => {}
                        (_, poll) => panic!("{poll:?}: {}", why()),
                    }
                }
                "d" => drop(waiting.pop_front().expect("one waits")),
                _ => {
                    if let Some(limit) = word.strip_prefix('l') {
                        b.set_limit(limit.parse().unwrap());
                    } else if let [Step('+', Some(time))] = steps(word)[..] {
                        advance(ms(time)).await;
                    } else {
                        let is = format!("{}/{}", b.in_flight(), b.waiting());
                        assert_eq!(is, word, "{}", why());
                    }
                }
            }
        }
    }
}

fn row(
    says: &'static str,
    source: &'static str,
    policy: BulkheadPolicy,
    play: &'static str,
) -> Row {
    Row {
        says,
        source,
        policy,
        play,
    }
}

const fn at_most(max: u32) -> BulkheadPolicy {
    BulkheadPolicy::new().max(max)
}

const fn queued(max: u32, queue: u32, wait: u64) -> BulkheadPolicy {
    at_most(max).queue(queue).wait(Duration::from_millis(wait))
}

#[tokio::test(start_paused = true)]
async fn resilience4j() {
    play("bulkhead.r4j", &[
        row("two are let in, the third is not, and each one that ends makes room", "testBulkhead", at_most(2),
            "i i 2/0 x o 1/0 o 0/0 i 1/0"),
        row("a call waits for 50 ms, and no longer; ours: where it has a queue", "testTryEnterWithTimeout", queued(1, 1, 50),
            "i w +49ms 1/1 +1ms t 1/0"),
        row("and for 10 ms", "testEntryTimeout", queued(1, 1, 10), "i w +10ms t"),
        row("the limit is changed while nobody is inside", "changePermissionsInIdleState", at_most(3), "l5 i i i i i x o o o o o l2 i i x"),
        row("it is raised under a call; lowering it waits for the call; ours: it is lowered at once and ends nobody",
            "changePermissionsCountWhileOneThreadIsRunningWithThisPermission", at_most(1),
            "i x l2 i x l1 2/0 x o 1/0 x o 0/0 i x"),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn netflix() {
    play(
        "bulkhead.netflix",
        &[
            row(
                "lowered from ten to one under ten calls, it lets one in when all have ended",
                "limiter/BlockingLimiterTest.test",
                at_most(10),
                "i i i i i i i i i i x l1 o o o o o o o o o 1/0 x o i x",
            ),
            row(
                "eight that wait for one place all get it",
                "limiter/BlockingLimiterTest.testMultipleBlockedThreads",
                queued(1, 8, 1_000),
                "i w w w w w w w 1/7 o g o g o g o g o g o g o g o 0/0",
            ),
            row(
                "one that waits is let in when the limit is raised",
                "limiter/BlockingLimiterTest",
                queued(1, 8, 1_000),
                "i w w l2 g 2/1 l3 g 3/0",
            ),
            row(
                "without a free place a call is refused",
                "limiter/SimpleLimiterTest",
                at_most(10),
                "i i i i i i i i i i x o i x",
            ),
            row(
                "one that has waited too long is refused, and leaves nothing",
                "limiter/DeadlineLimiterTest",
                queued(1, 8, 20),
                "i w w +20ms t t 1/0 o 0/0 i",
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn failsafe_go() {
    play(
        "bulkhead.failsafe",
        &[
            row(
                "without a wait the third is refused",
                "test/bulkhead_test.go",
                at_most(2),
                "i i x 2/0",
            ),
            row(
                "one that waits gets the place of one that ends",
                "test/bulkhead_test.go",
                queued(2, 9, 1_000),
                "i i w o g 2/0",
            ),
            row(
                "and none after its time",
                "test/bulkhead_test.go",
                queued(2, 9, 100),
                "i i w +100ms t",
            ),
            row(
                "L11: one that its caller leaves takes nothing",
                "test/cancellation_test.go",
                queued(2, 9, 1_000),
                "i i w w d o g 2/0",
            ),
        ],
    )
    .await;
}

/// The retry runs seven times against a full bulkhead; ours: a refusal is final, and neutral for a circuit.
#[tokio::test(start_paused = true)]
async fn failsafe_go_l04_a_retry_above_a_full_bulkhead() {
    #[circuit(name = "cases.l04", failures = 1)]
    #[retry(max = 7, base = 1ms)]
    #[bulkhead(name = "cases.l04", max = 1)]
    async fn call(case: &Case) -> Result<u32, Fault> {
        case.body.run().await
    }
    let source = "test/policy_composition_test.go 'with Bulkhead'";
    let case = Case::new("no run, the error is that of the bulkhead", source, "S");
    case.play("S", || call(&case)).await;
    let place = bulkhead("cases.l04").try_acquire().unwrap();
    let out = call(&case).await;
    assert!(
        matches!(out, Err(Fault::Resil(Error::BulkheadFull { .. }))),
        "{out:?}"
    );
    drop(place);
    case.retries(0);
    case.stops([Final]);
    case.row("cases.l04", 0);
}
