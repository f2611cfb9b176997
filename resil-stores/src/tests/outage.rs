//! The store is away at the claim: who is refused, and what runs unprotected.

use super::*;
use resil_runtime::Deadline;
use resil_runtime::clock::now;
use resil_runtime::idempotency::store::{BoxFuture, StoreResult};

async fn answers(n: u32) -> Kept<u32> {
    Ok(n)
}

fn is_refused(answer: Kept<u32>) {
    let e = refusal(answer);
    assert!(matches!(e, IdempotencyError::Store { .. }), "{e}");
}

/// Answers each claim after so long.
fn slow_to_claim(by: Duration) -> Flaky {
    Flaky::new(Memory::default(), move |step| Fate {
        before: if step == Step::Claim { by } else { ms(0) },
        ..Fate::default()
    })
}

#[tokio::test(start_paused = true)]
async fn d18_while_the_store_is_away_nothing_runs_unless_it_may() {
    let (flaky, heard) = (Flaky::sound(), listen());
    flaky.away();
    let closed = Shared::new(flaky.clone());
    match refusal(call_on(&closed, &PLAIN, key("a"), answers(1)).await) {
        IdempotencyError::Store { source, .. } => {
            assert_eq!(
                source.to_string(),
                "the store `flaky` is not available: connection reset"
            );
        }
        other => panic!("{other:?}"),
    }
    let open = Shared::new(flaky.clone()).open_on_outage(true);
    assert_eq!(call_on(&open, &PLAIN, key("a"), answers(2)).await, Ok(2));
    assert_eq!((closed.outages(), open.outages()), (0, 1));
    assert_eq!(
        heard.take(),
        [IdempotencyEvent::StoreAway, IdempotencyEvent::RanOpen]
    );
    flaky.back();
    closed.drain().await;
    assert_eq!(call_on(&open, &PLAIN, key("a"), answers(3)).await, Ok(3));
    assert_eq!(call_on(&closed, &PLAIN, key("a"), answers(4)).await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn the_callers_deadline_is_no_outage() {
    let (flaky, heard) = (slow_to_claim(ms(500)), listen());
    let shared = Shared::new(flaky).open_on_outage(true);
    let start = now();
    for deadline in [ms(0), ms(100)] {
        let call = call_on(&shared, &PLAIN, key("a"), answers(1));
        is_refused(Deadline::after(deadline).scope(call).await);
    }
    assert_eq!(now() - start, ms(100));
    assert_eq!(heard.take(), [IdempotencyEvent::StoreAway; 2]);
    assert_eq!(shared.outages(), 0);
    // What was sent is given back.
    assert_eq!(call_on(&shared, &PLAIN, key("a"), answers(2)).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn nothing_opens_at_the_moment_a_timeout_above_fires() {
    let shared = Shared::new(slow_to_claim(ms(500))).open_on_outage(true);
    let runs = Cell::new(0);
    for _ in 0..3 {
        let stack = timeout(ms(100), async {
            let body = async {
                runs.set(runs.get() + 1);
                answers(1).await
            };
            let answer = call_on(&shared, &PLAIN, key("a"), body).await;
            wrap_body(answer, conversions::<Kept<u32>, _, _>())
        });
        let out = stack.await;
        let out = out.unwrap_or_else(|elapsed| refuse_late(elapsed, &SITE, ms(100), None));
        is_refused(into_return(out, conversions::<Kept<u32>, _, _>()));
    }
    assert_eq!((runs.get(), shared.outages()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_check_of_a_store_cut_by_the_deadline_is_no_outage() {
    struct Slow(Memory);
    impl Store for Slow {
        fn describe(&self) -> &'static str {
            "slow"
        }
        fn outlives_process(&self) -> bool {
            true
        }
        fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
            Box::pin(async {
                sleep(ms(500)).await;
                Ok(Vec::new())
            })
        }
        resil_runtime::__store_steps!(forward);
    }
    let shared = Shared::new(Slow(Memory::default())).open_on_outage(true);
    let call = call_on(&shared, &PLAIN, key("a"), answers(1));
    is_refused(Deadline::after(ms(100)).scope(call).await);
    assert_eq!(shared.outages(), 0);
    assert_eq!(call_on(&shared, &PLAIN, key("a"), answers(2)).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_opens_before_the_deadline() {
    // Said by the store itself, or by its silence of a whole lease.
    for (fate, after) in [
        (
            Fate {
                before: ms(50),
                lost_request: true,
                ..Fate::default()
            },
            ms(50),
        ),
        (
            Fate {
                lost_request: true,
                hangs: true,
                ..Fate::default()
            },
            LEASE,
        ),
    ] {
        let flaky = Flaky::new(Memory::default(), move |_| fate);
        let shared = Shared::new(flaky).open_on_outage(true);
        let start = now();
        let call = call_on(&shared, &PLAIN, key("a"), answers(1));
        let answer = Deadline::after(LEASE * 2).scope(call).await;
        assert_eq!((answer, now() - start), (Ok(1), after));
        assert_eq!(shared.outages(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_opens_behind_an_owner_that_is_known() {
    let flaky = Flaky::sound();
    let shared = Shared::new(flaky.clone()).open_on_outage(true);
    let slow = async {
        sleep(ms(1_000)).await;
        Ok(1)
    };
    let owner = call_on(&shared, &PLAIN, key("a"), slow);
    let waiters = async {
        sleep(ms(500)).await;
        flaky.away();
        tokio::join!(
            call_on(&shared, &PLAIN, key("a"), answers(2)),
            call_on(&shared, &PLAIN, key("a"), answers(3)),
        )
    };
    let (owner, (one, two)) = tokio::join!(owner, waiters);
    // Its outcome is not recorded, and its claim is still in the store.
    assert_eq!(owner, Ok(1));
    is_refused(one);
    is_refused(two);
    assert_eq!(shared.outages(), 0);
    // One that comes now knows of no owner.
    assert_eq!(call_on(&shared, &PLAIN, key("a"), answers(4)).await, Ok(4));
}
