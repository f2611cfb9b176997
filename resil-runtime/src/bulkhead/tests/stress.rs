//! Many threads: the limit holds, and no place is lost.

use std::sync::atomic::AtomicU32;

use super::*;

const THREADS: u64 = 4;
const CALLS: u64 = if cfg!(miri) { 20 } else { 2_000 };

/// Calls that go in, are dropped while they wait, or are dropped before they look at their turn. The
/// limit goes up and down meanwhile.
#[test]
fn under_a_crowd_the_limit_holds_and_all_places_come_back() {
    const MOST: u32 = 5;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .unwrap();
    let policy = BulkheadPolicy::new().max(3).queue(8).wait(ms(1_000));
    let b = of("stress", policy);
    let inside = Arc::new(AtomicU32::new(0));
    runtime.block_on(async {
        let tasks: Vec<_> = (0..THREADS * 4)
            .map(|task| {
                let inside = Arc::clone(&inside);
                tokio::spawn(async move {
                    for call in 0..CALLS / 4 {
                        if task == 0 {
                            b.set_limit(1 + u32::try_from(call).unwrap() % MOST);
                        }
                        let mut acquire = acquire(b);
                        let done =
                            std::future::poll_fn(|cx| Poll::Ready(acquire.as_mut().poll(cx)));
                        let place = match done.await {
                            Poll::Ready(place) => place,
                            Poll::Pending if call % 3 == 0 => continue,
                            Poll::Pending => acquire.await,
                        };
                        if place.is_ok() {
                            let now = inside.fetch_add(1, SeqCst) + 1;
                            assert!(now <= MOST, "{now}");
                            tokio::task::yield_now().await;
                            inside.fetch_sub(1, SeqCst);
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!((b.in_flight(), b.waiting()), (0, 0));
    b.set_limit(2);
    let both = (b.try_acquire().unwrap(), b.try_acquire().unwrap());
    assert!(b.try_acquire().is_err());
    drop(both);
}

/// Threads that block, beside tasks.
#[test]
fn blocked_threads_get_all_their_turns() {
    let b = of("stress-blocking", BulkheadPolicy::new().max(2).queue(100));
    std::thread::scope(|s| {
        for _ in 0..THREADS {
            s.spawn(move || {
                for _ in 0..CALLS / 10 {
                    drop(b.acquire_blocking().unwrap());
                }
            });
        }
    });
    assert_eq!((b.in_flight(), b.waiting()), (0, 0));
}
