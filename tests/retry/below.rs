//! `#[retry]` above other layers, back-offs and retried functions.

use resil::{Jitter, RetryPolicy};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_timeout_below_is_transient_and_an_inner_one_bounds_each_attempt() {
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    #[timeout(1s)]
    async fn f(r: &Record, hang: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        if n <= hang {
            std::future::pending::<()>().await;
        }
        Ok(n)
    }
    let r = Record::new();
    assert_eq!(f(&r, 2).await, Ok(3));
    assert_eq!(r.times(), [0, 1_100, 2_200]);
    let r = Record::new();
    let e = f(&r, 9).await.unwrap_err();
    assert!(
        matches!(e, Fault::Resil(resil::Error::Timeout { limit, .. }) if limit == Duration::from_secs(1)),
        "{e:?}"
    );
    assert_eq!(r.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn patterns_see_what_resil_raised() {
    #[retry(max = 3, base = 1ms, on(Fault::Network(_)))]
    #[timeout(1s)]
    async fn only_network(r: &Record) -> Result<(), Fault> {
        r.attempt();
        std::future::pending().await
    }
    #[retry(max = 3, base = 1ms, unless(Fault::Resil(resil::Error::Timeout { .. })))]
    #[timeout(1s)]
    async fn no_timeouts(r: &Record) -> Result<(), Fault> {
        r.attempt();
        std::future::pending().await
    }
    for which in [true, false] {
        let r = Record::new();
        let out = if which {
            only_network(&r).await
        } else {
            no_timeouts(&r).await
        };
        assert!(matches!(
            out,
            Err(Fault::Resil(resil::Error::Timeout { .. }))
        ));
        assert_eq!(r.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_never_retried() {
    #[retry(max = 3, base = 1ms)]
    async fn f(r: Record) -> Result<(), Fault> {
        r.attempt();
        panic!("the body's own");
    }
    let r = Record::new();
    assert!(tokio::spawn(f(r.clone())).await.unwrap_err().is_panic());
    assert_eq!(r.count(), 1);
}

// A back-off of the user's own.

#[tokio::test(start_paused = true)]
async fn backoff_gives_the_delays() {
    struct Twice(u32, Vec<Option<Duration>>);
    impl resil::Backoff for Twice {
        fn delay(&mut self, retry: u32, previous: Option<Duration>) -> Option<Duration> {
            self.1.push(previous);
            assert_eq!(
                self.1.len(),
                retry as usize,
                "one per call, kept between its retries"
            );
            (retry <= self.0).then(|| previous.map_or(ms(10), |d| d * 3))
        }
    }
    #[retry(max = 9, backoff = Twice(allowed, Vec::new()), cap = 50ms)]
    async fn own(r: &Record, allowed: u32) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 3, backoff = |n| ms(u64::from(n) * u64::from(step)))]
    async fn closure(r: &Record, step: u32) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, backoff = |_| ms(100), jitter = equal)]
    async fn jittered(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    let _ = own(&r, 3).await;
    // 10, 30, then 90 held to the cap of 50; the fourth is refused by the back-off.
    assert_eq!(r.times(), [0, 10, 40, 90]);
    let r = Record::new();
    let _ = closure(&r, 7).await;
    assert_eq!(r.times(), [0, 7, 21]);
    for _ in 0..20 {
        let r = Record::new();
        let _ = jittered(&r).await;
        assert!((50..=101).contains(&r.times()[1]), "{:?}", r.times());
    }
}

/// Decorrelated jitter makes delays of its own, and not of those that are given.
#[tokio::test(start_paused = true)]
async fn delays_that_are_given_override_the_decorrelated_jitter_of_a_policy() {
    const SPREAD: RetryPolicy = RetryPolicy::new().max(4).jitter(Jitter::Decorrelated);
    #[retry(policy = SPREAD, delays = [5ms, 1s])]
    async fn listed(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(policy = SPREAD, backoff = |n| ms(10 * u64::from(n)))]
    async fn own(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    let _ = listed(&r).await;
    assert_eq!(r.times(), [0, 5, 1_005, 2_005]);
    let r = Record::new();
    let _ = own(&r).await;
    assert_eq!(r.times(), [0, 10, 30, 60]);
}

#[tokio::test(start_paused = true)]
async fn backoff_is_not_made_while_all_is_well() {
    #[retry(backoff = made(&count))]
    async fn f(count: std::rc::Rc<std::cell::Cell<u32>>, fail: bool) -> Result<(), Fault> {
        if fail { Err(Fault::Final) } else { Ok(()) }
    }
    fn made(count: &std::cell::Cell<u32>) -> impl Fn(u32) -> Duration + use<> {
        count.set(count.get() + 1);
        |_| ms(1)
    }
    let n = std::rc::Rc::default();
    f(std::rc::Rc::clone(&n), false).await.unwrap();
    assert_eq!(n.get(), 0);
    let _ = f(std::rc::Rc::clone(&n), true).await;
    assert_eq!(n.get(), 1);
}

// Nesting of retried functions.

#[retry(max = 2, base = 1ms, jitter = none)]
async fn inner(r: &Record) -> Result<(), Fault> {
    fails(r).await
}
#[retry(max = 2, base = 1ms, jitter = none, nested = outer)]
async fn leaves_it(r: &Record) -> Result<(), Fault> {
    fails(r).await
}
#[retry(max = 3, base = 1ms, jitter = none)]
async fn outer(r: &Record, leave: bool) -> Result<(), Fault> {
    tokio::task::yield_now().await;
    if leave {
        leaves_it(r).await
    } else {
        inner(r).await
    }
}

#[tokio::test(start_paused = true)]
async fn nested_retries_multiply_and_are_reported_or_leave_it_to_the_outer_one() {
    let events = Events::of("below::inner");
    let r = Record::new();
    let _ = outer(&r, false).await;
    assert_eq!(r.count(), 6);
    assert!(
        events.all().iter().any(
            |e| matches!(e, Event::RetryNested { outer, .. } if outer.ends_with("below::outer"))
        )
    );
    let r = Record::new();
    let _ = outer(&r, true).await;
    assert_eq!(r.count(), 3);
    let r = Record::new();
    let _ = leaves_it(&r).await;
    assert_eq!(r.count(), 2, "not nested: it retries itself");
}

// The body and its arguments.

#[tokio::test(start_paused = true)]
async fn clones_are_fresh_and_arguments_are_never_cloned_otherwise() {
    struct NoClone(u32);
    #[retry(max = 3, base = 1ms, clone(list))]
    async fn f(r: &Record, n: NoClone, mut list: Vec<u32>) -> Result<usize, Fault> {
        list.push(n.0);
        let len = list.len();
        drop(list);
        if r.attempt() < 3 {
            Err(Fault::Final)
        } else {
            Ok(len)
        }
    }
    assert_eq!(f(&Record::new(), NoClone(1), vec![0]).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_call_ends_it() {
    #[retry(constant, max = 9, base = 100ms, jitter = none)]
    async fn f(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    assert!(tokio::time::timeout(ms(250), f(&r)).await.is_err());
    tokio::time::sleep(ms(10_000)).await;
    assert_eq!(r.times(), [0, 100, 200]);
}

#[tokio::test(start_paused = true)]
async fn two_calls_of_one_function_do_not_share_attempts() {
    // K08: attempt counts are per call.
    for _ in 0..2 {
        let r = Record::new();
        let _ = defaults(&r).await;
        assert_eq!(r.count(), 3);
    }
}
