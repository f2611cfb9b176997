//! `queue` and `wait`: who waits, how long, and who goes in next.

use super::*;

#[tokio::test(start_paused = true)]
async fn so_many_wait_first_come_first_served_and_the_rest_is_refused() {
    #[bulkhead(name = "wait-order", max = 2, queue = 3)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    // The numbers of the attempts are those of the calls, in the order in which they came.
    let calls = (0..7).map(|_| f(&r));
    let ends = futures_util::future::join_all(calls).await;
    let numbers: Vec<_> = ends.iter().flatten().copied().collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!(ends.iter().map(letter).collect::<String>(), ".....XX");
    assert_eq!(r.times(), [0, 0, 10, 10, 20]);
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_no_longer_than_wait() {
    #[bulkhead(name = "wait-longest", max = 1, queue = 9, wait = 25ms)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    assert_eq!(at_once!(5, f(&r)), "...XX");
    assert_eq!((r.times(), r.elapsed()), (vec![0, 10, 20], 30));
}

#[tokio::test(start_paused = true)]
async fn and_no_longer_than_to_the_deadline_in_force() {
    #[bulkhead(name = "wait-deadline", max = 1, queue = 9, wait = 1h)]
    async fn f(r: &Record, time: u64) -> Result<u32, Fault> {
        take(r, time).await
    }
    let r = Record::new();
    let mut first = Box::pin(f(&r, 1_000));
    assert!(poll_once(first.as_mut()).await.is_pending());
    let hasty = Deadline::after(ms(40)).scope(f(&r, 1));
    assert_eq!(letter(&hasty.await), 'X');
    assert_eq!((r.elapsed(), r.count()), (40, 1));
    assert_eq!(state("wait-deadline"), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn without_wait_and_deadline_it_waits_until_there_is_a_place() {
    #[bulkhead(name = "wait-endless", max = 1, queue = 9)]
    async fn f(r: &Record, time: u64) -> Result<u32, Fault> {
        take(r, time).await
    }
    let r = Record::new();
    let (first, second) = tokio::join!(f(&r, 86_400_000), f(&r, 1));
    assert_eq!((first, second), (Ok(1), Ok(2)));
    assert_eq!(r.elapsed(), 86_400_001);
}

/// A `timeout` above finds the refusal: the call never began, and nothing has to be dropped.
#[tokio::test(start_paused = true)]
async fn under_a_timeout_the_wait_ends_with_a_refusal() {
    #[timeout(30ms)]
    #[bulkhead(name = "wait-timeout", max = 1, queue = 9)]
    async fn f(r: &Record, time: u64) -> Result<u32, Fault> {
        take(r, time).await
    }
    let r = Record::new();
    let (first, second) = tokio::join!(f(&r, 1_000), f(&r, 1));
    assert_eq!((letter(&first), letter(&second)), ('T', 'X'));
    assert_eq!((r.elapsed(), r.count()), (30, 1));
}

/// A timeout below begins to count when the call is let in.
#[tokio::test(start_paused = true)]
async fn a_timeout_below_does_not_count_the_wait() {
    #[bulkhead(name = "wait-below", max = 1, queue = 9)]
    #[timeout(30ms)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 20).await
    }
    let r = Record::new();
    assert_eq!(at_once!(4, f(&r)), "....");
    assert_eq!(r.times(), [0, 20, 40, 60]);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_dropped_loses_nobodys_turn() {
    #[bulkhead(name = "wait-drop", max = 1, queue = 9)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    let mut calls: Vec<_> = (0..4).map(|_| Box::pin(f(&r))).collect();
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).await.is_pending());
    }
    assert_eq!(state("wait-drop"), (1, 1, 3));
    drop(calls.remove(2));
    assert_eq!(state("wait-drop"), (1, 1, 2));
    advance(ms(10)).await;
    assert!(poll_once(calls[0].as_mut()).await.is_ready());
    // The next one has a place that it has not found yet.
    assert_eq!(state("wait-drop"), (1, 1, 1));
    drop(calls.remove(1));
    assert_eq!(state("wait-drop"), (1, 1, 0));
    assert!(calls.remove(1).await.is_ok());
    assert_eq!((state("wait-drop"), r.count()), ((1, 0, 0), 2));
}

#[tokio::test(start_paused = true)]
async fn a_place_for_a_call_that_is_not_polled_goes_to_the_next_one_after_10_ms() {
    #[bulkhead(name = "wait-unpolled", max = 1, queue = 9)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 100).await
    }
    let r = Record::new();
    let mut calls: Vec<_> = (0..2).map(|_| Box::pin(f(&r))).collect();
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).await.is_pending());
    }
    // The second call waits in a variable, and is not polled.
    let (first, third) = tokio::join!(calls.remove(0), f(&r));
    assert_eq!((first, third), (Ok(1), Ok(2)));
    assert_eq!(r.times(), [0, 110]);
    assert_eq!(calls.remove(0).await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn a_waiter_whose_deadline_is_past_when_its_turn_comes_is_not_let_in() {
    #[bulkhead(name = "wait-past", max = 1, queue = 9)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 50).await
    }
    let r = Record::new();
    let mut first = Box::pin(f(&r));
    assert!(poll_once(first.as_mut()).await.is_pending());
    let mut late = Box::pin(Deadline::after(ms(50)).scope(f(&r)));
    let mut next = Box::pin(f(&r));
    assert!(poll_once(late.as_mut()).await.is_pending());
    assert!(poll_once(next.as_mut()).await.is_pending());
    advance(ms(50)).await;
    // Its turn comes at the very moment of its deadline.
    assert!(poll_once(first.as_mut()).await.is_ready());
    assert_eq!(state("wait-past"), (1, 1, 0));
    assert_eq!(next.await, Ok(2));
    assert_eq!((letter(&late.await), r.count()), ('X', 2));
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_free_is_taken_without_a_look_at_the_deadline() {
    #[timeout(30ms)]
    #[bulkhead(name = "wait-free", max = 1, queue = 9)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    // A limit that is past on entry still polls once.
    let r = Record::new();
    let out = Deadline::after(Duration::ZERO).scope(f(&r)).await;
    assert_eq!((letter(&out), r.count()), ('T', 1));
}
