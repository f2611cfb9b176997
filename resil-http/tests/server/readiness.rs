//! Readiness and liveness.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::routing::get as on_get;
use resil_http::server::{Readiness, liveness, readiness};
use resil_runtime::cancel::Shutdown;
use tokio::time::{Instant, sleep};

use crate::{Counter, get, header, problem, text};

fn app(readiness: Readiness) -> Router {
    Router::new()
        .route("/ready", on_get(readiness))
        .route("/live", on_get(liveness))
}

#[tokio::test(start_paused = true)]
async fn it_turns_when_the_shutdown_begins_and_liveness_does_not() {
    let part = Shutdown::new();
    let asked = Counter::default();
    let check = {
        let asked = asked.clone();
        move || {
            asked.up();
            async { true }
        }
    };
    let app = app(readiness().of(part.clone()).check("database", check));
    let ready = get(&app, "/ready").await;
    assert_eq!(header(&ready, "cache-control"), Some("no-store"));
    assert_eq!(
        (ready.status().as_u16(), text(ready).await),
        (200, "ready\n".into())
    );
    part.begin();
    for _ in 0..3 {
        let unready = get(&app, "/ready").await;
        assert_eq!(header(&unready, "cache-control"), Some("no-store"));
        assert_eq!(problem(unready).await, (503, "shutting_down".into()));
    }
    assert_eq!(asked.get(), 1, "what is known is not asked");
    let live = get(&app, "/live").await;
    assert_eq!(header(&live, "cache-control"), Some("no-store"));
    assert_eq!(
        (live.status().as_u16(), text(live).await),
        (200, "alive\n".into())
    );
}

/// It does not wait for what says nothing any more.
#[tokio::test(start_paused = true)]
async fn it_turns_while_a_check_is_under_way() {
    let part = Shutdown::new();
    let check = || async {
        sleep(Duration::from_millis(800)).await;
        true
    };
    let app = app(readiness().of(part.clone()).check("database", check));
    let began = Instant::now();
    let begins = async {
        sleep(Duration::from_millis(10)).await;
        part.begin();
    };
    let (unready, ()) = tokio::join!(get(&app, "/ready"), begins);
    assert_eq!(problem(unready).await, (503, "shutting_down".into()));
    assert_eq!(began.elapsed().as_millis(), 10);
}

#[tokio::test(start_paused = true)]
async fn it_turns_while_a_check_fails_and_says_which() {
    let is_well = Arc::new(AtomicBool::new(false));
    let check = {
        let is_well = Arc::clone(&is_well);
        move || {
            let is_well = is_well.load(Relaxed);
            async move { is_well }
        }
    };
    let ready = readiness()
        .of(Shutdown::new())
        .check("cache", || async { true })
        .check("data\"base", check);
    let app = app(ready);
    let body = text(get(&app, "/ready").await).await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["failed"], serde_json::json!(["data\"base"]));
    assert_eq!(
        problem(get(&app, "/ready").await).await,
        (503, "not_ready".into())
    );
    is_well.store(true, Relaxed);
    assert_eq!(get(&app, "/ready").await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_has_failed_after_its_time() {
    let dropped = Counter::default();
    let hangs = |dropped: &Counter| {
        let dropped = dropped.clone();
        move || {
            let dropped = dropped.on_drop();
            async move {
                let _dropped = dropped;
                pending().await
            }
        }
    };
    let slow = || async {
        tokio::time::sleep_until(Instant::now() + Duration::from_millis(900)).await;
        true
    };
    let ready = readiness()
        .of(Shutdown::new())
        .check("one", hangs(&dropped))
        .check("slow", slow)
        .check("two", hangs(&dropped));
    let began = Instant::now();
    let response = get(&app(ready.clone()), "/ready").await;
    assert_eq!(began.elapsed().as_secs(), 1);
    assert_eq!(dropped.get(), 2);
    let body: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(body["failed"], serde_json::json!(["one", "two"]));
    let began = Instant::now();
    let response = get(&app(ready.limit(Duration::from_secs(3))), "/ready").await;
    assert_eq!(began.elapsed().as_secs(), 3);
    assert_eq!(response.status(), 503);
}

#[tokio::test(start_paused = true)]
async fn a_handler_with_state_goes_beside_it() {
    let app = Router::new()
        .route("/ready", on_get(readiness().of(Shutdown::new())))
        .route(
            "/",
            on_get(
                |axum::extract::State(n): axum::extract::State<u8>| async move { n.to_string() },
            ),
        )
        .with_state(7_u8);
    assert_eq!(get(&app, "/ready").await.status(), 200);
    assert_eq!(text(get(&app, "/").await).await, "7");
}
