//! The reasons for which a retry stops: attempts, deadlines, the budget.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_reason_is_in_the_event() {
    #[retry(max = 2, base = 100ms, jitter = none, within = 10s, cap = 1s,
            budget = (capacity = 50, cost = 5), unless(Fault::Final), retry_after = asked)]
    async fn reasons(r: &Record, e: fn(u32) -> Fault) -> Result<(), Fault> {
        Err(e(r.attempt()))
    }
    fn asked(e: &Fault) -> Option<Duration> {
        if let Fault::Busy(d) = e {
            Some(*d)
        } else {
            None
        }
    }
    let events = Events::of("stops::reasons");
    let net: fn(u32) -> Fault = Fault::Network;

    let _ = reasons(&Record::new(), net).await;
    assert_eq!(events.stop(), Some(StopReason::Exhausted));
    let _ = reasons(&Record::new(), |_| Fault::Final).await;
    assert_eq!(events.stop(), Some(StopReason::Final));
    let _ = reasons(&Record::new(), |_| Fault::Busy(ms(1_001))).await;
    assert_eq!(events.stop(), Some(StopReason::AskedLonger));
    let _ = Deadline::after(ms(50))
        .scope(reasons(&Record::new(), net))
        .await;
    assert_eq!(events.stop(), Some(StopReason::Deadline));
    // 50 tokens, 5 each: 1 taken above, 9 left.
    for _ in 0..9 {
        let _ = reasons(&Record::new(), net).await;
        assert_eq!(events.stop(), Some(StopReason::Exhausted));
    }
    let r = Record::new();
    assert_eq!(reasons(&r, net).await, Err(Fault::Network(1)));
    assert_eq!((events.stop(), r.count()), (Some(StopReason::Budget), 1));
    assert!(matches!(events.all()[0], Event::Retry { attempt: 1, delay, .. } if delay == ms(100)));
}

#[tokio::test(start_paused = true)]
async fn d20_it_never_sleeps_just_to_fail() {
    #[retry(constant, max = 9, base = 100ms, jitter = none)]
    async fn f(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[timeout(250ms)]
    async fn under_a_timeout(r: &Record) -> Result<(), Fault> {
        tokio::task::yield_now().await;
        f(r).await
    }
    let r = Record::new();
    // At 200 ms the next attempt could begin at 300: it stops at once, with the last real error.
    assert_eq!(under_a_timeout(&r).await, Err(Fault::Network(3)));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 100, 200], 200));

    // At the deadline counts as after it.
    let r = Record::new();
    assert_eq!(
        Deadline::after(ms(200)).scope(f(&r)).await,
        Err(Fault::Network(2))
    );
    assert_eq!(r.times(), [0, 100]);
}

#[tokio::test(start_paused = true)]
async fn within_does_not_show_in_the_deadline() {
    #[retry(within = 5s, max = 1)]
    async fn f() -> Result<Option<Deadline>, Fault> {
        Ok(Deadline::current())
    }
    assert_eq!(f().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn within_counts_the_time_of_the_attempts() {
    #[retry(constant, max = 9, base = 100ms, jitter = none, within = 1s)]
    async fn f(r: &Record) -> Result<(), Fault> {
        let n = r.attempt();
        tokio::time::sleep(ms(400)).await;
        Err(Fault::Network(n))
    }
    let r = Record::new();
    assert_eq!(f(&r).await, Err(Fault::Network(2)));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 500], 900));
}

// The budget.

#[tokio::test(start_paused = true)]
async fn twenty_tokens_allow_four_retries_and_five_clean_successes_buy_one_more() {
    #[retry(max = 2, base = 1ms, budget = (capacity = 20, cost = 5))]
    async fn f(r: &Record, fail: bool) -> Result<(), Fault> {
        r.attempt();
        if fail { Err(Fault::Final) } else { Ok(()) }
    }
    let r = Record::new();
    for _ in 0..8 {
        let _ = f(&r, true).await;
    }
    assert_eq!(r.count(), 8 + 4);
    for _ in 0..5 {
        f(&r, false).await.unwrap();
    }
    for _ in 0..3 {
        let _ = f(&r, true).await;
    }
    assert_eq!(r.count(), 12 + 5 + 3 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_success_after_retries_gives_the_last_cost_back() {
    #[retry(max = 3, base = 1ms, budget = (capacity = 10, cost = 5))]
    async fn f(r: &Record, succeed_at: u32) -> Result<(), Fault> {
        if r.attempt() < succeed_at {
            Err(Fault::Final)
        } else {
            Ok(())
        }
    }
    // Two retries take 10, the success gives 5 back: one retry is left, as often as asked.
    f(&Record::new(), 3).await.unwrap();
    for _ in 0..5 {
        f(&Record::new(), 2).await.unwrap();
    }
    let r = Record::new();
    assert_eq!(f(&r, 9).await, Err(Fault::Final));
    assert_eq!(r.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_named_budget_is_shared_and_off_is_off() {
    #[retry(max = 2, base = 1ms, budget = "shared")]
    async fn a(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, base = 1ms, budget = "shared")]
    async fn b(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, base = 1ms, budget = off)]
    async fn off(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    for _ in 0..60 {
        let _ = a(&r).await;
        let _ = b(&r).await;
    }
    // 500 tokens at 5 each: 100 retries, whoever makes them.
    assert_eq!(r.count(), 120 + 100);
    let r = Record::new();
    for _ in 0..200 {
        let _ = off(&r).await;
    }
    assert_eq!(r.count(), 400);
}

#[tokio::test(start_paused = true)]
async fn in_a_generic_function_all_instances_share_one_budget() {
    #[retry(max = 2, base = 1ms, budget = (capacity = 10, cost = 5))]
    async fn f<T: Send + Sync>(r: &Record, _t: T) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    let _ = f(&r, 1_u8).await;
    let _ = f(&r, "x").await;
    let _ = f(&r, 1_u64).await;
    assert_eq!(r.count(), 3 + 2);
}
