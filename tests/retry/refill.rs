//! The budget over time, and budgets that are shared by name.

use resil::registry;
use tokio::time::{advance, sleep};

use super::*;

/// So many retries as there are of `calls` calls that fail at once.
async fn retries<F: Future<Output = Result<(), Fault>>>(
    calls: usize,
    r: &Record,
    call: impl Fn() -> F,
) -> usize {
    let before = r.count();
    for _ in 0..calls {
        let _ = call().await;
    }
    r.count() - before - calls
}

/// aws/aws-sdk-js-v3 issue 4754: once the tokens are spent, no call of the client is retried any
/// more, whatever it is and however long ago that was.
#[tokio::test(start_paused = true)]
async fn aws_sdk_js_v3_4754_a_bad_night_is_over_in_the_morning() {
    #[retry(max = 2, base = 1ms)]
    async fn nightly(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    assert_eq!(
        retries(300, &r, || nightly(&r)).await,
        100,
        "500 tokens, 5 each"
    );
    assert_eq!(retries(5, &r, || nightly(&r)).await, 0);
    // It is called once a day, and its first try fails.
    advance(Duration::from_secs(86_400)).await;
    assert_eq!(retries(1, &r, || nightly(&r)).await, 1);
    // A token a second: not more than there is room for.
    assert_eq!(retries(300, &r, || nightly(&r)).await, 99);
}

#[tokio::test(start_paused = true)]
async fn time_gives_refill_tokens_a_second_up_to_the_capacity() {
    #[retry(max = 2, base = 1ms, jitter = none, budget = (capacity = 20, cost = 5, refill = 2))]
    async fn f(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    assert_eq!(retries(9, &r, || f(&r)).await, 4);
    advance(ms(2_000)).await;
    assert_eq!(
        retries(9, &r, || f(&r)).await,
        0,
        "four tokens, and a retry costs five"
    );
    advance(ms(500)).await;
    assert_eq!(retries(9, &r, || f(&r)).await, 1);
    advance(ms(3_600_000)).await;
    assert_eq!(retries(9, &r, || f(&r)).await, 4, "no more than it holds");
}

#[tokio::test(start_paused = true)]
async fn no_part_of_a_token_is_lost_between_two_retries() {
    #[retry(max = 2, base = 1ms, jitter = none, budget = (capacity = 6, cost = 3, refill = 1))]
    async fn f(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    // Asked every 0.7 s for an hour: as many as an hour gives, and the first two.
    let r = Record::new();
    let mut all = 0;
    for _ in 0..5_143 {
        all += retries(1, &r, || f(&r)).await;
        sleep(ms(700)).await;
    }
    assert!((1_200..=1_203).contains(&all), "{all}");
}

#[tokio::test(start_paused = true)]
async fn a_refill_of_zero_switches_it_off() {
    #[retry(max = 2, base = 1ms, budget = (capacity = 10, refill = 0))]
    async fn f(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    assert_eq!(retries(9, &r, || f(&r)).await, 2);
    advance(Duration::from_secs(86_400 * 30)).await;
    assert_eq!(retries(9, &r, || f(&r)).await, 0);
}

/// aws/aws-sdk-kotlin issue 1318: of a crowd of calls that were throttled at once, most gave up long
/// before their twenty attempts, as the bucket knew no time; `refillUnitsPerSecond` was the answer.
#[tokio::test(start_paused = true)]
async fn aws_sdk_kotlin_1318_a_refill_keeps_a_throttled_crowd_going() {
    /// Throttles everybody for five seconds.
    fn answer(r: &Record) -> Result<(), Fault> {
        if r.elapsed() < 5_000 {
            Err(Fault::Http(429))
        } else {
            Ok(())
        }
    }
    #[retry(constant, max = 20, base = 1s, jitter = none, budget(refill = 0))]
    async fn without(r: Record) -> Result<(), Fault> {
        answer(&r)
    }
    #[retry(constant, max = 20, base = 1s, jitter = none, budget(refill = 450))]
    async fn with(r: Record) -> Result<(), Fault> {
        answer(&r)
    }
    async fn ninety<F: Future<Output = Result<(), Fault>> + Send + 'static>(
        call: fn(Record) -> F,
    ) -> usize {
        let (mut tasks, start) = (tokio::task::JoinSet::new(), Record::new());
        for _ in 0..90 {
            tasks.spawn(call(start.clone()));
        }
        let all = tasks.join_all().await;
        all.iter().filter(|out| out.is_ok()).count()
    }
    // 500 tokens: a hundred retries for all of them, and all is over after a second.
    assert_eq!(ninety(without).await, 0);
    assert_eq!(ninety(with).await, 90);
}

#[tokio::test(start_paused = true)]
async fn a_cost_for_an_attempt_that_is_not_made_comes_back() {
    #[retry(max = 2, base = 1s, jitter = none, budget = (capacity = 5, cost = 5, refill = 0))]
    async fn f(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    for _ in 0..9 {
        assert!(
            tokio::time::timeout(ms(500), f(&r)).await.is_err(),
            "dropped in the wait"
        );
    }
    assert_eq!(retries(2, &r, || f(&r)).await, 1);
}

// By name.

#[tokio::test(start_paused = true)]
async fn the_numbers_of_a_named_budget_may_be_given_by_any_one() {
    #[retry(max = 2, base = 1ms, budget = "refill.any")]
    async fn before(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, base = 1ms, budget = (name = "refill.any", capacity = 40, cost = 10, refill = 0))]
    async fn gives(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, base = 1ms, budget(name = "refill.any"))]
    async fn after(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    // Nobody has given any: the defaults, of which 25 are spent.
    assert_eq!(retries(5, &r, || before(&r)).await, 5);
    // A capacity of 40 holds from the first call on that gives it: one more, at 10.
    assert_eq!(retries(9, &r, || gives(&r)).await, 1);
    assert_eq!(retries(9, &r, || after(&r)).await, 0);
    advance(Duration::from_secs(86_400)).await;
    assert_eq!(retries(9, &r, || before(&r)).await, 0, "and its refill too");
    assert!(conflicts("refill.any").is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_bad_tenant_leaves_the_retries_of_others_alone() {
    #[retry(max = 2, base = 1ms, budget(name = "refill.bad", capacity = 10))]
    async fn bad(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, base = 1ms, budget(name = "refill.good", capacity = 10))]
    async fn good(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    assert_eq!(retries(9, &r, || bad(&r)).await, 2);
    assert_eq!(retries(9, &r, || good(&r)).await, 2);
}

#[tokio::test(start_paused = true)]
async fn two_that_give_different_numbers_are_told_and_listed() {
    #[retry(max = 2, base = 1ms, budget = (name = "refill.two", capacity = 10))]
    async fn first(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, base = 1ms, budget = (name = "refill.two", capacity = 20))]
    async fn second(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, base = 1ms, budget = (name = "refill.two", capacity = 10, cost = 5, refill = 1))]
    async fn same(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, policy = BASE, budget = "refill.two")]
    async fn by_policy(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    const BASE: resil::RetryPolicy = resil::RetryPolicy::new()
        .base(ms(1))
        .budget(resil::BudgetPolicy::new(30, 5).refill(3));
    let events = Events::of("refill.two");
    let r = Record::new();
    assert_eq!(retries(5, &r, || first(&r)).await, 2);
    for _ in 0..3 {
        assert_eq!(retries(5, &r, || second(&r)).await, 0);
        assert_eq!(retries(5, &r, || same(&r)).await, 0);
        assert_eq!(retries(5, &r, || by_policy(&r)).await, 0);
    }
    let listed = conflicts("refill.two");
    let ignored: Vec<_> = listed.iter().map(|c| c.ignored).collect();
    assert_eq!(ignored.len(), 2, "{listed:?}");
    assert!(ignored[0].ends_with("::second") && ignored[1].ends_with("::by_policy"));
    assert!(listed.iter().all(|c| c.used.ends_with("::first")));
    assert!(listed.iter().all(|c| c.kind == resil::ConflictKind::Budget));
    let told = events.all();
    let told = told
        .iter()
        .filter(|e| matches!(e, Event::BudgetConflict { .. }));
    assert_eq!(told.count(), 2);
}

fn conflicts(name: &str) -> Vec<resil::Conflict> {
    let mut all = registry().conflicts();
    all.retain(|c| c.name == name);
    all
}

#[tokio::test(start_paused = true)]
async fn a_policy_value_has_a_refill_too() {
    const BASE: resil::RetryPolicy = resil::RetryPolicy::new()
        .base(ms(1))
        .budget(resil::BudgetPolicy::new(5, 5).refill(5));
    #[retry(max = 2, policy = BASE)]
    async fn f(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    for _ in 0..3 {
        assert_eq!(retries(5, &r, || f(&r)).await, 1);
        advance(ms(1_000)).await;
    }
}
