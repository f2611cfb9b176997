//! Names that try to be HTML.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_core::Stream;
use resil::breaker;
use serde_json::{Value, json};

use crate::driver::{Browser, serve};

const EVIL: &str = "<script>window.hacked = 1</script><img src=x onerror=\"window.hacked = 2\">";

/// One frame, and then silence.
struct Once(Option<Bytes>);

impl Stream for Once {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0
            .take()
            .map_or(Poll::Pending, |frame| Poll::Ready(Some(Ok(frame))))
    }
}

/// Answers with a stream that begins with `frame`.
pub(crate) fn hello(frame: &Value) -> Response {
    let frame = Bytes::from(format!("event: hello\ndata: {frame}\n\n"));
    let stream = Body::from_stream(Once(Some(frame)));
    ([(CONTENT_TYPE, "text/event-stream")], stream).into_response()
}

/// Returns a row of a function.
pub(crate) fn function(name: &str) -> Value {
    json!({
        "id": name, "name": name, "calls": 7, "failed": 1, "retries": 0, "in_flight": 0, "budgets": [],
        "minute": { "calls": 7, "failed": 1, "p50_ms": 1, "p99_ms": 2 },
    })
}

async fn nothing_ran(browser: &Browser) {
    assert_eq!(browser.value("window.hacked === undefined").await, true);
    assert_eq!(
        browser
            .value("document.querySelectorAll('script').length")
            .await,
        1
    );
    assert_eq!(
        browser
            .value("document.querySelectorAll('img').length")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breaker_that_is_called_script_is_text() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let b = breaker(EVIL);
    b.key(EVIL).force_open();
    let title = resil_panel::Panel::new().title(EVIL).token("t").router();
    let url = serve(Router::new().merge(title)).await;
    browser.open(&url).await;
    b.force_open();
    let shown = format!("document.querySelector('#circuits tbody').textContent.includes({EVIL:?})");
    browser.until("the name", &shown).await;
    let told = format!("document.querySelector('#events').textContent.includes({EVIL:?})");
    browser.until("the event", &told).await;
    assert_eq!(browser.text("h1").await, EVIL);
    nothing_ran(&browser).await;
    assert_eq!(browser.console().await, Vec::<String>::new());
    b.reset();
    b.key(EVIL).reset();
}

/// No function of Rust bears such a name. The page is given it by hand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_is_called_script_is_text() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let counts = json!({
        "calls": 7, "ok": 7, "mean_seconds": 0.1, "p50_seconds": 0.1, "p90_seconds": 0.1,
        "p99_seconds": 0.1, "max_seconds": 0.1,
    });
    let frame = json!({
        "title": EVIL, "version": EVIL, "can_be_changed": true, "now": 5, "tick": true, "missed": 0,
        "functions": [function(EVIL)],
        "circuits": [{
            "id": "c", "name": EVIL, "key": EVIL, "state": EVIL, "retry_in_ms": null, "calls": 1,
            "failures": 0, "slow": 0, "failures_in_a_row": 0, "probes_out": 0, "probes_succeeded": 0,
        }],
        "bulkheads": [{ "id": "b", "name": EVIL, "key": EVIL, "limit": 1, "in_flight": 0, "waiting": 0 }],
        "stores": [{ "id": "s", "kind": EVIL, "name": EVIL, "state": "away", "error": EVIL, "at": 1 }],
        "events": [{
            "at": 1, "level": EVIL, "kind": "circuit_changed", "subject": EVIL, "key": EVIL, "state": EVIL,
            "text": EVIL, "call": EVIL,
        }],
    });
    let entry = json!({
        "stats": { "last_minute": counts, "since_start": counts },
        "catalog": {
            "kind": "function", "file": EVIL, "line": 1,
            "policies": [{
                "policy": EVIL, "words": EVIL,
                "settings": [{ "option": EVIL, "value": EVIL, "origin": EVIL }],
            }],
        },
    });
    let router = Router::new()
        .route("/p/api/events", get(async move || hello(&frame)))
        .route(
            "/p/api/functions/{name}",
            get(|| async move { entry.to_string() }),
        )
        .nest_service("/p", resil_panel::router::<()>());
    let url = serve(router).await;
    browser.open(&format!("{url}/p/")).await;
    for table in ["#functions", "#circuits", "#limits", "#events", "#stores"] {
        let shown = format!("document.querySelector('{table}').textContent.includes({EVIL:?})");
        browser.until(table, &shown).await;
    }
    browser.click("#functions .more").await;
    let shown =
        format!("document.querySelector('.detail .policies')?.textContent.includes({EVIL:?})");
    browser.until("the function, opened", &shown).await;
    nothing_ran(&browser).await;
    assert_eq!(browser.console().await, Vec::<String>::new());
}

/// A stack may have any such name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_is_called_as_a_part_of_every_object_is_shown() {
    let Some(browser) = Browser::start(1280, 800).await else {
        return;
    };
    let names = ["constructor", "toString", "valueOf", "__proto__"];
    let all = names.map(function);
    let mut frame = json!({
        "title": "t", "version": "0", "can_be_changed": false, "now": 5, "tick": true, "missed": 0,
        "functions": all, "events": [],
        "circuits": [{
            "id": "c", "name": "behind", "key": null, "state": "open", "retry_in_ms": null, "calls": 1,
            "failures": 0, "slow": 0, "failures_in_a_row": 0, "probes_out": 0, "probes_succeeded": 0,
        }],
    });
    for known in [
        json!({ "toString": [[7, 1, 0]], "__proto__": [[7, 1, 0]] }),
        json!({}),
    ] {
        frame["history"] = known;
        let sent = frame.clone();
        let router = Router::new()
            .route("/p/api/events", get(async move || hello(&sent)))
            .nest_service("/p", resil_panel::router::<()>());
        let url = serve(router).await;
        browser.open(&format!("{url}/p/")).await;
        for name in names.into_iter().chain(["behind"]) {
            let tables = "[...document.querySelectorAll('#functions .name, #circuits .name')]";
            let shown = format!("{tables}.some((n) => n.textContent === {name:?})");
            browser.until(name, &shown).await;
        }
        let is_live = "document.querySelector('#link').innerText === 'live'";
        browser.until("it is live", is_live).await;
        assert_eq!(browser.console().await, Vec::<String>::new());
    }
}
