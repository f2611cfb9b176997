//! So many calls in so much time, and so many at once.

use super::*;

#[tokio::test(start_paused = true)]
async fn max_calls_per_time_come_evenly() {
    #[rate_limit(max = 10, per = 1s, burst = 2)]
    async fn call(r: &Record) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    for _ in 0..1_000 {
        let _ = call(&r).await;
        advance(ms(1)).await;
    }
    let expected: Vec<u64> = [0, 1].into_iter().chain((1..10).map(|n| n * 100)).collect();
    assert_eq!(r.times(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_is_no_whole_number_of_nanoseconds_is_exact() {
    #[rate_limit(max = 3, per = 1s)]
    async fn thirds() -> Result<(), Fault> {
        Ok(())
    }
    #[rate_limit(max = 997, per = 1s)]
    async fn prime() -> Result<(), Fault> {
        Ok(())
    }
    for _ in 0..100 {
        assert_eq!(play!(4, thirds()), "...X");
        assert_eq!(play!(998, prime()), format!("{}X", ".".repeat(997)));
        advance(ms(1_000)).await;
    }
    assert_eq!(play!(4, thirds()), "...X");
    for _ in 0..100 {
        advance(Duration::from_nanos(333_333_333)).await;
        assert_eq!(play!(1, thirds()), "X");
        advance(Duration::from_nanos(1)).await;
        assert_eq!(play!(2, thirds()), ".X");
        // Back to the third of a second, rounded up.
        advance(Duration::from_nanos(333_333_332)).await;
        assert_eq!(play!(1, thirds()), "X");
        advance(Duration::from_nanos(1)).await;
        assert_eq!(play!(2, thirds()), ".X");
        advance(Duration::from_nanos(333_333_332)).await;
        assert_eq!(play!(1, thirds()), "X");
        advance(Duration::from_nanos(1)).await;
        assert_eq!(play!(2, thirds()), ".X");
    }
}

#[tokio::test(start_paused = true)]
async fn the_burst_is_max_unless_it_is_written() {
    #[rate_limit(max = 5, per = 1s)]
    async fn by_default() -> Result<(), Fault> {
        Ok(())
    }
    #[rate_limit(max = 5, per = 1s, burst = 8)]
    async fn more() -> Result<(), Fault> {
        Ok(())
    }
    #[rate_limit(max = 5, per = 1s, burst = 1)]
    async fn one() -> Result<(), Fault> {
        Ok(())
    }
    for _ in 0..3 {
        assert_eq!(play!(6, by_default()), ".....X");
        assert_eq!(play!(9, more()), "........X");
        assert_eq!(play!(2, one()), ".X");
        // Not more than that, however long the pause.
        advance(Duration::from_secs(86_400)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn settings_may_be_constants_and_generic() {
    const MAX: u32 = 2;
    const PER: Duration = ms(100);
    const POLICY: RateLimitPolicy = RateLimitPolicy::new().max(1).per(PER);
    #[rate_limit(max = MAX, per = PER, burst = MAX + 1)]
    async fn constants() -> Result<(), Fault> {
        Ok(())
    }
    #[rate_limit(policy = POLICY)]
    async fn by_policy() -> Result<(), Fault> {
        Ok(())
    }
    #[rate_limit(policy = POLICY, burst = 2)]
    async fn departing() -> Result<(), Fault> {
        Ok(())
    }
    trait Tier {
        const CALLS: u32;
    }
    struct Free;
    impl Tier for Free {
        const CALLS: u32 = 1;
    }
    #[rate_limit(max = T::CALLS, per = 1s)]
    async fn of_a_tier<T: Tier + Send>() -> Result<(), Fault> {
        Ok(())
    }
    #[rate_limit(max = MAX, per = PER)]
    #[retry(max = MAX, base = 1ms)]
    async fn beside_an_option_of_the_same_name() -> Result<(), Fault> {
        Ok(())
    }
    assert_eq!(play!(4, constants()), "...X");
    assert_eq!(play!(2, by_policy()), ".X");
    assert_eq!(play!(3, departing()), "..X");
    assert_eq!(play!(2, of_a_tier::<Free>()), ".X");
    assert_eq!(play!(3, beside_an_option_of_the_same_name()), "..X");
    advance(ms(100)).await;
    assert_eq!(play!(2, by_policy()), ".X");
}

/// In no span of time are more than `burst + max·t/per` calls let in.
#[tokio::test(start_paused = true)]
async fn no_span_has_a_call_too_many() {
    #[rate_limit(max = 7, per = 100ms, burst = 4, wait = 40ms)]
    async fn call(began: tokio::time::Instant) -> Result<u128, Fault> {
        Ok(began.elapsed().as_nanos())
    }
    let began = tokio::time::Instant::now();
    let mut calls = Vec::new();
    for n in 0..400_u64 {
        calls.push(tokio::spawn(call(began)));
        tokio::task::yield_now().await;
        advance(Duration::from_micros(n * 7_919 % 9_000)).await;
    }
    let mut let_in = Vec::new();
    for call in calls {
        let_in.extend(call.await.unwrap());
    }
    let_in.sort_unstable();
    assert!(let_in.len() > 100);
    for (n, from) in let_in.iter().enumerate() {
        for (m, to) in let_in.iter().enumerate().skip(n) {
            // A timer fires up to a millisecond late, and a call that waited is counted at its turn. Without
            // that slack: `no_span_has_a_turn_too_many` of the runtime, over the turns.
            let span = to - from + 1_000_000;
            let calls = (m - n + 1) as u128;
            assert!(calls * 100_000_000 <= 4 * 100_000_000 + 7 * span);
        }
    }
}
