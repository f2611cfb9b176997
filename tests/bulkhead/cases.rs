//! The cases of other systems about bulkheads: docs/published-cases.md, D01 to D04 and parts of L04 and
//! L11.

use super::*;

/// D01: n run, the next one is refused; one leaves, one more is let in, and the next one is refused.
#[tokio::test(start_paused = true)]
async fn d01_a_semaphore_of_3_of_10_and_of_the_default() {
    for n in [3, 10, 16] {
        let name = format!("d01-{n}");
        let b = bulkhead(&name);
        if n != 16 {
            assert!(b.configure(BulkheadPolicy::new().max(n)));
        }
        let mut places: Vec<_> = (0..n).map(|_| b.try_acquire().unwrap()).collect();
        assert!(b.try_acquire().is_err());
        drop(places.pop());
        places.push(b.try_acquire().unwrap());
        assert!(b.try_acquire().is_err());
    }
}

/// D02: n run, q wait, the next one is refused. When one ends, exactly one that waits begins, and one
/// more may wait.
#[tokio::test(start_paused = true)]
async fn d02_a_queue_behind_it() {
    for (n, q) in [(10, 10), (3, 10), (5, 5)] {
        let name = format!("d02-{n}-{q}");
        let b = bulkhead(&name);
        assert!(b.configure(BulkheadPolicy::new().max(n).queue(q)));
        let mut places: Vec<_> = (0..n).map(|_| b.try_acquire().unwrap()).collect();
        let mut waiting: Vec<_> = (0..q).map(|_| Box::pin(b.acquire())).collect();
        for call in &mut waiting {
            assert!(poll_once(call.as_mut()).await.is_pending());
        }
        assert!(b.acquire().await.is_err());
        drop(places.pop());
        let mut began = Vec::new();
        for call in &mut waiting {
            began.push(poll_once(call.as_mut()).await);
        }
        assert_eq!(began.iter().filter(|polled| polled.is_ready()).count(), 1);
        drop((waiting, began));
        assert_eq!((b.in_flight(), b.waiting()), (n - 1, 0));
    }
}

/// D02: and one more may wait then.
#[tokio::test(start_paused = true)]
async fn d02_one_more_may_wait_when_one_has_begun() {
    let b = bulkhead("d02-more");
    assert!(b.configure(BulkheadPolicy::new().max(1).queue(1)));
    let place = b.try_acquire().unwrap();
    let mut first = Box::pin(b.acquire());
    assert!(poll_once(first.as_mut()).await.is_pending());
    drop(place);
    let _place = first.await.unwrap();
    let mut second = Box::pin(b.acquire());
    assert!(poll_once(second.as_mut()).await.is_pending());
    assert!(b.acquire().await.is_err());
}

/// D03: a place is held until the future is done, not until it was made.
#[tokio::test(start_paused = true)]
async fn d03_a_place_is_held_until_the_call_ends() {
    #[bulkhead(name = "d03", max = 1)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    let mut call = Box::pin(f(&r));
    assert!(poll_once(call.as_mut()).await.is_pending());
    advance(ms(9)).await;
    assert!(poll_once(call.as_mut()).await.is_pending());
    assert_eq!(state("d03").1, 1);
    assert!(call.await.is_ok());
    assert_eq!(state("d03").1, 0);
}

/// D04: a semaphore ignores the queue. Here `try_acquire` does: it never waits.
#[test]
fn d04_a_place_by_hand_may_be_asked_for_without_a_wait() {
    let b = bulkhead("d04");
    assert!(b.configure(BulkheadPolicy::new().max(1).queue(10)));
    let _place = b.try_acquire().unwrap();
    assert!(b.try_acquire().is_err());
    assert_eq!(b.waiting(), 0);
}

/// L04: retry (7 runs) around a bulkhead that is full: no body runs, and the error is the refusal. Here
/// it is final unless `on` names it.
#[tokio::test(start_paused = true)]
async fn l04_a_retry_around_a_full_bulkhead() {
    #[retry(constant, max = 7, base = 1ms, jitter = none)]
    #[bulkhead(name = "l04", max = 1)]
    async fn final_(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    #[retry(
        constant, max = 7, base = 1ms, jitter = none,
        on(Fault::Resil(Error::BulkheadFull { .. }))
    )]
    #[bulkhead(name = "l04")]
    async fn named(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    assert!(final_(&r).await.is_ok());
    let _place = bulkhead("l04").try_acquire().unwrap();
    let events = Events::of("l04");
    assert_eq!(letter(&final_(&r).await), 'X');
    assert_eq!(events.all().len(), 1);
    assert_eq!(letter(&named(&r).await), 'X');
    assert_eq!(events.all().len(), 8);
    assert_eq!(r.count(), 1);
}

/// L11: a call that is cancelled while it waits runs no body. Under a timeout the wait ends when that
/// does, and no body runs; the error is the refusal here, as the call never began.
#[tokio::test(start_paused = true)]
async fn l11_a_wait_that_is_cancelled_and_one_that_is_cut() {
    #[timeout(50ms)]
    #[bulkhead(name = "l11", max = 1, queue = 5)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let _place = bulkhead("l11").try_acquire().unwrap();
    let r = Record::new();
    let cancelled = tokio::time::timeout(ms(20), f(&r)).await;
    assert!(cancelled.is_err());
    assert_eq!(letter(&f(&r).await), 'X');
    assert_eq!((r.count(), r.elapsed()), (0, 70));
}
