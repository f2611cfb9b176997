//! Section 7: `resil::Error` as what a handler answers, an HTTP response and a gRPC status; and known
//! again on the other side of a function that has turned it into a status.

#![allow(clippy::result_large_err, reason = "`axum`'s own error is that large")]

use std::future::pending;

use futures_util::FutureExt as _;
use resil::{Error, bulkhead, circuit, rate_limit, timeout};
#[cfg(feature = "idempotent")]
use resil::{IdempotencyError, idempotent};

/// One of each: what it is, and the error. Each test has keys of its own.
async fn one_of_each(who: &str) -> Vec<(&'static str, Error)> {
    #[timeout(20ms)]
    async fn slow() -> Result<(), Error> {
        pending().await
    }
    #[circuit(name = "answers.open", key = who, failures = 1, open_for = 1500ms)]
    async fn down(who: &str, fail: bool) -> Result<(), Error> {
        if fail { slow().await } else { Ok(()) }
    }
    let timeout = slow().await.unwrap_err();
    let _ = down(who, true).await;
    let open = down(who, false).await.unwrap_err();
    #[bulkhead(name = "answers.full", key = who, max = 1)]
    async fn inside(who: &str) -> Result<(), Error> {
        pending().await
    }
    #[rate_limit(name = "answers.rate", key = who, max = 1, per = 1500ms, cost = cost)]
    async fn in_turn(who: &str, cost: u32) -> Result<(), Error> {
        let _ = (who, cost);
        Ok(())
    }
    let mut running = Box::pin(inside(who));
    assert!((&mut running).now_or_never().is_none());
    let full = inside(who).await.unwrap_err();
    in_turn(who, 1).await.unwrap();
    let early = in_turn(who, 1).await.unwrap_err();
    let never = in_turn(who, 2).await.unwrap_err();
    let held = resil::breaker("answers.held");
    held.force_open();
    #[allow(unused_mut, reason = "without idempotency there is no more")]
    let mut all = vec![
        ("timeout", timeout),
        ("open", open),
        ("held", held.try_acquire().unwrap_err()),
        ("full", full),
        ("early", early),
        ("never", never),
        ("cancelled", Error::Cancelled),
    ];
    #[cfg(feature = "idempotent")]
    all.extend(idempotency(who).await);
    all
}

#[cfg(feature = "idempotent")]
async fn idempotency(who: &str) -> Vec<(&'static str, Error)> {
    #[idempotent(key = (who, key), fingerprint = print, conflict = reject, lease = 10s)]
    async fn pay(who: &str, key: &str, print: u32, slow: bool) -> Result<u32, Error> {
        if slow { pending().await } else { Ok(print) }
    }
    #[idempotent(key = who, on_abandon = indeterminate)]
    async fn once(who: &str) -> Result<u32, Error> {
        let _ = who;
        pending().await
    }
    let mut running = Box::pin(pay(who, "slow", 1, true));
    assert!((&mut running).now_or_never().is_none());
    let in_progress = pay(who, "slow", 1, false).await.unwrap_err();
    pay(who, "done", 1, false).await.unwrap();
    let reused = pay(who, "done", 2, false).await.unwrap_err();
    let no_key = pay(who, "", 1, false).await.unwrap_err();
    assert!(Box::pin(once(who)).now_or_never().is_none());
    let cut = once(who).await.unwrap_err();
    assert!(matches!(
        cut,
        Error::Idempotency(IdempotencyError::Indeterminate { .. })
    ));
    vec![
        ("in progress", in_progress),
        ("reused", reused),
        ("no key", no_key),
        ("cut", cut),
    ]
}

#[cfg(feature = "axum")]
mod http {
    use super::*;
    use axum::Router;
    use axum::body::to_bytes;
    use axum::http::{Request, Response, StatusCode, header};
    use axum::response::IntoResponse as _;
    use axum::routing::get;
    use tower::ServiceExt as _;

    const WHO: &str = "http";

    fn header<'a>(response: &'a Response<axum::body::Body>, name: &str) -> Option<&'a str> {
        response.headers().get(name).map(|v| v.to_str().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_is_a_response() {
        for (what, error) in one_of_each(WHO).await {
            let (status, code, wait) = match what {
                "timeout" => (504, "timeout", None),
                // 1.5 s and up to a fifth more, in whole seconds.
                "open" => (503, "circuit_open", Some("2")),
                "held" => (503, "circuit_open", None),
                // When a place will be free is not known: the least that the header can say.
                "full" => (503, "bulkhead_full", Some("1")),
                "early" => (429, "rate_limited", Some("2")),
                "never" => (429, "rate_limited", None),
                "cancelled" => (503, "cancelled", None),
                "in progress" => (409, "in_progress", Some("10")),
                "reused" => (422, "key_reused", None),
                "no key" => (400, "invalid_key", None),
                "cut" => (409, "indeterminate", None),
                other => panic!("{other}"),
            };
            let shown = error.to_string();
            let response = error.clone().into_response();
            assert_eq!(response.status(), status, "{what}");
            let json = Some("application/problem+json");
            assert_eq!(header(&response, "content-type"), json);
            assert_eq!(header(&response, "retry-after"), wait, "{what}");
            // What stands around the handler finds the error itself.
            assert_eq!(response.extensions().get::<Error>(), Some(&error));

            let body = to_bytes(response.into_body(), 10_000).await.unwrap();
            let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let title = StatusCode::from_u16(status).unwrap().canonical_reason();
            assert_eq!(problem["type"], "about:blank");
            assert_eq!(problem["title"], title.unwrap());
            assert_eq!(problem["status"], status);
            assert_eq!(problem["code"], code);
            // A stranger is told what to do, and not what our functions are called.
            let detail = problem["detail"].as_str().unwrap();
            assert!(!detail.is_empty() && detail != shown);
            assert!(!body.windows(7).any(|w| w == b"answers"), "{problem}");
        }
    }

    /// The whole way: `axum::response::Result` as a function's type, a handler around it, a request.
    #[tokio::test(start_paused = true)]
    async fn axums_result_serves_as_a_functions_type() {
        #[circuit(name = "answers.axum")]
        #[timeout(1s)]
        async fn load(id: u32) -> axum::response::Result<String> {
            match id {
                0 => Err((StatusCode::NOT_FOUND, "no such thing").into()),
                1 => pending().await,
                id => Ok(format!("thing {id}")),
            }
        }
        #[timeout(2s)]
        async fn handler(
            axum::extract::Path(id): axum::extract::Path<u32>,
        ) -> axum::response::Result<String> {
            load(id).await
        }
        let app = Router::new().route("/{id}", get(handler));
        let ask = async |id: u32| {
            let request = Request::get(format!("/{id}")).body(axum::body::Body::empty());
            app.clone().oneshot(request.unwrap()).await.unwrap()
        };
        assert_eq!(ask(2).await.status(), 200);
        assert_eq!(ask(0).await.status(), 404);
        assert_eq!(ask(1).await.status(), 504);
        resil::breaker("answers.axum").force_open();
        let refused = ask(2).await;
        assert_eq!(refused.status(), 503);
        assert!(refused.headers().get(header::CONTENT_TYPE).is_some());
        resil::breaker("answers.axum").force_close();
        assert_eq!(ask(3).await.status(), 200);
    }
}

#[cfg(feature = "tonic")]
mod grpc {
    use super::*;
    use std::error::Error as _;
    use std::time::Duration;

    use crate::support::{Record, ms};
    use resil::{Class, Classify as _, Deadline, retry};
    use tonic::{Code, Status};

    const WHO: &str = "grpc";

    fn pushback(status: &Status) -> Option<u64> {
        let text = status.metadata().get("grpc-retry-pushback-ms")?;
        Some(text.to_str().unwrap().parse().unwrap())
    }

    /// The status as a client gets it.
    fn sent(status: &Status) -> Status {
        let mut headers = axum::http::HeaderMap::new();
        status.add_header(&mut headers).unwrap();
        Status::from_header_map(&headers).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_is_a_status() {
        for (what, error) in one_of_each(WHO).await {
            let (code, wait) = match what {
                "timeout" => (Code::DeadlineExceeded, None),
                "open" => (Code::Unavailable, Some(1_500..=1_800)),
                "full" | "never" => (Code::ResourceExhausted, None),
                "early" => (Code::ResourceExhausted, Some(1_500..=1_500)),
                "held" | "cancelled" => (Code::Unavailable, None),
                "in progress" => (Code::Aborted, Some(10_000..=10_000)),
                "reused" | "cut" => (Code::FailedPrecondition, None),
                "no key" => (Code::InvalidArgument, None),
                other => panic!("{other}"),
            };
            let status = Status::from(error.clone());
            assert_eq!(status.code(), code, "{what}");
            let pushed = pushback(&status);
            assert!(
                match (&wait, pushed) {
                    (None, None) => true,
                    (Some(wait), Some(pushed)) => wait.contains(&pushed),
                    _ => false,
                },
                "{what}: {status:?}"
            );
            let source = status.source().and_then(|e| e.downcast_ref::<Error>());
            assert_eq!(source, Some(&error));
            // Here it is what it was; where it has been sent, what code and push-back say.
            assert_eq!(status.classify(), error.classify(), "{what}");
            let there = sent(&status);
            assert!(there.source().is_none());
            let class = match (code, pushed) {
                (_, Some(pushed)) => Class::Throttled {
                    retry_after: Some(Duration::from_millis(pushed)),
                },
                (Code::FailedPrecondition | Code::InvalidArgument, _) => Class::Permanent,
                (Code::ResourceExhausted, _) => Class::Throttled { retry_after: None },
                _ => Class::Transient,
            };
            assert_eq!(there.classify(), class, "{what}");
            let said = there.message();
            assert!(!said.is_empty() && !said.contains("answers"), "{said}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pushback_fits_an_int32() {
        #[circuit(name = "answers.far", failures = 1, open_for = 400d, open_max = 400d)]
        async fn down() -> Result<(), Status> {
            Err(Status::unavailable("down"))
        }
        assert_eq!(pushback(&down().await.unwrap_err()), None);
        let refused = down().await.unwrap_err();
        assert_eq!(pushback(&refused), Some(2_147_483_647));
    }

    /// A refusal of an inner function that answers with a status, to a retry and a circuit around.
    #[tokio::test(start_paused = true)]
    async fn known_again_on_the_other_side_of_a_function() {
        #[circuit(name = "answers.inner")]
        #[timeout(1s)]
        async fn inner(hang: bool) -> Result<(), Status> {
            if hang { pending().await } else { Ok(()) }
        }
        #[circuit(name = "answers.outer", failures = 2)]
        #[retry(max = 3, base = 1ms, budget = off)]
        async fn outer(r: &Record, hang: bool) -> tonic::Result<()> {
            r.attempt();
            inner(hang).await
        }
        let row = || resil::breaker("answers.outer").counts().failures_in_a_row;
        // A timeout of the inner function's own may pass.
        let r = Record::new();
        assert_eq!(
            outer(&r, true).await.unwrap_err().code(),
            Code::DeadlineExceeded
        );
        assert_eq!((r.count(), row()), (3, 1));
        // What the caller's own deadline cut says nothing.
        let r = Record::new();
        assert!(
            Deadline::after(ms(50))
                .scope(outer(&r, true))
                .await
                .is_err()
        );
        assert_eq!((r.count(), row()), (1, 1));
        // An open circuit is final, and neutral.
        resil::breaker("answers.inner").force_open();
        let r = Record::new();
        assert_eq!(
            outer(&r, false).await.unwrap_err().code(),
            Code::Unavailable
        );
        assert_eq!((r.count(), row()), (1, 1));
        resil::breaker("answers.inner").force_close();
        assert!(outer(&r, false).await.is_ok());
        assert_eq!(row(), 0);
    }

    /// Also where a layer of others has made the status: tonic's own way in.
    #[test]
    fn known_again_where_tonic_made_the_status() {
        resil::breaker("answers.layer").force_open();
        let refused = resil::breaker("answers.layer").try_acquire().unwrap_err();
        let status = Status::from_error(Box::new(refused));
        assert_eq!(status.classify(), Class::Neutral);
    }
}
