//! Headers that are not what they should be.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get as on_get;
use http::{HeaderName, HeaderValue};
use resil_http::server::DeadlineLayer;
use resil_runtime::Deadline;
use resil_runtime::event::{self, Event};

use crate::{request, send, text};

async fn left() -> String {
    let left = Deadline::current().map(Deadline::remaining);
    left.unwrap_or_default().as_nanos().to_string()
}

#[tokio::test(start_paused = true)]
async fn a_malformed_value_is_ignored() {
    let default = Duration::from_secs(5);
    let app = Router::new()
        .route("/", on_get(left))
        .layer(DeadlineLayer::new().default(default));
    for (name, values) in [
        (
            "grpc-timeout",
            &[
                "",
                "S",
                "1",
                "12",
                "-1S",
                "+1S",
                "1.5S",
                "1s",
                "1h",
                "1 S",
                " 1S",
                "1S ",
                "100000000n",
                "000000001S",
                "1SS",
                "1ms",
                "infinity",
                "1e3m",
                "0x1S",
                "1S,2S",
            ][..],
        ),
        (
            "x-envoy-expected-rq-timeout-ms",
            &[
                "", " ", "-1", "+1", "1.5", "1ms", "1e3", "0x10", "1,2", "１", "soon",
            ],
        ),
        ("x-request-timeout-ms", &["", "-5", "NaN", "1_000", "1 "]),
    ] {
        for value in values {
            let mut request = request("/", &[]);
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            request.headers_mut().insert(name, value.clone());
            let response = send(&app, request).await;
            let left = text(response).await;
            assert_eq!(left, default.as_nanos().to_string(), "{name}: {value:?}");
        }
    }
}

/// The only test of this process that listens.
#[tokio::test(start_paused = true)]
async fn it_is_told_once_to_whoever_listens_then() {
    it_was_told_also_if_the_listener_goes_as_it_hears_it().await;
    crate::limits::a_refusal_is_told_once().await;
    let layer = || DeadlineLayer::new().header(HeaderName::from_static("x-told"));
    let app = Router::new()
        .route("/", on_get(left))
        .route("/other", on_get(left))
        .layer(layer());
    // Nobody listens.
    send(&app, request("/", &[("x-told", "soon")])).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let listening = event::subscribe({
        let told = Arc::clone(&told);
        move |event| {
            if let Event::HeaderIgnored { header, .. } = event
                && &**header == "x-told"
            {
                told.lock().unwrap().push(event.clone());
            }
        }
    });
    for path in ["/", "/other", "/"] {
        send(&app, request(path, &[("x-told", "soon"), ("x-told", "7")])).await;
    }
    assert_eq!(told.lock().unwrap().len(), 1);
    let another = Router::new().route("/", on_get(left)).layer(layer());
    send(&another, request("/", &[("x-told", "soon")])).await;
    assert_eq!(told.lock().unwrap().len(), 2);
    drop(listening);
}

async fn it_was_told_also_if_the_listener_goes_as_it_hears_it() {
    let layer = DeadlineLayer::new().header(HeaderName::from_static("x-once"));
    let app = Router::new().route("/", on_get(left)).layer(layer);
    let told = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let listening = Arc::new(Mutex::new(None));
        let subscription = event::subscribe({
            let (told, listening) = (Arc::clone(&told), Arc::clone(&listening));
            move |event| {
                if let Event::HeaderIgnored { header, .. } = event
                    && &**header == "x-once"
                {
                    told.fetch_add(1, Relaxed);
                    let gone = listening.lock().unwrap().take();
                    drop(gone);
                }
            }
        });
        *listening.lock().unwrap() = Some(subscription);
        send(&app, request("/", &[("x-once", "soon")])).await;
        let gone = listening.lock().unwrap().take();
        drop(gone);
    }
    assert_eq!(told.load(Relaxed), 1);
}
