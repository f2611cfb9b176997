//! Stores that give no answer.

use std::sync::Arc;

use axum::Router;
use resil::idempotency::store::Memory;
use resil::idempotency::{Shared, install_named};
use serde_json::Value;

use crate::PROCESS;
use crate::client::{Events, get, row, serve};

#[derive(Debug)]
struct Fault;

impl From<resil::Error> for Fault {
    fn from(_: resil::Error) -> Self {
        Self
    }
}

#[resil::rate_limit(name = "counted", max = 5, per = 1s, store = "nowhere")]
async fn counted() -> Result<(), Fault> {
    Ok(())
}

#[resil::idempotent(name = "recorded", key = key, store = "not-yet")]
async fn recorded(key: u64) -> Result<u64, Fault> {
    Ok(key)
}

/// The state of a store in a frame.
fn state<'v>(frame: &'v Value, name: &str) -> Option<&'v Value> {
    Some(&row(frame, "stores", name)?["state"])
}

#[resil::rate_limit(name = "counted-in-a-flood", max = 5, per = 1s, store = "nowhere-in-a-flood")]
async fn counted_in_a_flood() -> Result<(), Fault> {
    Ok(())
}

#[resil::idempotent(name = "recorded-in-a-flood", key = key, store = "not-in-a-flood")]
async fn recorded_in_a_flood(key: u64) -> Result<u64, Fault> {
    Ok(key)
}

/// A store says once that it is away: that is not what a page misses of more events than it shows.
#[tokio::test]
async fn a_store_that_goes_away_in_a_flood_of_events_is_shown() {
    let _alone = PROCESS.write().await;
    let b = resil::breaker("floods-the-stores");
    b.force_open();
    let to = serve(Router::new().merge(resil_panel::router())).await;
    let mut events = Events::open(to, "/api/events").await;
    // It goes on as long as the test.
    let goes_on = Arc::new(());
    let asked = Arc::downgrade(&goes_on);
    let flooded = b;
    std::thread::spawn(move || {
        while asked.strong_count() > 0 {
            let _ = flooded.try_acquire();
        }
    });
    events
        .find(|f| (f["missed"].as_u64()? > 0).then_some(()))
        .await;
    assert!(counted_in_a_flood().await.is_ok());
    assert!(recorded_in_a_flood(1).await.is_err());
    let mut away = [false; 2];
    events
        .find(|frame| {
            for (away, name) in away
                .iter_mut()
                .zip(["nowhere-in-a-flood", "recorded-in-a-flood"])
            {
                *away |= state(frame, name).is_some_and(|state| state == "away");
            }
            (away == [true; 2]).then_some(())
        })
        .await;
    drop(goes_on);
    b.reset();
}

#[tokio::test]
async fn a_store_that_is_away_is_shown_and_the_rest_goes_on() {
    let _others = PROCESS.read().await;
    let to = serve(Router::new().nest("/p", resil_panel::router())).await;
    let mut events = Events::open(to, "/p/api/events").await;
    events.heard().await;
    // The limit is counted in the process meanwhile; the key can't be, so that call is refused.
    assert!(counted().await.is_ok());
    assert!(recorded(1).await.is_err());
    let (mut limits, mut keys) = (Value::Null, Value::Null);
    events
        .find(|frame| {
            for (store, name) in [(&mut limits, "nowhere"), (&mut keys, "recorded")] {
                if let Some(row) = row(frame, "stores", name) {
                    *store = row.clone();
                }
            }
            (!limits.is_null() && !keys.is_null()).then_some(())
        })
        .await;
    assert_eq!(
        (&limits["kind"], &limits["state"]),
        (&"rate_limit".into(), &"away".into())
    );
    assert_eq!(
        (&keys["kind"], &keys["state"]),
        (&"idempotency".into(), &"away".into())
    );
    assert!(
        limits["error"].as_str().unwrap().contains("install"),
        "{limits}"
    );
    assert!(limits["at"].as_u64().unwrap() > 0);
    // Whoever asks is told it too, and everything else is there.
    let all = get(to, "/p/api/state").await.json();
    assert_eq!(state(&all, "nowhere"), Some(&"away".into()));
    assert!(row(&all, "rate_limits", "counted").is_some());
    events.find(|f| (f["tick"] == true).then_some(())).await;
    // It answers: what it says is the sign of it.
    install_named("not-yet", Shared::new(Memory::default())).unwrap();
    assert_eq!(recorded(2).await.unwrap(), 2);
    assert_eq!(recorded(2).await.unwrap(), 2, "replayed");
    events
        .find(|f| (state(f, "recorded")? == "back").then_some(()))
        .await;
}
