//! Each policy is switched off, by function, by name, and for all, and on again.

use std::time::Duration;

use resil::{
    CircuitState, Deadline, breaker, bulkhead, circuit, control, fallback, hedge, idempotent,
    rate_limit, retry, timeout,
};

use crate::{Failed, Runs};

fn path(name: &str) -> String {
    format!("{}::{name}", module_path!())
}

static RETRIED: Runs = Runs::new();

#[retry(constant, max = 3, base = 1ms, budget = off)]
async fn retried() -> Result<(), Failed> {
    RETRIED.count();
    Err(Failed::Failed)
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_is_off_makes_one_attempt() {
    let function = control().function(path("retried"));
    let _ = retried().await;
    assert_eq!(RETRIED.take(), 3);
    function.off("retry").unwrap();
    assert_eq!(retried().await, Err(Failed::Failed));
    assert_eq!(RETRIED.take(), 1);
    function.on("retry").unwrap();
    let _ = retried().await;
    assert_eq!(RETRIED.take(), 3);
}

#[retry(constant, max = 3, base = 1ms, budget = off)]
async fn outer() -> Result<(), Failed> {
    inner().await
}

static INNER: Runs = Runs::new();

#[retry(constant, max = 2, base = 1ms, budget = off, nested = outer)]
async fn inner() -> Result<(), Failed> {
    INNER.count();
    Err(Failed::Failed)
}

#[tokio::test(start_paused = true)]
async fn under_a_retry_that_is_off_the_inner_one_retries() {
    let _ = outer().await;
    assert_eq!(INNER.take(), 3);
    control().function(path("outer")).off("retry").unwrap();
    let (_, report) = resil::trace(outer()).await;
    assert_eq!(INNER.take(), 2);
    assert_eq!(
        report.attempts, 2,
        "of the inner one: the outer one tells nothing"
    );
}

#[timeout(5s)]
#[timeout(1s)]
async fn slow() -> Result<Option<Deadline>, Failed> {
    let deadline = Deadline::current();
    tokio::time::sleep(Duration::from_secs(60)).await;
    Ok(deadline)
}

#[timeout(Duration::from_secs(secs))]
async fn slow_for(secs: u64) -> Result<Option<Deadline>, Failed> {
    let deadline = Deadline::current();
    tokio::time::sleep(Duration::from_secs(60)).await;
    Ok(deadline)
}

#[tokio::test(start_paused = true)]
async fn a_timeout_that_is_off_is_no_limit_and_no_deadline() {
    assert!(slow().await.is_err());
    assert!(slow_for(1).await.is_err());
    control().function(path("slow")).off("timeout").unwrap();
    control().function(path("slow_for")).off("timeout").unwrap();
    assert_eq!(slow().await, Ok(None));
    assert_eq!(slow_for(1).await, Ok(None));
    control().function(path("slow")).clear().unwrap();
    assert!(slow().await.is_err());
}

static GUARDED: Runs = Runs::new();

#[circuit(name = "off.circuit", failures = 1)]
async fn guarded(ok: bool) -> Result<(), Failed> {
    GUARDED.count();
    if ok { Ok(()) } else { Err(Failed::Failed) }
}

#[circuit(name = "off.circuit", key = host)]
async fn guarded_by(host: &str) -> Result<(), Failed> {
    Err(Failed::Failed)
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_is_off_neither_admits_nor_records() {
    let name = control().name("off.circuit");
    guarded(true).await.unwrap();
    name.off("circuit").unwrap();
    for _ in 0..5 {
        assert_eq!(guarded(false).await, Err(Failed::Failed));
        assert_eq!(guarded_by("a").await, Err(Failed::Failed));
    }
    assert_eq!(breaker("off.circuit").state(), CircuitState::Closed);
    assert_eq!(breaker("off.circuit").counts().failures, 0);
    breaker("off.circuit").force_open();
    assert_eq!(guarded(true).await, Ok(()), "nothing is asked");
    name.on("circuit").unwrap();
    assert!(matches!(guarded(true).await, Err(Failed::Refused(_))));
    assert_eq!(
        breaker("off.circuit").key("a").state(),
        CircuitState::Closed
    );
    let _ = guarded_by("a").await;
    assert_eq!(breaker("off.circuit").key("a").state(), CircuitState::Open);
}

#[bulkhead(name = "off.bulkhead", max = 1)]
async fn one_by_one() -> Result<u32, Failed> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(bulkhead("off.bulkhead").in_flight())
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_that_is_off_takes_no_place() {
    let (one, two) = tokio::join!(one_by_one(), one_by_one());
    assert_eq!((one, two.is_err()), (Ok(1), true));
    control().name("off.bulkhead").off("bulkhead").unwrap();
    let (one, two) = tokio::join!(one_by_one(), one_by_one());
    assert_eq!((one, two), (Ok(0), Ok(0)));
    control().name("off.bulkhead").on("bulkhead").unwrap();
    let (one, two) = tokio::join!(one_by_one(), one_by_one());
    assert_eq!((one, two.is_err()), (Ok(1), true));
}

#[rate_limit(max = 1, per = 1h)]
async fn seldom() -> Result<(), Failed> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_that_is_off_lets_all_in() {
    let function = control().function(path("seldom"));
    seldom().await.unwrap();
    assert!(seldom().await.is_err());
    function.off("rate_limit").unwrap();
    for _ in 0..10 {
        seldom().await.unwrap();
    }
    function.on("rate_limit").unwrap();
    assert!(seldom().await.is_err(), "the calls of before count");
}

static HEDGED: Runs = Runs::new();

#[hedge(after = 10ms, max = 3, budget = off)]
async fn hedged() -> Result<(), Failed> {
    HEDGED.count();
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_hedge_that_is_off_makes_one_copy() {
    hedged().await.unwrap();
    assert_eq!(HEDGED.take(), 3);
    control().function(path("hedged")).off("hedge").unwrap();
    hedged().await.unwrap();
    assert_eq!(HEDGED.take(), 1);
}

static ONCE: Runs = Runs::new();

#[idempotent(key = id, errors = store)]
#[retry(constant, max = 2, base = 1ms, budget = off)]
async fn once(id: u32) -> Result<u32, Failed> {
    let run = ONCE.count();
    if id == 0 {
        Err(Failed::Failed)
    } else {
        Ok(run)
    }
}

#[retry(constant, max = 3, base = 1ms, budget = off)]
#[idempotent(key = id, errors = store)]
async fn kept(id: u32) -> Result<u32, Failed> {
    ONCE.count();
    let _ = id;
    Err(Failed::Failed)
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_that_is_off_runs_the_body_plainly() {
    let function = control().function(path("once"));
    assert_eq!((once(1).await, once(1).await), (Ok(1), Ok(1)));
    function.off("idempotent").unwrap();
    assert_eq!((once(1).await, once(1).await), (Ok(2), Ok(3)));
    assert_eq!(once(0).await, Err(Failed::Failed));
    ONCE.take();
    assert_eq!(once(0).await, Err(Failed::Failed));
    assert_eq!(ONCE.take(), 2, "nothing is recorded, so it is retried");
    function.on("idempotent").unwrap();
    assert_eq!(once(1).await, Ok(1), "the record of before is there");
    let _ = kept(7).await;
    assert_eq!(ONCE.take(), 1, "a recorded error is final");
    control().function(path("kept")).off("idempotent").unwrap();
    let _ = kept(7).await;
    assert_eq!(ONCE.take(), 3);
}

#[fallback(|_| Ok(7))]
async fn backed(ok: bool) -> Result<u32, Failed> {
    if ok { Ok(1) } else { Err(Failed::Failed) }
}

#[fallback(last_ok)]
async fn remembered(ok: bool) -> Result<u32, Failed> {
    if ok { Ok(1) } else { Err(Failed::Failed) }
}

#[tokio::test(start_paused = true)]
async fn a_fallback_that_is_off_passes_the_error_on() {
    assert_eq!(backed(false).await, Ok(7));
    control().function(path("backed")).off("fallback").unwrap();
    assert_eq!(
        (backed(false).await, backed(true).await),
        (Err(Failed::Failed), Ok(1))
    );
    assert_eq!(
        (remembered(true).await, remembered(false).await),
        (Ok(1), Ok(1))
    );
    control()
        .function(path("remembered"))
        .off("fallback")
        .unwrap();
    assert_eq!(remembered(false).await, Err(Failed::Failed));
}

mod blocking {
    use super::{Failed, Runs, control, path};
    use resil::{circuit, idempotent, retry};

    static BLOCKING: Runs = Runs::new();

    #[idempotent(key = id)]
    #[circuit(failures = 1)]
    #[retry(constant, max = 2, base = 1ms, budget = off)]
    fn blocking(id: u32) -> Result<u32, Failed> {
        let _ = id;
        BLOCKING.count();
        Err(Failed::Failed)
    }

    #[test]
    fn a_function_that_is_not_async_is_switched_too() {
        let function = control().function(path("blocking::blocking"));
        let _ = blocking(1);
        assert_eq!(BLOCKING.take(), 2);
        assert!(
            matches!(blocking(1), Err(Failed::Refused(_))),
            "the circuit is open"
        );
        function.off_all().unwrap();
        assert_eq!(blocking(1), Err(Failed::Failed));
        assert_eq!(BLOCKING.take(), 1);
        function.on("retry").unwrap();
        let _ = blocking(1);
        assert_eq!(BLOCKING.take(), 2, "what is aimed better wins");
    }
}

#[tokio::test]
async fn a_policy_that_there_is_not_is_refused_with_the_nearest() {
    let refused = control().name("pay").off("circut").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "by hand: `name.pay.circut`: there is no policy `circut`\nhelp: did you mean `circuit`?"
    );
}

#[tokio::test]
async fn a_circuit_is_forced_by_its_name_with_its_keys() {
    let _ = guarded_by("forced").await;
    let name = control().name("off.circuit.forced");
    breaker("off.circuit.forced").key("a");
    name.force_open().unwrap();
    let state = || {
        let of = breaker("off.circuit.forced");
        (of.state(), of.key("a").state())
    };
    assert_eq!(
        state(),
        (CircuitState::ForcedOpen, CircuitState::ForcedOpen)
    );
    name.reset().unwrap();
    assert_eq!(state(), (CircuitState::Closed, CircuitState::Closed));
    name.disable().unwrap();
    assert_eq!(state(), (CircuitState::Disabled, CircuitState::Disabled));
    name.force_close().unwrap();
    assert_eq!(state(), (CircuitState::Closed, CircuitState::Closed));
    let none = control()
        .name("off.circuit.forcd")
        .force_open()
        .unwrap_err();
    assert_eq!(
        none.to_string(),
        "by hand: `name.\"off.circuit.forcd\"`: there is no circuit `off.circuit.forcd`\nhelp: did you mean `off.circuit.forced`?"
    );
}

#[circuit(name = "off.circuit.later", failures = 1, key = host, max_keys = 2)]
async fn guarded_later(host: &str) -> Result<(), Failed> {
    let _ = host;
    Ok(())
}

#[tokio::test]
async fn a_key_that_comes_later_begins_as_its_name_was_forced() {
    let name = control().name("off.circuit.later");
    let of = breaker("off.circuit.later");
    guarded_later("a").await.unwrap();
    let mut changes = of.changes();
    name.force_open().unwrap();
    assert!(guarded_later("a").await.is_err());
    // More than there is room for: they go, and are made anew.
    for n in 0..3 {
        for host in ["b", "c", "d", "a"] {
            assert!(guarded_later(host).await.is_err(), "{host} {n}");
        }
    }
    let (held, closed) = (of.key("b"), of.key("c"));
    closed.reset();
    // The one that all share for whom there is no room.
    assert_eq!(of.key("e").key(), "(overflow)");
    assert!(guarded_later("e").await.is_err());
    drop((held, closed));
    for host in ["d", "e", "f"] {
        assert!(guarded_later(host).await.is_err(), "{host}");
    }
    guarded_later("c").await.expect("it keeps its own");

    name.disable().unwrap();
    assert_eq!(of.key("g").state(), CircuitState::Disabled);
    assert_eq!(of.key("c").state(), CircuitState::Disabled);
    name.reset().unwrap();
    let mut states = of.keys().into_iter().map(|key| key.state());
    assert!(states.all(|state| state == CircuitState::Closed));
    for host in ["a", "h", "i", "j"] {
        guarded_later(host).await.expect("it is taken back");
    }
    let first = changes.try_next().map(|change| (change.key, change.to));
    assert_eq!(first, Some((None, CircuitState::ForcedOpen)));
    let told = std::iter::from_fn(|| changes.try_next());
    let opened = told.filter(|change| change.to == CircuitState::ForcedOpen);
    assert_eq!(opened.count(), 1, "what begins so has not changed");
}

#[tokio::test]
async fn what_the_handle_of_a_name_does_is_for_its_own_breaker() {
    let of = breaker("off.circuit.own");
    of.force_open();
    assert_eq!(of.key("a").state(), CircuitState::Closed);
}
