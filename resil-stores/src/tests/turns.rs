//! Whose turn it is to ask, among the callers of one process.

use std::cell::Cell;
use std::pin::pin;

use super::*;
use resil_runtime::clock::now;

/// No lease of these tests ends.
const POLICY: IdempotentPolicy = PLAIN.lease(Duration::from_secs(600));

async fn declined() -> Kept<u32> {
    sleep(ms(1_000)).await;
    Err(Declined::Card(1))
}

async fn slow(answer: u32) -> Kept<u32> {
    sleep(ms(1_000)).await;
    Ok(answer)
}

#[tokio::test(start_paused = true)]
async fn d17_a_waiter_that_is_dropped_or_not_polled_holds_up_no_other() {
    for dropped in [true, false] {
        let flaky = Flaky::sound();
        let shared = Shared::new(flaky.clone());
        let one = |answer| Box::pin(call_on(&shared, &POLICY, key("a"), slow(answer)));
        let mut owner = Box::pin(call_on(&shared, &POLICY, key("a"), declined()));
        begin_to_run(owner.as_mut()).await;
        let mut idle = vec![one(1), one(1), one(1)];
        for waiter in &mut idle {
            begin_to_run(waiter.as_mut()).await;
        }
        let (mut next, mut last) = (one(2), one(3));
        begin_to_run(next.as_mut()).await;
        begin_to_run(last.as_mut()).await;
        let t = now();
        assert_eq!(owner.await, Err(Declined::Card(1)));
        // The first ones were called now, and are not polled any more.
        if dropped {
            idle.clear();
        }
        let both = tokio::join!(next, last);
        // In their order, unless nobody knows for how long to wait for those before them.
        let expected = if dropped { Ok(2) } else { both.1.clone() };
        assert_eq!(both, (expected.clone(), expected.clone()));
        assert!(now() - t < ms(2_050), "{:?}", now() - t);
        assert_eq!(flaky.count(Step::Claim), 2);
        for waiter in idle {
            assert_eq!(waiter.await, expected);
        }
        assert_eq!(flaky.count(Step::Claim), 2);
        assert_eq!(shared.live.queues.len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn waiters_get_their_turns_in_their_order() {
    let shared = memory();
    let order = Cell::new(0u32);
    let one = async |n: u32| {
        let body = async {
            order.set(order.get() * 10 + n);
            declined().await
        };
        call_on(&shared, &POLICY, key("a"), body).await
    };
    let t = now();
    let _ = tokio::join!(one(1), one(2), one(3), one(4));
    assert_eq!(order.get(), 1_234);
    assert_eq!(now() - t, ms(4_000));
}

#[tokio::test(start_paused = true)]
async fn d17_one_that_asks_and_is_not_polled_is_passed_over() {
    let flaky = Flaky::sound();
    let (there, here) = (Shared::new(flaky.clone()), Shared::new(flaky));
    let mut owner = Box::pin(call_on(&there, &POLICY, key("a"), declined()));
    begin_to_run(owner.as_mut()).await;
    // It polls the store for the key of the other process, until it is not polled itself.
    let mut idle = pin!(call_on(&here, &POLICY, key("a"), slow(1)));
    begin_to_run(idle.as_mut()).await;
    let mut last = pin!(call_on(&here, &POLICY, key("a"), slow(2)));
    begin_to_run(last.as_mut()).await;
    let t = now();
    assert_eq!(owner.await, Err(Declined::Card(1)));
    assert_eq!(last.await, Ok(2));
    assert!(now() - t < ms(6_500), "{:?}", now() - t);
    assert_eq!(idle.await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn d17_an_owner_that_waiters_passed_over_has_the_turn_again() {
    let flaky = Flaky::sound();
    let shared = Shared::new(flaky.clone());
    // The answer to the claim takes so long that another one asks meanwhile.
    flaky.plan(|step| Fate {
        after: if step == Step::Claim {
            ms(8_000)
        } else {
            ms(0)
        },
        ..Fate::default()
    });
    let mut owner = pin!(call_on(&shared, &POLICY, key("a"), slow(1)));
    let mut waiters: Vec<_> = (0..20)
        .map(|n| Box::pin(call_on(&shared, &POLICY, key("a"), slow(n))))
        .collect();
    begin_to_run(owner.as_mut()).await;
    for waiter in &mut waiters {
        begin_to_run(waiter.as_mut()).await;
    }
    let t = now();
    assert_eq!(owner.await, Ok(1));
    for waiter in waiters {
        assert_eq!(waiter.await, Ok(1));
    }
    assert_eq!(now() - t, ms(9_000));
    assert!(
        flaky.count(Step::Claim) <= 2,
        "{}",
        flaky.count(Step::Claim)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d17_d18_no_turn_is_lost_and_no_two_run_at_a_time() {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    static RUNNING: [AtomicBool; 21] = [const { AtomicBool::new(false) }; 21];
    struct Runs(usize);
    impl Drop for Runs {
        fn drop(&mut self) {
            RUNNING[self.0].store(false, Relaxed);
        }
    }

    let shared = memory();
    let t = now();
    let tasks = (0..16u32).map(|task| {
        let shared = shared.clone();
        tokio::spawn(async move {
            for i in 0..200u32 {
                let n = task.wrapping_mul(7_919).wrapping_add(i.wrapping_mul(31));
                // Each key has a life of a few calls, and then another one comes.
                let k = i % 3 + i / 30 * 3;
                let (k, key) = (k as usize, key(&k));
                let body = async {
                    assert!(!RUNNING[k].swap(true, Relaxed), "two at a time");
                    let _runs = Runs(k);
                    for _ in 0..n % 5 {
                        tokio::task::yield_now().await;
                    }
                    if n.is_multiple_of(8) {
                        Ok(n)
                    } else {
                        Err(Declined::Card(1))
                    }
                };
                let mut call = pin!(call_on(&shared, &POLICY, key, body));
                // Every fourth one gives up after a few polls, wherever it stands.
                let mut left = if n.is_multiple_of(4) { n % 7 } else { u32::MAX };
                std::future::poll_fn(|cx| {
                    if left == 0 {
                        return Poll::Ready(());
                    }
                    left -= 1;
                    let poll = call.as_mut().poll(cx);
                    if left < 10 {
                        cx.waker().wake_by_ref();
                    }
                    poll.map(drop)
                })
                .await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    // A turn that was lost would have been waited for to the end of a lease.
    assert!(now() - t < ms(60_000), "{:?}", now() - t);
    shared.drain().await;
    assert_eq!(shared.live.queues.len(), 0);
}
