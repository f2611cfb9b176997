//! A body that blocks its thread for longer than its lease: no sign of life was given, and the store
//! knows whether that mattered.

use std::pin::pin;

use super::*;
use resil_runtime::clock::now;

const STRICT: IdempotentPolicy = PLAIN.on_abandon(OnAbandon::Indeterminate);

/// Moves the clock on inside one poll.
async fn block(d: Duration) {
    begin_to_run(pin!(tokio::time::advance(d))).await;
}

async fn again(shared: &Shared, policy: &IdempotentPolicy) -> Kept<u8> {
    call_on(shared, policy, key("a"), async { Ok(9) }).await
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_where_nobody_claimed() {
    // Within the lease, but past the last moment for a sign of life; at its end; long after it.
    for blocked in [LEASE * 95 / 100, LEASE, LEASE * 7] {
        for policy in [PLAIN, STRICT] {
            let (flaky, heard) = (Flaky::sound(), listen());
            let shared = Shared::new(flaky.clone());
            let body = async {
                block(blocked).await;
                sleep(LEASE / 2).await;
                block(blocked).await;
                sleep(LEASE * 3).await;
                Ok(1)
            };
            assert_eq!(call_on(&shared, &policy, key("a"), body).await, Ok(1));
            assert_eq!(again(&shared, &policy).await, Ok(1));
            assert_eq!(heard.take(), [IdempotencyEvent::Replayed]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn its_result_is_recorded_where_nobody_claimed() {
    for policy in [PLAIN, STRICT] {
        let (flaky, heard) = (Flaky::sound(), listen());
        let shared = Shared::new(flaky.clone());
        let mut n = 0;
        // The first try to record it fails, too.
        flaky.plan(move |step| {
            n += u32::from(step == Step::Complete);
            Fate {
                lost_reply: step == Step::Complete && n == 1,
                ..Fate::default()
            }
        });
        let body = async {
            block(LEASE * 3).await;
            Ok(1)
        };
        assert_eq!(call_on(&shared, &policy, key("a"), body).await, Ok(1));
        assert_eq!(again(&shared, &policy).await, Ok(1));
        assert_eq!(heard.take(), [IdempotencyEvent::Replayed]);
    }
}

/// Both callers of the issue: in one thread, one after the other.
#[tokio::test(start_paused = true)]
async fn who_waits_meanwhile_shares_its_result() {
    for policy in [PLAIN, STRICT] {
        for shared in [memory(), Shared::new(Flaky::sound())] {
            let owner = call_on(&shared, &policy, key("a"), async {
                sleep(ms(10)).await;
                block(LEASE * 2).await;
                tokio::task::yield_now().await;
                Ok(1)
            });
            let waiter = again(&shared, &policy);
            assert_eq!(tokio::join!(owner, waiter), (Ok(1), Ok(1)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_dropped_where_another_one_claimed() {
    let memory = Memory::default();
    let (one, two) = (memory.clone(), memory);
    let (one, two) = (Shared::new(one), Shared::new(two));
    let went_on = Arc::new(Mutex::new(false));
    let mark = Arc::clone(&went_on);
    let owner = call_on(&one, &PLAIN, key("a"), async {
        block(LEASE * 2).await;
        // Another process, while this one stands still.
        let other = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build();
            runtime.unwrap().block_on(async {
                tokio::time::advance(LEASE * 3).await;
                call_on(&two, &PLAIN, key("a"), async { Ok(2) }).await
            })
        });
        assert_eq!(other.join().unwrap(), Ok(2));
        tokio::task::yield_now().await;
        *mark.lock().unwrap() = true;
        Ok(1)
    });
    let e = refusal(owner.await);
    assert!(matches!(e, IdempotencyError::LeaseLost { .. }), "{e}");
    assert!(!*went_on.lock().unwrap());
    assert_eq!(again(&one, &PLAIN).await, Ok(2));
}

/// Until the store has said whose the key is the body takes no step.
#[tokio::test(start_paused = true)]
async fn it_stands_still_until_the_store_has_answered() {
    let flaky = Flaky::sound();
    flaky.plan(|step| Fate {
        before: if step == Step::Renew {
            LEASE / 10
        } else {
            Duration::ZERO
        },
        ..Fate::default()
    });
    let shared = Shared::new(flaky);
    let start = now();
    let body = async {
        block(LEASE * 2).await;
        tokio::task::yield_now().await;
        Ok(now() - start)
    };
    let went_on = call_on(&shared, &PLAIN, key("a"), body).await;
    assert_eq!(went_on, Ok(LEASE * 2 + LEASE / 10));
}

#[tokio::test(start_paused = true)]
async fn it_is_dropped_where_the_store_does_not_answer() {
    for hangs in [false, true] {
        let (flaky, heard) = (Flaky::sound(), listen());
        let shared = Shared::new(flaky.clone());
        flaky.plan(move |step| Fate {
            lost_request: step == Step::Renew,
            hangs,
            ..Fate::default()
        });
        let start = now();
        let body = async {
            block(LEASE * 2).await;
            sleep(LEASE * 9).await;
            Ok(1)
        };
        let e = refusal(call_on(&shared, &PLAIN, key("a"), body).await);
        assert!(matches!(e, IdempotencyError::LeaseLost { .. }), "{e}");
        let waited = (now() - start).saturating_sub(LEASE * 2);
        assert!(waited <= LEASE + ms(1), "{waited:?}");
        assert_eq!(heard.take(), [IdempotencyEvent::LeaseLost]);
    }
}

/// Its own sign of life is under way while it blocks: the answer comes late, and counts from when it
/// was asked.
#[tokio::test(start_paused = true)]
async fn a_sign_of_life_that_was_under_way_is_followed_by_another_one() {
    let flaky = Flaky::sound();
    let mut n = 0;
    flaky.plan(move |step| {
        n += u32::from(step == Step::Renew);
        Fate {
            after: if step == Step::Renew && n == 1 {
                LEASE / 10
            } else {
                Duration::ZERO
            },
            ..Fate::default()
        }
    });
    let shared = Shared::new(flaky.clone());
    let body = async {
        sleep(LEASE / 3 + ms(5)).await;
        block(LEASE * 2).await;
        tokio::task::yield_now().await;
        Ok(1)
    };
    assert_eq!(call_on(&shared, &PLAIN, key("a"), body).await, Ok(1));
    assert!(flaky.count(Step::Renew) >= 2);
    assert_eq!(again(&shared, &PLAIN).await, Ok(1));
}
