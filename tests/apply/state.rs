//! State belongs to the site, unless a NAME says otherwise.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use resil::{CircuitState, breaker};

use crate::support::{Fault, Record};

resil::stack! {
    OWN = #[circuit(failures = 1)] #[retry(max = 2, constant, base = 1ms, budget(capacity = 5, refill = 0))];
    SHARED = #[circuit(name = "apply-state-shared", failures = 1)];
    CLAIMS = #[idempotent(key = id)];
    NAMED_CLAIMS = #[idempotent(key = id, name = "apply-state-claims")];
}

#[tokio::test(start_paused = true)]
async fn each_site_has_a_breaker_and_a_budget_of_its_own() {
    #[resil::apply(OWN)]
    async fn own_first(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    #[resil::apply(OWN)]
    async fn own_second(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    let r = Record::new();
    assert!(matches!(own_first(&r).await, Err(Fault::Network(_))));
    assert!(
        matches!(own_first(&r).await, Err(Fault::Resil(_))),
        "its breaker is open"
    );
    // The other one's breaker is closed, and its budget pays for a retry.
    assert!(matches!(own_second(&r).await, Err(Fault::Network(_))));
    assert_eq!(r.count(), 4);
    let names: Vec<String> = resil::registry()
        .snapshot()
        .iter()
        .map(|b| b.name.to_string())
        .collect();
    for function in ["own_first", "own_second"] {
        let site = format!("{}::{function}", module_path!());
        assert!(names.contains(&site), "{site} in {names:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_is_shared() {
    #[resil::apply(SHARED)]
    async fn first(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    #[resil::apply(SHARED)]
    async fn second(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    let r = Record::new();
    assert!(first(&r).await.is_err());
    assert_eq!(breaker("apply-state-shared").state(), CircuitState::Open);
    assert!(matches!(second(&r).await, Err(Fault::Resil(_))));
    assert_eq!(r.count(), 1);
}

static RUNS: AtomicU32 = AtomicU32::new(0);

#[tokio::test(start_paused = true)]
async fn keys_are_the_sites_own_unless_they_are_named() {
    #[resil::apply(CLAIMS)]
    async fn first(id: u32) -> Result<u32, Fault> {
        Ok(RUNS.fetch_add(1, Relaxed) + id)
    }
    #[resil::apply(CLAIMS)]
    async fn second(id: u32) -> Result<u32, Fault> {
        Ok(RUNS.fetch_add(1, Relaxed) + id)
    }
    #[resil::apply(NAMED_CLAIMS)]
    async fn third(id: u32) -> Result<u32, Fault> {
        Ok(RUNS.fetch_add(1, Relaxed) + id)
    }
    #[resil::apply(NAMED_CLAIMS)]
    async fn fourth(id: u32) -> Result<u32, Fault> {
        Ok(RUNS.fetch_add(1, Relaxed) + id)
    }
    let outs = [first(10).await, second(10).await, first(10).await];
    assert_eq!(outs, [Ok(10), Ok(11), Ok(10)]);
    let outs = [third(10).await, fourth(10).await];
    assert_eq!(outs, [Ok(12), Ok(12)], "one claim for both");
}
