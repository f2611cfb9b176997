//! Copies beside each other: only of what may be sent twice, and only of a body that is there.

use http::{HeaderMap, Method, Request};
use resil_http::BoxError;
use resil_http::layers::{HedgeLayer, StackLayer};
use resil_runtime::hedge::{HedgeAfter, HedgePolicy};
use resil_runtime::retry::RetryPolicy;
use resil_runtime::{Error, Stack};
use tokio::time::{Instant, sleep};
use tower::{ServiceExt as _, service_fn};
use tower_layer::Layer as _;

use crate::support::*;

const HEDGE: HedgePolicy = HedgePolicy::new(HedgeAfter::Delay(ms(10))).no_budget();

/// Sends a request under a hedge to a service that reads its body, and whose first answer is late. Returns the bodies
/// that were read, and how long it took.
async fn sent(request: Request<Body>) -> (Vec<Seen>, u128) {
    let log = Log::default();
    let seen = log.clone();
    let inside = service_fn(move |request: Request<Body>| {
        let seen = seen.clone();
        async move {
            let n = seen.add(read(request.into_body()).await?);
            sleep(if n == 1 { ms(500) } else { ms(5) }).await;
            Ok::<_, BoxError>(answer(200))
        }
    });
    let service = HedgeLayer::new(HEDGE).buffer_limit(8).layer(inside);
    let began = Instant::now();
    let answer = service.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    (log.all(), began.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn what_may_be_sent_twice_is_hedged() {
    let mut keyed = request(Method::POST);
    keyed
        .headers_mut()
        .insert("idempotency-key", "\"1\"".parse().unwrap());
    for (request, copies, took) in [
        (request(Method::GET), 2, 15),
        (request(Method::DELETE), 2, 15),
        (keyed, 2, 15),
        (request(Method::POST), 1, 500),
        (request(Method::PATCH), 1, 500),
    ] {
        let what = format!("{} {:?}", request.method(), request.headers());
        let (bodies, elapsed) = sent(request).await;
        assert_eq!(bodies.len(), copies, "{what}");
        assert!((took..took + 5).contains(&elapsed), "{what}: {elapsed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_copied_if_it_is_there_or_short_by_its_own_word() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "1f".parse().unwrap());
    let late = || [Step::Data(b"one "), Step::Wait(ms(30)), Step::Data(b"two")];
    for (what, body, copies, took) in [
        (
            "at once",
            Script::new([Step::Data(b"one "), Step::Data(b"two")]),
            2,
            15,
        ),
        (
            "with trailers",
            Script::new([Step::Data(b"one two"), Step::Trailers(trailers.clone())]),
            2,
            15,
        ),
        ("declared", Script::new(late()).declared(), 2, 45),
        ("of a length that nobody knows", Script::new(late()), 1, 530),
        ("too long", Script::new([Step::Data(b"nine byte")]), 1, 500),
        (
            "too long by its own word",
            Script::new([Step::Data(b"nine byte")]).declared(),
            1,
            500,
        ),
        (
            "too long, in parts",
            Script::new([
                Step::Data(b"four"),
                Step::Data(b"four"),
                Step::Data(b"four"),
            ]),
            1,
            500,
        ),
    ] {
        let (bodies, elapsed) = sent(with_body(Method::PUT, body)).await;
        assert_eq!(bodies.len(), copies, "{what}");
        assert!((took..took + 5).contains(&elapsed), "{what}: {elapsed}");
        assert!(bodies.iter().all(|body| body == &bodies[0]), "{what}");
        let want: &[u8] = match what {
            "too long, in parts" => b"fourfourfour",
            what if what.starts_with("too long") => b"nine byte",
            _ => b"one two",
        };
        assert_eq!(bodies[0].data, want, "{what}");
        assert_eq!(bodies[0].trailers.is_some(), what == "with trailers");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_while_it_is_read_ends_the_request_with_its_error() {
    let inside = service_fn(|request: Request<Body>| async move {
        read(request.into_body()).await?;
        Ok::<_, BoxError>(answer(200))
    });
    let service = HedgeLayer::new(HEDGE).layer(inside);
    let body = Script::new([Step::Data(b"one"), Step::Fail]);
    let error = service
        .oneshot(with_body(Method::PUT, body))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "the body broke");
}

/// gRPC A6: "If the pushback says not to retry, no further hedged requests will be sent."
#[tokio::test(start_paused = true)]
async fn a_push_back_ends_the_copies() {
    for (pushback, copies) in [(None, 3), (Some("-1"), 1), (Some("soon"), 1)] {
        let log = Log::default();
        let sent = log.clone();
        let inside = service_fn(move |_: Request<Body>| {
            sent.add(());
            let mut unavailable = answer(200);
            let headers = unavailable.headers_mut();
            headers.insert("grpc-status", "14".parse().unwrap());
            if let Some(pushback) = pushback {
                headers.insert("grpc-retry-pushback-ms", pushback.parse().unwrap());
            }
            async { Ok::<_, BoxError>(unavailable) }
        });
        let service = HedgeLayer::new(HEDGE.max(3)).layer(inside);
        service.oneshot(request(Method::GET)).await.unwrap();
        assert_eq!(log.all().len(), copies, "{pushback:?}");
    }
}

/// Whether it is said in the words of HTTP or in those of gRPC, one more copy would meet the same limit.
#[tokio::test(start_paused = true)]
async fn an_overloaded_envoy_ends_the_copies() {
    for (status, grpc, overloaded, copies) in [
        (503, None, true, 1),
        (200, Some("14"), true, 1),
        (503, None, false, 3),
        (200, Some("14"), false, 3),
    ] {
        let log = Log::default();
        let sent = log.clone();
        let inside = service_fn(move |_: Request<Body>| {
            sent.add(());
            let mut answer = answer(status);
            let headers = answer.headers_mut();
            if let Some(grpc) = grpc {
                headers.insert("grpc-status", grpc.parse().unwrap());
            }
            if overloaded {
                headers.insert("x-envoy-overloaded", "true".parse().unwrap());
            }
            async { Ok::<_, BoxError>(answer) }
        });
        let service = HedgeLayer::new(HEDGE.max(3)).layer(inside);
        service.oneshot(request(Method::GET)).await.unwrap();
        let case = format!("{status} {grpc:?} {overloaded}");
        assert_eq!(log.all().len(), copies, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hedge_in_a_stack_leaves_a_post_to_the_other_policies() {
    let log = Log::default();
    let attempts = log.clone();
    let inside = service_fn(move |_: Request<Body>| {
        let n = attempts.add(());
        async move {
            if n == 1 {
                let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
                return Err::<_, BoxError>(refused.into());
            }
            sleep(ms(100)).await;
            Ok(answer(200))
        }
    });
    let stack = Stack::new("layers-hedged-post")
        .retry(RetryPolicy::new().max(2).base(ms(1)))
        .hedge(HEDGE)
        .timeout(ms(50));
    let service = StackLayer::new(stack).layer(inside);
    let error = service.oneshot(request(Method::POST)).await.unwrap_err();
    assert!(
        matches!(error.downcast_ref(), Some(Error::Timeout { .. })),
        "{error:?}"
    );
    assert_eq!(
        log.all().len(),
        2,
        "one that was refused a connection, and one that was sent"
    );
}
