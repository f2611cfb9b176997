//! What is sent again: the whole request, up to a limit of its body.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{HeaderMap, Method, Request, Version};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full};
use resil_http::layers::{
    ByClone, DEFAULT_LIMIT, EdgeBody, HttpRequests, Once, RepeatBody, RetryLayer, StackLayer,
};
use resil_http::{BoxError, ErrorOutcome};
use resil_runtime::Stack;
use tokio::time::sleep;
use tower::{ServiceExt as _, service_fn};
use tower_layer::Layer as _;

use crate::support::*;

fn trailers() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "1f".parse().unwrap());
    trailers
}

/// Sends `request` under a retry that keeps `limit` bytes, to a service that reads the body and answers 503 twice and
/// then 200. Returns the last status, and the bodies.
async fn sent(request: Request<Body>, limit: usize) -> (u16, Vec<Seen>) {
    let log = Log::default();
    let seen = log.clone();
    let inside = service_fn(move |request: Request<Body>| {
        let seen = seen.clone();
        async move {
            let n = seen.add(read(request.into_body()).await?);
            Ok::<_, BoxError>(answer(if n < 3 { 503 } else { 200 }))
        }
    });
    let service = RetryLayer::new(RETRY).buffer_limit(limit).layer(inside);
    let answer = service.oneshot(request).await.unwrap();
    (answer.status().as_u16(), log.all())
}

#[tokio::test(start_paused = true)]
async fn all_of_a_request_is_sent_again() {
    #[derive(Clone, Debug, PartialEq)]
    struct Beside(u32);
    let log = Log::default();
    let heads = log.clone();
    let inside = service_fn(move |request: Request<Body>| {
        let (head, _) = request.into_parts();
        heads.add((
            head.method,
            head.uri.to_string(),
            head.version,
            head.headers,
            head.extensions.get::<Beside>().cloned(),
        ));
        async { Ok::<_, BoxError>(answer(503)) }
    });
    let mut request = with_body(Method::PUT, Script::new([Step::Data(b"body")]));
    *request.uri_mut() = "http://pay.local/charge?n=1".parse().unwrap();
    *request.version_mut() = Version::HTTP_2;
    request
        .headers_mut()
        .append("x-twice", "a".parse().unwrap());
    request
        .headers_mut()
        .append("x-twice", "b".parse().unwrap());
    request.extensions_mut().insert(Beside(7));
    let service = RetryLayer::new(RETRY).layer(inside);
    let answer = service.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 503, "the last answer comes back");
    let heads = log.all();
    assert_eq!(heads.len(), 3);
    let (method, uri, version, headers, beside) = &heads[0];
    assert_eq!(
        (method, &**uri),
        (&Method::PUT, "http://pay.local/charge?n=1")
    );
    assert_eq!(
        (*version, headers.get_all("x-twice").iter().count()),
        (Version::HTTP_2, 2)
    );
    assert_eq!(beside, &Some(Beside(7)));
    assert!(heads.iter().all(|head| head == &heads[0]));
}

#[tokio::test(start_paused = true)]
async fn the_body_is_sent_again_with_its_trailers() {
    let steps = || {
        [
            Step::Data(b"one "),
            Step::Wait(ms(20)),
            Step::Data(b"two"),
            Step::Trailers(trailers()),
        ]
    };
    let whole = Seen {
        data: b"one two".to_vec(),
        trailers: Some(trailers()),
    };
    let (status, bodies) = sent(with_body(Method::PUT, Script::new(steps())), DEFAULT_LIMIT).await;
    assert_eq!((status, bodies), (200, vec![whole.clone(); 3]));
    // Up to the limit, and to the byte.
    let (status, bodies) = sent(with_body(Method::PUT, Script::new(steps())), 7).await;
    assert_eq!((status, bodies), (200, vec![whole.clone(); 3]));
    // Past it the request is sent once, in whole.
    for limit in [6, 4, 1, 0] {
        let (status, bodies) = sent(with_body(Method::PUT, Script::new(steps())), limit).await;
        assert_eq!((status, bodies), (503, vec![whole.clone()]), "{limit}");
    }
    // An empty one needs nothing kept.
    let (status, bodies) = sent(request(Method::PUT), 0).await;
    assert_eq!((status, bodies.len()), (200, 3));
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_as_long_as_the_body_says() {
    let log = Log::default();
    let hints = log.clone();
    let inside = service_fn(move |request: Request<Body>| {
        let hints = hints.clone();
        async move {
            let mut body = request.into_body();
            let before = body.size_hint().exact();
            // The first attempt reads half of it.
            if hints.add(before) == 1 {
                read_frames(&mut body, 1).await;
                assert_eq!(body.size_hint().exact(), Some(3));
            }
            Ok::<_, BoxError>(answer(503))
        }
    });
    let body = Script::new([Step::Data(b"one "), Step::Data(b"two")]).declared();
    let service = RetryLayer::new(RETRY).layer(inside);
    service.oneshot(with_body(Method::PUT, body)).await.unwrap();
    assert_eq!(log.all(), vec![Some(7); 3]);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_read_half_is_followed_by_one_that_reads_all() {
    let log = Log::default();
    let seen = log.clone();
    let inside = service_fn(move |request: Request<Body>| {
        let seen = seen.clone();
        async move {
            let mut body = request.into_body();
            let n = seen.all().len();
            let data = if n == 0 {
                read_frames(&mut body, 1).await
            } else {
                read(body).await?.data
            };
            seen.add(data);
            Ok::<_, BoxError>(answer(if n == 0 { 503 } else { 200 }))
        }
    });
    let body = Script::new([
        Step::Data(b"one "),
        Step::Data(b"two "),
        Step::Data(b"three"),
    ]);
    let service = RetryLayer::new(RETRY).layer(inside);
    let answer = service.oneshot(with_body(Method::PUT, body)).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(log.all(), [b"one ".to_vec(), b"one two three".to_vec()]);
}

#[tokio::test(start_paused = true)]
async fn nothing_of_the_body_is_held_back() {
    // The other side answers each part, and the next one is sent when its answer is there.
    let inside = service_fn(|request: Request<Body>| async move {
        let mut body = request.into_body();
        assert_eq!(read_frames(&mut body, 1).await, b"hello");
        Ok::<_, BoxError>(answer(200))
    });
    let body = Script::new([Step::Data(b"hello"), Step::Forever]);
    let service = RetryLayer::new(RETRY).layer(inside);
    let answer = service.oneshot(with_body(Method::PUT, body)).await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_long_body_that_was_not_touched_is_sent_again() {
    let attempts = Arc::new(AtomicUsize::new(0));
    let n = Arc::clone(&attempts);
    let inside = service_fn(move |request: Request<Body>| {
        let n = n.fetch_add(1, Ordering::SeqCst);
        async move {
            if n == 0 {
                let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
                return Err::<_, BoxError>(refused.into());
            }
            assert_eq!(read(request.into_body()).await?.data, b"too long");
            Ok(answer(503))
        }
    });
    let service = RetryLayer::new(RETRY).buffer_limit(3).layer(inside);
    let body = Script::new([Step::Data(b"too "), Step::Data(b"long")]);
    // A POST too: nothing was sent.
    let answer = service
        .oneshot(with_body(Method::POST, body))
        .await
        .unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(attempts.load(Ordering::SeqCst), 2, "now it is used up");
}

/// The first attempt fails while its body is still read, by a task of its own, as the connection of HTTP/2 reads it.
/// Three frames of 4 bytes, 8 bytes of which may be kept: it may not use the body up.
#[tokio::test(start_paused = true)]
async fn a_copy_that_is_followed_ends_and_takes_nothing_from_the_next() {
    for waits in [0, 3, 30] {
        let ends = Log::default();
        let end = ends.clone();
        let attempts = Log::default();
        let inside = service_fn(move |request: Request<Body>| {
            let n = attempts.add(());
            let end = end.clone();
            async move {
                let mut body = request.into_body();
                if n == 1 {
                    assert_eq!(read_frames(&mut body, 1).await, b"aaaa");
                    tokio::spawn(async move {
                        let error = read(body).await.unwrap_err();
                        end.add(error.to_string());
                    });
                    return Ok::<_, BoxError>(answer(503));
                }
                assert_eq!(read(body).await?.data, b"aaaabbbbcccc");
                Ok(answer(200))
            }
        });
        let body = Script::new([
            Step::Data(b"aaaa"),
            Step::Wait(ms(waits)),
            Step::Data(b"bbbb"),
            Step::Data(b"cccc"),
        ]);
        let service = RetryLayer::new(RETRY).buffer_limit(8).layer(inside);
        let answer = service.oneshot(with_body(Method::PUT, body)).await.unwrap();
        assert_eq!(answer.status(), 200, "{waits}");
        sleep(ms(100)).await;
        let ends = ends.all();
        assert!(
            ends.len() == 1 && ends[0].contains("sent anew"),
            "{waits}: {ends:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_ends_the_request_with_its_error() {
    let log = Log::default();
    let attempts = log.clone();
    let inside = service_fn(move |request: Request<Body>| {
        attempts.add(());
        async move {
            read(request.into_body()).await?;
            Ok::<_, BoxError>(answer(200))
        }
    });
    let service = RetryLayer::new(RETRY).layer(inside);
    let body = Script::new([Step::Data(b"one"), Step::Fail]);
    let error = service
        .oneshot(with_body(Method::PUT, body))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "the body broke");
    assert_eq!(log.all().len(), 1, "there is no body for another attempt");
}

#[tokio::test(start_paused = true)]
async fn other_rules_for_copies() {
    // By `Clone`, also for what is not HTTP.
    let log = Log::default();
    let seen = log.clone();
    let inside = service_fn(move |request: String| {
        seen.add(request);
        async { Err::<(), BoxError>("broken".into()) }
    });
    let service = RetryLayer::new(RETRY)
        .outcome(ErrorOutcome::new())
        .clone_request(ByClone::new())
        .layer(inside.clone());
    let error = service.oneshot("job".to_owned()).await.unwrap_err();
    assert_eq!((&*error.to_string(), log.all().len()), ("broken", 3));

    // Once.
    let service = RetryLayer::new(RETRY)
        .outcome(ErrorOutcome::new())
        .clone_request(Once::new())
        .layer(inside);
    service.oneshot("job".to_owned()).await.unwrap_err();
    assert_eq!(log.all().len(), 4);

    // A body that is `Clone`.
    let bodies = Log::default();
    let seen = bodies.clone();
    let inside = service_fn(move |request: Request<Full<bytes::Bytes>>| {
        let seen = seen.clone();
        async move {
            seen.add(request.into_body().collect().await.unwrap().to_bytes());
            Ok::<_, BoxError>(answer(503))
        }
    });
    let service = RetryLayer::new(RETRY)
        .clone_request(ByClone::new())
        .layer(inside);
    let request = Request::put("/").body(Full::from("full")).unwrap();
    service.oneshot(request).await.unwrap();
    assert_eq!(bodies.all(), ["full", "full", "full"]);
}

#[tokio::test(start_paused = true)]
async fn the_bodies_of_others_carry_a_copy() {
    async fn hold<B>(body: B)
    where
        B: RepeatBody + Send,
    {
        let log = Log::default();
        let seen = log.clone();
        let inside = service_fn(move |request: Request<B>| {
            let seen = seen.clone();
            async move {
                let body = request.into_body().collect().await.map_err(Into::into)?;
                seen.add(body.to_bytes());
                Ok::<_, BoxError>(answer(503))
            }
        });
        let service = RetryLayer::new(RETRY)
            .clone_request(HttpRequests::new())
            .layer(inside);
        service
            .oneshot(Request::put("/").body(body).unwrap())
            .await
            .unwrap();
        assert_eq!(log.all(), ["text", "text", "text"]);
    }
    let text = || Full::new(bytes::Bytes::from("text")).map_err(|never| match never {});
    hold(text().boxed_unsync()).await;
    hold(text().boxed()).await;
    #[cfg(feature = "axum")]
    hold(axum::body::Body::from("text")).await;
    #[cfg(feature = "tonic")]
    hold(tonic::body::Body::new(text())).await;
    #[cfg(feature = "client")]
    hold(reqwest::Body::from("text")).await;
    // A retry around a retry: the service inside takes the body of a copy.
    let _: fn(EdgeBody) -> EdgeBody = RepeatBody::from_edge;
}

#[tokio::test(start_paused = true)]
async fn a_stack_without_a_retry_sends_the_body_as_it_is() {
    struct Own;
    let inside = service_fn(|_: Own| async { Ok::<_, BoxError>(()) });
    let stack = Stack::new("layers-no-copies").timeout(ms(100));
    let service = StackLayer::new(stack)
        .outcome(ErrorOutcome::new())
        .clone_request(Once::new())
        .layer(inside);
    service.oneshot(Own).await.unwrap();

    let log = Log::default();
    let seen = log.clone();
    let inside = service_fn(move |request: Request<Body>| {
        let seen = seen.clone();
        async move {
            seen.add(read(request.into_body()).await?.data);
            Ok::<_, BoxError>(answer(200))
        }
    });
    let stack = Stack::new("layers-no-copies").timeout(ms(100));
    let service = StackLayer::new(stack).buffer_limit(0).layer(inside);
    let body = Script::new([Step::Data(b"as it is")]);
    service
        .oneshot(with_body(Method::POST, body))
        .await
        .unwrap();
    assert_eq!(log.all(), [b"as it is"]);
}
