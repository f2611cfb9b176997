//! What stands beside the name.

use resil::{CircuitState, Error, breaker};

use crate::support::{Fault, Record, ms};

resil::stack! {
    /// Four attempts, with all kinds of options.
    pub(crate) STEADY = #[timeout(1m)]
        #[retry(exponential, max = 4, base = 100ms, factor = 3, jitter = none, on(Fault::Network(_)))];
    /// The delays themselves.
    LISTED = #[retry(delays = [1s, 2s, 3s], max = 4)];
    /// Two limits.
    GUARDED = #[timeout(5s)] #[retry(max = 3, constant, base = 1ms, jitter = none)];
    /// Something else in the place of an error.
    CALM = #[fallback(7, on(Fault::Network(_)))];
    /// The last good value.
    STALE = #[fallback(last_ok, max_age = 1h)];
    /// A few at once.
    FEW = #[bulkhead(max = 1)];
}

async fn fails(r: &Record) -> Result<u32, Fault> {
    Err(Fault::Network(r.attempt()))
}

/// Calls the function, which fails, and returns when its attempts began.
macro_rules! attempts {
    ($name:ident) => {{
        let r = Record::new();
        assert!($name(&r).await.is_err());
        r.times()
    }};
}

#[tokio::test(start_paused = true)]
async fn an_option_takes_the_place_of_the_one_of_its_name() {
    #[resil::apply(STEADY)]
    async fn as_defined(r: &Record) -> Result<u32, Fault> {
        fails(r).await
    }
    #[resil::apply(STEADY, retry(max = 2))]
    async fn fewer(r: &Record) -> Result<u32, Fault> {
        fails(r).await
    }
    #[resil::apply(STEADY, retry(base = 10ms, factor = 2), timeout(100ms))]
    async fn shorter(r: &Record) -> Result<u32, Fault> {
        fails(r).await
    }
    assert_eq!(attempts!(as_defined), [0, 100, 400, 1300]);
    assert_eq!(attempts!(fewer), [0, 100]);
    assert_eq!(attempts!(shorter), [0, 10, 30, 70]);
}

#[tokio::test(start_paused = true)]
async fn an_option_takes_the_place_of_those_that_cannot_stand_beside_it() {
    #[resil::apply(STEADY, retry(constant))]
    async fn other_strategy(r: &Record) -> Result<u32, Fault> {
        fails(r).await
    }
    #[resil::apply(STEADY, retry(delays = [1ms, 2ms]))]
    async fn delays_for_strategy(r: &Record) -> Result<u32, Fault> {
        fails(r).await
    }
    #[resil::apply(STEADY, retry(backoff = |n: u32| ms(u64::from(n))))]
    async fn backoff_for_strategy(r: &Record) -> Result<u32, Fault> {
        fails(r).await
    }
    #[resil::apply(LISTED, retry(linear, base = 1ms, jitter = none))]
    async fn strategy_for_delays(r: &Record) -> Result<u32, Fault> {
        fails(r).await
    }
    #[resil::apply(STEADY, retry(unless(Fault::Network(_))))]
    async fn unless_for_on(r: &Record) -> Result<u32, Fault> {
        fails(r).await
    }
    #[resil::apply(STEADY, retry(max = 3, constant, base = 1ms, unless(Fault::Final)))]
    async fn unless_alone(r: &Record) -> Result<u32, Fault> {
        r.attempt();
        Err(Fault::Http(500))
    }
    assert_eq!(attempts!(other_strategy), [0, 100, 200, 300]);
    assert_eq!(attempts!(delays_for_strategy), [0, 1, 3, 5]);
    assert_eq!(attempts!(backoff_for_strategy), [0, 1, 3, 6]);
    assert_eq!(attempts!(strategy_for_delays), [0, 1, 3, 6]);
    assert_eq!(attempts!(unless_for_on), [0]);
    // With the `on` of the stack left in, `Http` would be final.
    assert_eq!(attempts!(unless_alone), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_value_without_a_name_takes_the_place_of_the_other() {
    #[resil::apply(CALM)]
    async fn seven(r: &Record) -> Result<u32, Fault> {
        fails(r).await
    }
    #[resil::apply(CALM, fallback(|_e| n + 1))]
    async fn eight(r: &Record, n: u32) -> Result<u32, Fault> {
        fails(r).await
    }
    #[resil::apply(CALM, fallback(last_ok))]
    async fn last(r: &Record, good: bool) -> Result<u32, Fault> {
        if good { Ok(3) } else { fails(r).await }
    }
    #[resil::apply(STALE, fallback(9))]
    async fn nine(r: &Record) -> Result<u32, Fault> {
        fails(r).await
    }
    let r = Record::new();
    assert_eq!(seven(&r).await, Ok(7));
    assert_eq!(eight(&r, 7).await, Ok(8));
    assert_eq!(last(&r, false).await, Err(Fault::Network(3)));
    assert_eq!(last(&r, true).await, Ok(3));
    assert_eq!(last(&r, false).await, Ok(3));
    assert_eq!(nine(&r).await, Ok(9));
}

#[tokio::test(start_paused = true)]
async fn an_adaptive_limit_takes_the_place_of_a_fixed_one() {
    #[resil::apply(FEW)]
    async fn one(_: &Record) -> Result<u32, Fault> {
        tokio::time::sleep(ms(10)).await;
        Ok(1)
    }
    #[resil::apply(FEW, bulkhead(adaptive))]
    async fn many(_: &Record) -> Result<u32, Fault> {
        tokio::time::sleep(ms(10)).await;
        Ok(1)
    }
    let r = Record::new();
    let (first, second) = tokio::join!(one(&r), one(&r));
    assert_eq!(first, Ok(1));
    assert!(matches!(
        second,
        Err(Fault::Resil(Error::BulkheadFull { .. }))
    ));
    let (first, second) = tokio::join!(many(&r), many(&r));
    assert_eq!((first, second), (Ok(1), Ok(1)));
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_the_stack_lacks_goes_around_it_in_written_order() {
    #[resil::apply(GUARDED, circuit(name = "apply-added", failures = 1), fallback(8))]
    async fn circuit_outside(r: &Record) -> Result<u32, Fault> {
        fails(r).await
    }
    let r = Record::new();
    // Each call fails once for the circuit below the fallback's place: the fallback is inside.
    assert_eq!(circuit_outside(&r).await, Ok(8));
    assert_eq!(r.count(), 3);
    assert_eq!(breaker("apply-added").state(), CircuitState::Closed);

    #[resil::apply(
        GUARDED,
        fallback(8),
        circuit(name = "apply-added-inside", failures = 1)
    )]
    async fn circuit_inside(r: &Record) -> Result<u32, Fault> {
        fails(r).await
    }
    assert_eq!(circuit_inside(&r).await, Ok(8));
    assert_eq!(breaker("apply-added-inside").state(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_key_of_the_function_goes_around_a_stack_without_one() {
    struct Order {
        id: u32,
    }
    #[resil::apply(GUARDED, idempotent(key = order.id))]
    async fn refund(r: &Record, order: &Order) -> Result<u32, Fault> {
        Ok(r.attempt() * 10 + order.id)
    }
    let r = Record::new();
    for (id, out) in [(1, 11), (2, 22), (1, 11), (2, 22)] {
        assert_eq!(refund(&r, &Order { id }).await, Ok(out));
    }
}

#[tokio::test(start_paused = true)]
async fn attributes_beside_apply_keep_their_places() {
    #[resil::timeout(10s)]
    #[resil::apply(GUARDED)]
    #[resil::timeout(1s)]
    async fn hangs(r: &Record) -> Result<u32, Fault> {
        r.attempt();
        std::future::pending().await
    }
    let r = Record::new();
    assert!(hangs(&r).await.is_err());
    // Each attempt ends by the timeout that is written below.
    assert_eq!(r.times(), [0, 1001, 2002]);
    assert_eq!(r.elapsed(), 3002);

    #[resil::circuit(name = "apply-above", failures = 1)]
    #[resil::apply(GUARDED, retry(max = 2))]
    async fn above(r: &Record) -> Result<u32, Fault> {
        fails(r).await
    }
    let r = Record::new();
    assert!(above(&r).await.is_err());
    assert!(matches!(
        above(&r).await,
        Err(Fault::Resil(Error::CircuitOpen { .. }))
    ));
    assert_eq!(r.count(), 2);
}
