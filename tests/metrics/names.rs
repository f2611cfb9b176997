//! The metrics that names have: refusals, circuits, queues, budgets.

use std::pin::pin;

use resil::{Error, breaker, bulkhead, circuit, idempotent, rate_limit, retry};
use tokio::time::sleep;

use super::support::{Fault, ms, poll_once};
use super::{here, scrape, value};

#[circuit(name = "metrics.shop", failures = 1, key = shop)]
async fn by_shop(shop: &str, good: bool) -> Result<u32, Fault> {
    if good { Ok(1) } else { Err(Fault::Network(1)) }
}

#[circuit(name = "metrics.pay", failures = 1, open_for = 10s)]
async fn pays(good: bool) -> Result<u32, Fault> {
    if good { Ok(1) } else { Err(Fault::Network(1)) }
}

#[bulkhead(name = "metrics.places", max = 1, queue = 2)]
async fn in_places() -> Result<u32, Fault> {
    sleep(ms(100)).await;
    Ok(1)
}

#[rate_limit(name = "metrics.rate", max = 1, per = 1h)]
async fn in_turn() -> Result<u32, Fault> {
    Ok(1)
}

#[idempotent(name = "metrics.keys", key = key, fingerprint = print)]
async fn once(key: u32, print: u32) -> Result<u32, Error> {
    let _ = print;
    Ok(key)
}

fn refused(of: &str, policy: &str, name: &str) -> Option<f64> {
    value(
        of,
        "resil_refusals_total",
        &[("name", name), ("policy", policy)],
    )
}

#[tokio::test(start_paused = true)]
async fn refusals_are_counted_by_policy_and_name_and_never_labelled_by_key() {
    for shop in ["north", "south"] {
        let _ = by_shop(shop, false).await;
        for _ in 0..3 {
            assert!(by_shop(shop, true).await.is_err());
        }
    }
    assert!(by_shop("west", true).await.is_ok());
    let (mut inside, mut waits, mut other) =
        (pin!(in_places()), pin!(in_places()), pin!(in_places()));
    assert!(poll_once(inside.as_mut()).await.is_pending());
    assert!(poll_once(waits.as_mut()).await.is_pending());
    assert!(poll_once(other.as_mut()).await.is_pending());
    assert!(in_places().await.is_err());
    assert!(in_turn().await.is_ok());
    for _ in 0..2 {
        assert!(in_turn().await.is_err());
    }
    assert!(once(1, 1).await.is_ok());
    assert!(once(1, 2).await.is_err());

    let seen = scrape();
    assert_eq!(
        refused(&seen, "circuit", "metrics.shop"),
        Some(6.0),
        "{seen}"
    );
    assert_eq!(refused(&seen, "bulkhead", "metrics.places"), Some(1.0));
    assert_eq!(refused(&seen, "rate_limit", "metrics.rate"), Some(2.0));
    assert_eq!(refused(&seen, "idempotent", "metrics.keys"), Some(1.0));
    assert!(!seen.contains("north"), "no key is a label");
    let queued = value(&seen, "resil_queued", &[("name", "metrics.places")]);
    assert_eq!(queued, Some(2.0));
    let keys = |state| {
        let labels = [("name", "metrics.shop"), ("state", state)];
        value(&seen, "resil_circuit_keys", &labels)
    };
    assert_eq!(
        (keys("open"), keys("closed"), keys("half_open")),
        (Some(2.0), Some(1.0), Some(0.0))
    );
}

#[tokio::test(start_paused = true)]
async fn the_state_of_a_circuit_is_a_number() {
    let state = || value(&scrape(), "resil_circuit_state", &[("name", "metrics.pay")]);
    assert!(pays(true).await.is_ok());
    assert_eq!(state(), Some(0.0));
    assert!(pays(false).await.is_err());
    assert_eq!(state(), Some(2.0));
    sleep(ms(30_000)).await;
    assert_eq!(state(), Some(1.0));
    breaker("metrics.pay").force_open();
    assert_eq!(state(), Some(3.0));
    breaker("metrics.pay").disable();
    assert_eq!(state(), Some(4.0));
}

#[retry(max = 3, delays = [1ms], budget(name = "metrics.budget", capacity = 10, cost = 5, refill = 0))]
async fn named(good: bool) -> Result<u32, Fault> {
    if good { Ok(1) } else { Err(Fault::Network(1)) }
}

#[retry(max = 2, delays = [1ms])]
async fn own(good: bool) -> Result<u32, Fault> {
    if good { Ok(1) } else { Err(Fault::Network(1)) }
}

#[tokio::test(start_paused = true)]
async fn the_tokens_of_a_budget_are_shown_from_its_first_retry_on() {
    let level = |name| value(&scrape(), "resil_budget_tokens", &[("name", name)]);
    assert!(named(true).await.is_ok());
    assert_eq!(level("metrics.budget"), None);
    assert!(named(false).await.is_err());
    assert_eq!(level("metrics.budget"), Some(0.0));
    assert!(named(true).await.is_ok());
    assert_eq!(level("metrics.budget"), Some(1.0));
    assert!(own(false).await.is_err());
    assert_eq!(level(here!(own)), Some(495.0));
    let seen = scrape();
    let stopped = [("function", here!(named)), ("reason", "exhausted")];
    assert_eq!(
        value(&seen, "resil_retries_stopped_total", &stopped),
        Some(1.0)
    );
}
