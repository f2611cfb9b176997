//! `max`: so many calls at once, and when a place comes back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

#[tokio::test(start_paused = true)]
async fn so_many_are_inside_at_once_and_the_rest_is_refused() {
    #[bulkhead(name = "limit-max", max = 3)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    assert_eq!(at_once!(5, f(&r)), "...XX");
    assert_eq!(r.count(), 3, "the body of a refused call is not polled");
    assert_eq!(at_once!(3, f(&r)), "...");
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_a_call_is_refused_at_once() {
    #[bulkhead(name = "limit-at-once", max = 1, queue = 0)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    let mut first = Box::pin(f(&r));
    assert!(poll_once(first.as_mut()).await.is_pending());
    let out = poll_once(pin!(f(&r))).await;
    let std::task::Poll::Ready(Err(Fault::Resil(e))) = out else {
        panic!("not refused");
    };
    let Error::BulkheadFull { name, limit, .. } = e.clone() else {
        panic!("{e}");
    };
    assert_eq!((name, limit, e.retry_after()), ("limit-at-once", 1, None));
    assert_eq!(
        e.to_string(),
        "bulkhead `limit-at-once` is full: 1 call at once is allowed"
    );
}

#[tokio::test(start_paused = true)]
async fn a_place_comes_back_however_the_call_ends() {
    #[derive(Clone, Copy)]
    enum End {
        Value,
        Error,
        Panic,
        Drop,
    }
    #[bulkhead(name = "limit-ends", max = 1)]
    async fn f(end: End) -> Result<u32, Fault> {
        tokio::task::yield_now().await;
        match end {
            End::Value => Ok(1),
            End::Error => Err(Fault::Final),
            End::Panic => panic!("the body's own"),
            End::Drop => pending().await,
        }
    }
    for end in [End::Value, End::Error, End::Panic, End::Drop] {
        let mut call = Box::pin(f(end));
        assert!(poll_once(call.as_mut()).await.is_pending());
        assert_eq!(state("limit-ends"), (1, 1, 0));
        match end {
            End::Value => assert_eq!(call.await, Ok(1)),
            End::Error => assert_eq!(call.await, Err(Fault::Final)),
            End::Panic => {
                let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
                let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut cx)));
                assert!(polled.is_err());
                // The place is free though the future is still there.
                assert_eq!(state("limit-ends"), (1, 0, 0));
            }
            End::Drop => drop(call),
        }
        assert_eq!(state("limit-ends"), (1, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_is_held_from_the_first_poll_and_not_before() {
    #[bulkhead(name = "limit-poll", max = 1)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    let unpolled = f(&r);
    assert_eq!(state("limit-poll").1, 0);
    assert_eq!(f(&r).await, Ok(1));
    drop(unpolled);
}

#[tokio::test(start_paused = true)]
async fn the_hand_sets_the_limit_and_shares_the_places() {
    #[bulkhead(name = "limit-hand", max = 1, queue = 5)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    assert_eq!(f(&r).await, Ok(1));
    let place = bulkhead("limit-hand").try_acquire().unwrap();
    let mut call = Box::pin(f(&r));
    assert!(poll_once(call.as_mut()).await.is_pending());
    assert_eq!(state("limit-hand"), (1, 1, 1));
    bulkhead("limit-hand").set_limit(2);
    assert_eq!(call.await, Ok(2));
    drop(place);
    assert_eq!(state("limit-hand"), (2, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_and_a_change_of_the_limit_are_events() {
    #[bulkhead(name = "limit-events", max = 1)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let events = Events::of("limit-events");
    let r = Record::new();
    assert_eq!(at_once!(2, f(&r)), ".X");
    let (out, report) = resil::trace(async {
        let _place = bulkhead("limit-events").try_acquire().unwrap();
        f(&r).await
    })
    .await;
    assert_eq!(letter(&out), 'X');
    assert_eq!((report.refusals, report.attempts), (1, 0));
    assert_eq!(report.function, Some("limit-events"));
    bulkhead("limit-events").set_limit(4);
    let all = events.all();
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(matches!(
        all[0],
        Event::BulkheadRefused {
            name: "limit-events",
            key: None,
            limit: 1,
            call: Some(_),
            ..
        }
    ));
    assert!(all[0].call().is_some());
    assert!(matches!(
        all[2],
        Event::BulkheadLimitChanged {
            name: "limit-events",
            key: None,
            from: 1,
            to: 4,
            ..
        }
    ));
    let places: Vec<_> = (0..4)
        .map(|_| bulkhead("limit-events").try_acquire().unwrap())
        .collect();
    assert!(bulkhead("limit-events").try_acquire().is_err());
    drop(places);
    assert!(matches!(
        events.all()[3],
        Event::BulkheadRefused {
            limit: 4,
            call: None,
            ..
        }
    ));
}
