//! Patterns over errors and values that ask for another attempt.

use super::*;

#[retry(max = 5, base = 1ms, on(Fault::Network(_) | Fault::Http(s) if *s >= 500))]
async fn with_on(r: &Record, e: fn(u32) -> Fault) -> Result<(), Fault> {
    Err(e(r.attempt()))
}

#[retry(max = 5, base = 1ms, unless(Fault::Final | Fault::Http(400..=499)))]
async fn with_unless(r: &Record, e: fn(u32) -> Fault) -> Result<(), Fault> {
    Err(e(r.attempt()))
}

#[retry(max = 5, base = 1ms, on(Fault::Http(_)), unless(Fault::Http(404)))]
async fn with_both(r: &Record, e: fn(u32) -> Fault) -> Result<(), Fault> {
    Err(e(r.attempt()))
}

#[tokio::test(start_paused = true)]
async fn patterns_decide() {
    for (runs, e) in [
        (1, (|_| Fault::Final) as fn(u32) -> Fault),
        (5, |n| Fault::Network(n)),
        (5, |_| Fault::Http(503)),
        (1, |_| Fault::Http(404)),
    ] {
        let r = Record::new();
        assert!(with_on(&r, e).await.is_err());
        assert_eq!(r.count(), runs, "on: {:?}", e(0));
    }
    for (runs, e) in [
        (1, (|_| Fault::Final) as fn(u32) -> Fault),
        (1, |_| Fault::Http(404)),
        (5, |_| Fault::Http(503)),
        (5, |n| Fault::Network(n)),
    ] {
        let r = Record::new();
        assert!(with_unless(&r, e).await.is_err());
        assert_eq!(r.count(), runs, "unless: {:?}", e(0));
    }
    for (runs, e) in [
        (1, (|_| Fault::Http(404)) as fn(u32) -> Fault),
        (5, |_| Fault::Http(1)),
        (1, |_| Fault::Final),
    ] {
        let r = Record::new();
        assert!(with_both(&r, e).await.is_err());
        assert_eq!(r.count(), runs, "both: {:?}", e(0));
    }
}

#[tokio::test(start_paused = true)]
async fn constants_in_patterns_need_no_ampersand() {
    #[derive(PartialEq, Eq, Debug, Clone, Copy)]
    struct Code(u16);
    impl Code {
        const BUSY: Self = Self(503);
    }
    #[retry(max = 3, base = 1ms, on(Code::BUSY))]
    async fn status(r: &Record, c: Code) -> Result<(), Code> {
        r.attempt();
        Err(c)
    }
    #[retry(max = 3, base = 1ms, on(500..=599 | 429))]
    async fn number(r: &Record, c: u16) -> Result<(), u16> {
        r.attempt();
        Err(c)
    }
    #[retry(max = 3, base = 1ms, on(e if e.starts_with("tmp")))]
    async fn binding(r: &Record, e: &str) -> Result<(), String> {
        r.attempt();
        Err(e.to_owned())
    }
    for (c, runs) in [(503, 3), (500, 1)] {
        let r = Record::new();
        assert_eq!(status(&r, Code(c)).await, Err(Code(c)));
        assert_eq!(r.count(), runs);
    }
    for (c, runs) in [(503, 3), (429, 3), (404, 1)] {
        let r = Record::new();
        assert_eq!(number(&r, c).await, Err(c));
        assert_eq!(r.count(), runs);
    }
    for (e, runs) in [("tmp: x", 3), ("gone", 1)] {
        let r = Record::new();
        assert_eq!(binding(&r, e).await, Err(e.to_owned()));
        assert_eq!(r.count(), runs);
    }
}

#[tokio::test(start_paused = true)]
async fn on_ok_asks_for_another_try_and_is_returned_in_the_end() {
    #[retry(max = 3, base = 1ms, on_ok(None))]
    async fn poll(r: &Record, ready: u32) -> Result<Option<u32>, Fault> {
        let n = r.attempt();
        Ok((n >= ready).then_some(n))
    }
    assert_eq!(poll(&Record::new(), 2).await, Ok(Some(2)));
    assert_eq!(poll(&Record::new(), 9).await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn retry_after_takes_the_place_of_a_shorter_delay() {
    #[retry(max = 2, cap = 2s, retry_after = |e| match e { Fault::Busy(d) => Some(*d), _ => None })]
    async fn f(r: &Record, e: Fault) -> Result<(), Fault> {
        r.attempt();
        Err(match e {
            Fault::Busy(d) => Fault::Busy(d),
            _ => Fault::Network(0),
        })
    }
    for _ in 0..50 {
        let r = Record::new();
        let _ = f(&r, Fault::Busy(ms(1_000))).await;
        // Never earlier, up to 10 % later.
        assert!((1_000..=1_101).contains(&r.times()[1]), "{:?}", r.times());
    }
    // Longer than the cap: no further attempt.
    let r = Record::new();
    assert_eq!(
        f(&r, Fault::Busy(ms(2_001))).await,
        Err(Fault::Busy(ms(2_001)))
    );
    assert_eq!((r.count(), r.elapsed()), (1, 0));
    // No hint: the computed delay.
    let r = Record::new();
    let _ = f(&r, Fault::Final).await;
    assert!(r.times()[1] <= 101);
}
