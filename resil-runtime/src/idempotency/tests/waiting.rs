//! Many calls with one key.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::*;
use crate::clock::now;
use crate::deadline::Deadline;

/// Counts how often `future` is polled.
async fn polls<F: Future>(future: F, n: &Cell<u32>) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        n.set(n.get() + 1);
        future.as_mut().poll(cx)
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn d17_d18_a_hundred_calls_with_one_key_run_once_and_wait_without_polling() {
    let store = store();
    let runs = Rc::new(Cell::new(0));
    let local = tokio::task::LocalSet::new();
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let runs = Rc::clone(&runs);
            local.spawn_local(async move {
                let n = Cell::new(0);
                let body = async {
                    runs.set(runs.get() + 1);
                    sleep(Duration::from_secs(9)).await;
                    Ok(7u8)
                };
                let answer = polls(call(store, &PLAIN, key("a"), body), &n).await;
                assert_eq!(answer, Ok(7));
                n.get()
            })
        })
        .collect();
    local.await;
    for call in calls {
        assert!(call.await.unwrap() < 5);
    }
    assert_eq!(runs.get(), 1);
    assert!(store.waiters.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d18_a_hundred_calls_on_many_threads_run_once() {
    let store = store();
    for round in 0..50u32 {
        let runs = Arc::new(AtomicU32::new(0));
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let runs = Arc::clone(&runs);
                tokio::spawn(async move {
                    let site = IdempotentSite::new(&SITE, None);
                    let gate = conversions::<Answered<u32>, u32, ShopError>();
                    let codec = recorded::<Answered<u32>, u32, ShopError>();
                    let state = CallState::new();
                    let begin =
                        site.of(None)
                            .begin_in(store, &PLAIN, key(&round), None, codec, &state);
                    match begin.await {
                        ClaimOutcome::Run(claim) => {
                            let body = async {
                                // Every third start fails, and the next waiter runs.
                                let nth = runs.fetch_add(1, Relaxed);
                                tokio::task::yield_now().await;
                                if nth < 2 {
                                    Err(ShopError::Declined)
                                } else {
                                    Ok(round)
                                }
                            };
                            let body = async { wrap_body(watch(body, &state).await, gate) };
                            claim.run(body).await.is_ok()
                        }
                        ClaimOutcome::Replay(v) => v == Ok(round),
                        ClaimOutcome::Refuse(r) => panic!("{r:?}"),
                    }
                })
            })
            .collect();
        let mut ok = 0;
        for call in calls {
            ok += u32::from(call.await.unwrap());
        }
        assert_eq!((ok, runs.load(Relaxed)), (98, 3));
    }
    assert!(store.waiters.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_owner_wakes_the_next_one_or_tells_all() {
    for on_abandon in [OnAbandon::Retry, OnAbandon::Indeterminate] {
        let (store, policy) = (store(), PLAIN.on_abandon(on_abandon));
        let hang = async {
            sleep(Duration::from_secs(1 << 30)).await;
            Ok(0u8)
        };
        let mut owner = Box::pin(call(store, &policy, key("a"), hang));
        begin_to_run(owner.as_mut()).await;
        let waiter = async |n: u8| call(store, &policy, key("a"), async move { Ok(n) }).await;
        let drop_it = async {
            tokio::task::yield_now().await;
            drop(owner);
        };
        let t = now();
        let (a, b, ()) = tokio::join!(waiter(1), waiter(2), drop_it);
        assert_eq!(now(), t);
        if on_abandon == OnAbandon::Retry {
            assert_eq!((a, b), (Ok(1), Ok(1)));
        } else {
            for e in [refused(a), refused(b)] {
                assert!(matches!(e, IdempotencyError::Indeterminate { .. }), "{e}");
            }
        }
        assert!(store.waiters.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn d17_waiters_of_a_leaked_owner_run_one_after_the_other() {
    let store = store();
    let hang = async {
        sleep(Duration::from_secs(1 << 30)).await;
        Ok(0u8)
    };
    let mut owner = Box::pin(call(store, &PLAIN, key("a"), hang));
    begin_to_run(owner.as_mut()).await;
    std::mem::forget(owner);
    let runs = Cell::new(0);
    let n = Cell::new(0);
    let one = || {
        let body = async {
            runs.set(runs.get() + 1);
            sleep(Duration::from_secs(1)).await;
            Ok(runs.get())
        };
        polls(call(store, &PLAIN, key("a"), body), &n)
    };
    let all = tokio::join!(one(), one(), one());
    assert_eq!(all, (Ok(1), Ok(1), Ok(1)));
}

#[tokio::test(start_paused = true)]
async fn a_second_caller_is_rejected_where_it_is_so_written() {
    let (store, policy) = (store(), PLAIN.conflict(Conflict::Reject));
    let slow = async {
        sleep(Duration::from_secs(4)).await;
        Ok(1u8)
    };
    let second = async {
        sleep(Duration::from_secs(3)).await;
        call(store, &policy, key("a"), async { Ok(2u8) }).await
    };
    let (first, second) = tokio::join!(call(store, &policy, key("a"), slow), second);
    assert_eq!(first, Ok(1));
    let expected = IdempotencyError::InProgress {
        name: "shop::charge",
        retry_in: Some(Duration::from_secs(27)),
    };
    assert_eq!(refused(second), expected);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_waits_at_most_to_the_deadline_in_force() {
    let (store, heard) = (store(), listen());
    let slow = async {
        sleep(Duration::from_secs(100)).await;
        Ok(1u8)
    };
    let mut owner = Box::pin(call(store, &PLAIN, key("a"), slow));
    begin_to_run(owner.as_mut()).await;
    let ask = async || call(store, &PLAIN, key("a"), async { Ok(2u8) }).await;
    let t = now();
    let scoped = Deadline::after(Duration::from_secs(7)).scope(ask());
    let e = refused(scoped.await);
    assert!(matches!(e, IdempotencyError::InProgress { .. }), "{e}");
    assert_eq!((now() - t).as_secs(), 7);
    assert_eq!(
        heard.take(),
        [IdempotencyEvent::Waiting, IdempotencyEvent::InProgress]
    );
    // A `#[timeout]` around it in the same stack is one too, and says why before it fires.
    let limited = timeout(Duration::from_secs(5), async {
        wrap_body(ask().await, conversions::<Answered<u8>, _, _>())
    });
    let limited = limited
        .await
        .unwrap_or_else(|elapsed| refuse_late(elapsed, &SITE, Duration::from_secs(5), None));
    let answer = into_return(limited, conversions::<Answered<u8>, _, _>());
    let e = refused(answer);
    assert!(matches!(e, IdempotencyError::InProgress { .. }), "{e}");
    assert_eq!((now() - t).as_secs(), 12);
    // One that has passed does not wait at all.
    let past = Deadline::at(now()).scope(ask());
    refused(past.await);
    assert_eq!((now() - t).as_secs(), 12);
    assert!(store.waiters.is_empty());
    // A deadline later than the result is nothing to it.
    let scoped = Deadline::after(Duration::from_secs(500)).scope(ask());
    assert_eq!(tokio::join!(owner, scoped), (Ok(1), Ok(1)));
}

#[tokio::test(start_paused = true)]
async fn too_many_waiters_are_told_that_it_is_in_progress() {
    let store = store();
    let slow = async {
        sleep(Duration::from_secs(4)).await;
        Ok(1u8)
    };
    let mut owner = Box::pin(call(store, &PLAIN, key("a"), slow));
    begin_to_run(owner.as_mut()).await;
    let mut waiters = Vec::new();
    for _ in 0..1_024 {
        let mut waiter = Box::pin(call(store, &PLAIN, key("a"), async { Ok(2u8) }));
        begin_to_run(waiter.as_mut()).await;
        waiters.push(waiter);
    }
    let e = refused(call(store, &PLAIN, key("a"), async { Ok(3u8) }).await);
    assert!(matches!(e, IdempotencyError::InProgress { .. }), "{e}");
    drop(waiters.split_off(1));
    let (first, waiter) = tokio::join!(owner, waiters.remove(0));
    assert_eq!((first, waiter), (Ok(1), Ok(1)));
    assert!(store.waiters.is_empty());
}

#[test]
fn d21_a_waiter_is_woken_from_another_runtime() {
    let store = store();
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    };
    let (started, when_started) = tokio::sync::oneshot::channel::<()>();
    let (end, when_ended) = tokio::sync::oneshot::channel::<()>();
    std::thread::scope(|s| {
        s.spawn(move || {
            runtime().block_on(call(store, &PLAIN, key("a"), async {
                started.send(()).unwrap();
                when_ended.await.unwrap();
                Ok(1u8)
            }))
        });
        let answer = runtime().block_on(async {
            when_started.await.unwrap();
            let mut waiter = pin!(call(store, &PLAIN, key("a"), async { Ok(2u8) }));
            begin_to_run(waiter.as_mut()).await;
            end.send(()).unwrap();
            waiter.await
        });
        assert_eq!(answer, Ok(1));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d17_d18_no_call_is_lost_and_no_two_run_at_a_time() {
    use std::sync::atomic::AtomicBool;

    static RUNNING: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];
    struct Runs(usize);
    impl Drop for Runs {
        fn drop(&mut self) {
            RUNNING[self.0].store(false, Relaxed);
        }
    }

    let store = store();
    let policy = PLAIN.ttl(Duration::from_nanos(1));
    let t = now();
    let tasks = (0..16u32).map(|task| {
        tokio::spawn(async move {
            let codec = recorded::<Answered<u32>, u32, ShopError>();
            for i in 0..500u32 {
                let n = task.wrapping_mul(7_919).wrapping_add(i.wrapping_mul(31));
                let k = (i % 3) as usize;
                let state = CallState::new();
                let body = async {
                    assert!(!RUNNING[k].swap(true, Relaxed), "two at a time");
                    let _runs = Runs(k);
                    for _ in 0..n % 5 {
                        tokio::task::yield_now().await;
                    }
                    if n % 3 == 0 {
                        Err(Failure::Body(ShopError::Declined))
                    } else {
                        Ok(n)
                    }
                };
                let call = IdempotentSite::new(&SITE, None)
                    .of(None)
                    .begin_in(store, &policy, key(&k), None, codec, &state)
                    .run(watch(body, &state));
                // Every fourth one gives up after a few polls, wherever it stands.
                let mut call = pin!(call);
                let mut left = if n % 4 == 0 { n % 7 } else { u32::MAX };
                poll_fn(|cx| {
                    if left == 0 {
                        return Poll::Ready(());
                    }
                    left -= 1;
                    match call.as_mut().poll(cx) {
                        Poll::Ready(Err(Failure::Policy(r))) => panic!("{r:?}"),
                        poll => {
                            if left < 10 {
                                cx.waker().wake_by_ref();
                            }
                            poll.map(drop)
                        }
                    }
                })
                .await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    // A call that was lost would have waited for the end of a lease.
    assert!(now() - t < LEASE);
    assert!(store.waiters.is_empty());
}
