//! `retry_after`: the longer of what the failed side asks for and the computed delay.

use super::*;

/// What the error asks for.
fn busy(e: &Fault) -> Option<Duration> {
    match e {
        Fault::Busy(d) => Some(*d),
        _ => None,
    }
}

async fn asks(r: &Record, wait: Duration) -> Result<(), Fault> {
    r.attempt();
    Err(Fault::Busy(wait))
}

/// openfga/java-sdk PR 198: `Retry-After: 0` was taken at its word, and a server that was down got
/// fifty requests in no time.
#[tokio::test(start_paused = true)]
async fn openfga_java_sdk_198_an_answer_of_zero_does_not_switch_the_back_off_off() {
    #[retry(max = 50, jitter = none, cap = 3s, retry_after = busy)]
    async fn by_option(r: &Record, wait: Duration) -> Result<(), Fault> {
        asks(r, wait).await
    }
    #[retry(max = 50, jitter = none, cap = 3s)]
    async fn without(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let plain = Record::new();
    let _ = without(&plain).await;
    assert!(plain.elapsed() > 100_000, "{:?}", plain.times());
    // A date in the past comes to nothing as well, and a fraction of the delay is no more.
    for wait in [ms(0), Duration::from_nanos(1), ms(99)] {
        let r = Record::new();
        let _ = by_option(&r, wait).await;
        assert_eq!(r.times(), plain.times(), "{wait:?}: as without the answer");
    }
}

#[tokio::test(start_paused = true)]
async fn nor_does_one_of_the_errors_own_class() {
    #[derive(Debug, resil::Classify)]
    #[throttled(retry_after = after)]
    struct Throttled {
        after: Option<Duration>,
    }
    #[retry(max = 4, jitter = none)]
    async fn f(r: &Record, after: Option<Duration>) -> Result<(), Throttled> {
        r.attempt();
        Err(Throttled { after })
    }
    for after in [None, Some(Duration::ZERO)] {
        let r = Record::new();
        let _ = f(&r, after).await;
        assert_eq!(r.times(), [0, 100, 300, 700], "{after:?}");
    }
    let r = Record::new();
    let _ = f(&r, Some(ms(150))).await;
    let t = r.times();
    // The first delay of 100 ms is the shorter one, 200 and 400 are the longer ones.
    assert!((150..=166).contains(&t[1]), "{t:?}");
    assert_eq!((t[2] - t[1], t[3] - t[2]), (200, 400), "{t:?}");
}

#[tokio::test(start_paused = true)]
async fn the_jitter_is_drawn_as_without_the_answer() {
    #[retry(max = 2, budget = off, retry_after = busy)]
    async fn full(r: &Record, wait: Duration) -> Result<(), Fault> {
        asks(r, wait).await
    }
    #[retry(max = 2, jitter = equal, budget = off, retry_after = busy)]
    async fn equal(r: &Record, wait: Duration) -> Result<(), Fault> {
        asks(r, wait).await
    }
    let (mut all, mut longest) = (0, 0);
    for _ in 0..400 {
        let r = Record::new();
        let _ = full(&r, Duration::ZERO).await;
        all += r.times()[1];
        longest = longest.max(r.times()[1]);
        let r = Record::new();
        let _ = equal(&r, Duration::ZERO).await;
        assert!((50..=101).contains(&r.times()[1]), "{:?}", r.times());
        // Half of the draws are longer than what is asked for, and stand.
        let r = Record::new();
        let _ = full(&r, ms(50)).await;
        assert!((50..=101).contains(&r.times()[1]), "{:?}", r.times());
    }
    // U(0, 100 ms): about 50 on average.
    assert!((40 * 400..60 * 400).contains(&all), "{}", all / 400);
    assert!(longest > 90, "{longest}");
}

#[tokio::test(start_paused = true)]
async fn so_with_delays_of_ones_own() {
    #[retry(max = 4, delays = [20ms, 2s], retry_after = busy)]
    async fn delays(r: &Record, wait: Duration) -> Result<(), Fault> {
        asks(r, wait).await
    }
    #[retry(max = 4, backoff = |n| ms(100 * u64::from(n)), retry_after = busy)]
    async fn strategy(r: &Record, wait: Duration) -> Result<(), Fault> {
        asks(r, wait).await
    }
    /// Ends after three, whoever asks for how long.
    struct Three;
    impl resil::Backoff for Three {
        fn delay(&mut self, retry: u32, previous: Option<Duration>) -> Option<Duration> {
            assert_eq!(retry == 1, previous.is_none());
            // What was waited, and not what it has answered itself.
            assert!(previous.is_none_or(|d| d >= ms(1_000)), "{previous:?}");
            (retry <= 3).then_some(ms(1))
        }
    }
    #[retry(max = 9, backoff = Three, retry_after = busy)]
    async fn three(r: &Record) -> Result<(), Fault> {
        asks(r, ms(1_000)).await
    }
    let r = Record::new();
    let _ = delays(&r, ms(0)).await;
    assert_eq!(r.times(), [0, 20, 2_020, 4_020]);
    let r = Record::new();
    let _ = delays(&r, ms(100)).await;
    let t = r.times();
    assert!((100..=111).contains(&t[1]), "{t:?}");
    assert_eq!((t[2] - t[1], t[3] - t[2]), (2_000, 2_000), "{t:?}");
    let r = Record::new();
    let _ = strategy(&r, ms(0)).await;
    assert_eq!(r.times(), [0, 100, 300, 600]);
    let r = Record::new();
    let _ = three(&r).await;
    assert_eq!(r.count(), 4, "its own back-off ends it");
}

#[tokio::test(start_paused = true)]
async fn decorrelated_goes_on_from_what_was_waited() {
    #[retry(max = 3, base = 100ms, jitter = decorrelated, budget = off, retry_after = busy)]
    async fn f(r: &Record, wait: Duration) -> Result<(), Fault> {
        asks(r, wait).await
    }
    for _ in 0..100 {
        let r = Record::new();
        let _ = f(&r, Duration::ZERO).await;
        let t = r.times();
        let (first, second) = (t[1], t[2] - t[1]);
        assert!((100..=301).contains(&first), "{t:?}");
        assert!((100..=3 * first + 1).contains(&second), "{t:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_beyond_any_clock_is_longer_than_the_cap() {
    const NEVER: Duration = Duration::MAX;
    #[retry(max = 5, retry_after = busy)]
    async fn f(r: &Record, wait: Duration) -> Result<(), Fault> {
        asks(r, wait).await
    }
    #[retry(max = 5, cap = NEVER, within = 1h, retry_after = busy)]
    async fn endless_cap(r: &Record, wait: Duration) -> Result<(), Fault> {
        asks(r, wait).await
    }
    for wait in [
        Duration::MAX,
        Duration::from_secs(u64::MAX),
        Duration::from_secs(1 << 40),
    ] {
        let (r, other) = (Record::new(), Record::new());
        assert_eq!(f(&r, wait).await, Err(Fault::Busy(wait)));
        // No cap that could end it: `within` does, and nothing panics.
        assert_eq!(endless_cap(&other, wait).await, Err(Fault::Busy(wait)));
        assert_eq!((r.count(), other.count()), (1, 1), "{wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_longer_one_is_held_to_the_limits() {
    #[retry(max = 5, base = 300ms, jitter = none, retry_after = busy)]
    async fn f(r: &Record) -> Result<(), Fault> {
        asks(r, Duration::ZERO).await
    }
    #[retry(max = 5, base = 300ms, jitter = none, within = 1s, retry_after = busy)]
    async fn within(r: &Record) -> Result<(), Fault> {
        asks(r, Duration::ZERO).await
    }
    // 300, then 600 would end at 900: at or after the deadline.
    let r = Record::new();
    let _ = Deadline::after(ms(900)).scope(f(&r)).await;
    assert_eq!((r.times(), r.elapsed()), (vec![0, 300], 300));
    let r = Record::new();
    let _ = within(&r).await;
    assert_eq!(r.times(), [0, 300, 900]);
}

/// The default `cap` is 20 s: a server that asks for half a minute gets no further attempt, unless
/// the `cap` allows that much.
#[tokio::test(start_paused = true)]
async fn thirty_seconds_against_the_default_cap() {
    #[retry(retry_after = busy)]
    async fn by_default(r: &Record) -> Result<(), Fault> {
        asks(r, Duration::from_secs(30)).await
    }
    #[retry(max = 2, cap = 1m, retry_after = busy)]
    async fn with_a_cap(r: &Record) -> Result<(), Fault> {
        asks(r, Duration::from_secs(30)).await
    }
    let r = Record::new();
    let _ = by_default(&r).await;
    assert_eq!(r.count(), 1);
    let r = Record::new();
    let _ = with_a_cap(&r).await;
    assert!((30_000..=33_001).contains(&r.times()[1]), "{:?}", r.times());
}

/// Of another function's open circuit nothing is known but the error, which says when to come again.
#[tokio::test(start_paused = true)]
async fn an_open_circuit_of_another_function_is_waited_for_by_its_own_word() {
    #[resil::circuit(name = "asked.inner", failures = 1, open_for = 4s)]
    async fn inner(r: &Record) -> Result<(), resil::Error> {
        r.attempt();
        Ok(())
    }
    #[retry(max = 2, base = 1ms, on(resil::Error::CircuitOpen { .. }),
            retry_after = resil::Error::retry_after)]
    async fn outer(r: &Record) -> Result<(), resil::Error> {
        inner(r).await
    }
    let r = Record::new();
    outer(&r).await.unwrap();
    let permit = resil::breaker("asked.inner").try_acquire().unwrap();
    permit.failure();
    outer(&r).await.unwrap();
    // 4 s and the jitter of the opening, and up to a tenth later.
    assert!((4_000..=5_281).contains(&r.times()[1]), "{:?}", r.times());
}
