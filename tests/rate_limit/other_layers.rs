//! What other layers make of a refusal, above and below, in one stack and across functions.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_retry_above_waits_as_long_as_the_rate_limit_asks() {
    #[retry(constant, max = 2, base = 1ms, jitter = none)]
    #[rate_limit(max = 2, per = 1s, burst = 1)]
    async fn call(r: &Record) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    for n in 1..=4 {
        assert_eq!(call(&r).await, Ok(n));
    }
    // Never earlier, and at most a tenth later.
    for (n, at) in (0..).zip(r.times()) {
        assert!((n * 500..=n * 550 + 1).contains(&at), "{n}: {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_above_does_not_repeat_what_can_never_be() {
    #[retry(constant, max = 5, base = 1ms)]
    #[rate_limit(name = "layers-never", max = 2, per = 1s, cost = 1 + more)]
    async fn call(more: u32) -> Result<(), Fault> {
        Ok(())
    }
    let events = Events::of("layers-never");
    assert_eq!(letter(&call(2).await), 'X');
    assert_eq!(events.all().len(), 1, "asked once");
}

#[tokio::test(start_paused = true)]
async fn a_retry_above_counts_refusals_as_attempts_up_to_max() {
    // L04 of the published cases: 3 per second, 7 attempts, 3 runs.
    #[retry(constant, max = 7, base = 1ms, cap = 1ms, jitter = none, retry_after = |_| Some(ms(0)))]
    #[rate_limit(max = 3, per = 1s)]
    async fn call(r: &Record) -> Result<u32, Fault> {
        r.attempt();
        Err(Fault::Network(1))
    }
    let r = Record::new();
    assert_eq!(letter(&call(&r).await), 'X');
    assert_eq!(r.count(), 3);
    assert!(r.elapsed() < 20);
}

#[tokio::test(start_paused = true)]
async fn above_a_retry_a_call_is_counted_once() {
    #[rate_limit(max = 2, per = 1s)]
    #[retry(constant, max = 3, base = 1ms)]
    async fn call(r: &Record) -> Result<u32, Fault> {
        r.attempt();
        Err(Fault::Network(1))
    }
    let r = Record::new();
    assert_eq!(play!(3, call(&r)), "FFX");
    assert_eq!(r.count(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_neutral_for_a_circuit_above() {
    #[circuit(name = "layers-neutral", failures = 2)]
    #[rate_limit(max = 1, per = 1s)]
    async fn call(ok: bool) -> Result<(), Fault> {
        if ok { Ok(()) } else { Err(Fault::Network(1)) }
    }
    let failures = || resil::breaker("layers-neutral").counts().failures_in_a_row;
    assert_eq!(letter(&call(false).await), 'F');
    assert_eq!(play!(5, call(true)), "XXXXX");
    assert_eq!(failures(), 1, "neither a failure nor a success");
    advance(ms(1_000)).await;
    assert_eq!(letter(&call(false).await), 'F');
    assert_eq!(letter(&call(true).await), 'O');
}

#[tokio::test(start_paused = true)]
async fn below_a_rate_limit_an_open_circuit_costs_a_place() {
    #[rate_limit(max = 3, per = 1s)]
    #[circuit(failures = 1)]
    async fn call() -> Result<(), Fault> {
        Err(Fault::Network(1))
    }
    assert_eq!(play!(5, call()), "FOOXX");
}

#[rate_limit(name = "layers-inner", max = 1, per = 1s)]
async fn inner(r: &Record) -> Result<u32, Error> {
    Ok(r.attempt())
}

#[tokio::test(start_paused = true)]
async fn across_a_function_a_retry_waits_as_it_is_asked_to() {
    #[retry(constant, max = 2, base = 1ms, jitter = none)]
    async fn outer(r: &Record) -> Result<u32, Error> {
        inner(r).await
    }
    let r = Record::new();
    assert_eq!(outer(&r).await, Ok(1));
    assert_eq!(outer(&r).await, Ok(2));
    let second = r.times()[1];
    assert!((1_000..=1_101).contains(&second), "{second}");
}

#[tokio::test(start_paused = true)]
async fn across_a_function_a_refusal_is_neutral_for_a_circuit() {
    #[rate_limit(max = 1, per = 1s)]
    async fn inner() -> anyhow::Result<()> {
        Ok(())
    }
    #[circuit(name = "layers-across", failures = 1)]
    async fn outer() -> anyhow::Result<()> {
        inner().await
    }
    assert!(outer().await.is_ok());
    for _ in 0..3 {
        let refused = outer().await.unwrap_err();
        assert!(matches!(
            refused.downcast_ref(),
            Some(Error::RateLimited { .. })
        ));
    }
    assert_eq!(
        resil::breaker("layers-across").state(),
        resil::CircuitState::Closed
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_another_functions_timeout_cuts_gives_its_turn_back() {
    #[rate_limit(name = "layers-cut", max = 10, per = 1s, burst = 1, wait = 1s)]
    async fn call() -> Result<(), Fault> {
        Ok(())
    }
    assert_eq!(letter(&call().await), '.');
    // tokio's timeout is no deadline of ours: the call begins to wait, and is dropped.
    assert!(tokio::time::timeout(ms(50), call()).await.is_err());
    let r = Record::new();
    assert_eq!(letter(&call().await), '.');
    assert_eq!(r.elapsed(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_replay_below_is_counted_and_above_is_not() {
    #[rate_limit(max = 2, per = 1s)]
    #[resil::idempotent(name = "layers-counted", key = id)]
    async fn counted(id: u32) -> Result<u32, Fault> {
        Ok(id)
    }
    #[resil::idempotent(name = "layers-free", key = id)]
    #[rate_limit(max = 2, per = 1s)]
    async fn free(id: u32) -> Result<u32, Fault> {
        Ok(id)
    }
    assert_eq!(play!(3, counted(7)), "..X");
    assert_eq!(play!(9, free(7)), ".........");
    assert_eq!(letter(&free(8).await), '.');
    // A refusal frees the key.
    assert_eq!(letter(&free(9).await), 'X');
    advance(ms(500)).await;
    assert_eq!(letter(&free(9).await), '.');
}
