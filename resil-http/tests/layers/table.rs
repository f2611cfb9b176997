//! Status, method and key: is the request sent again, and does the circuit count it?

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, Request};
use resil_http::layers::{RetryLayer, StackLayer};
use resil_http::{BoxError, HttpOutcome};
use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::stack::Layer;
use resil_runtime::{Error, Stack, TimeoutPolicy};
use tokio::time::{Instant, sleep};
use tower::{ServiceExt as _, service_fn};
use tower_layer::Layer as _;

use crate::support::*;

/// Sends a request through a circuit and a retry to a service that ends each attempt in the same way. Returns how
/// many attempts there were, and whether the circuit counted a failure.
async fn sent(
    request: Request<Body>,
    end: impl Fn() -> Result<Answer, BoxError> + Clone + Send + Sync + 'static,
) -> (usize, bool) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let name = format!("layers-table-{}", NUMBER.fetch_add(1, Ordering::SeqCst));
    let layers = [
        Layer::from(CircuitPolicy::new().failures(1)),
        Layer::from(RETRY),
    ];
    let stack = Stack::try_new(&name, layers).unwrap();
    let log = Log::default();
    let attempts = log.clone();
    let inside = service_fn(move |_: Request<Body>| {
        attempts.add(());
        let out = end();
        async move { out }
    });
    let service = StackLayer::new(stack).layer(inside);
    let out = service.clone().oneshot(request).await;
    assert!(
        !matches!(&out, Err(error) if error.is::<Error>()),
        "{out:?}"
    );
    let attempts = log.all().len();
    let next = service.oneshot(crate::support::request(Method::GET)).await;
    let is_open =
        next.is_err_and(|error| matches!(error.downcast_ref(), Some(Error::CircuitOpen { .. })));
    (attempts, is_open)
}

fn keyed(method: Method) -> Request<Body> {
    let mut keyed = request(method);
    let key = "\"5f0c\"".parse().unwrap();
    keyed.headers_mut().insert("idempotency-key", key);
    keyed
}

#[tokio::test(start_paused = true)]
async fn each_status_under_each_method() {
    // Status, whether it is worth another attempt, whether the circuit counts it.
    for (status, again, counts) in [
        (200, false, false),
        (204, false, false),
        (301, false, false),
        (400, false, false),
        (401, false, false),
        (403, false, false),
        (404, false, false),
        (408, true, true),
        (409, false, false),
        (422, false, false),
        (425, true, true),
        (429, true, true),
        (500, true, true),
        (501, false, false),
        (502, true, true),
        (503, true, true),
        (504, true, true),
        (505, false, false),
    ] {
        let end = move || Ok(answer(status));
        for method in [
            Method::GET,
            Method::HEAD,
            Method::PUT,
            Method::DELETE,
            Method::OPTIONS,
        ] {
            let want = (if again { 3 } else { 1 }, counts);
            assert_eq!(
                sent(request(method.clone()), end).await,
                want,
                "{method} {status}"
            );
        }
        for method in [Method::POST, Method::PATCH] {
            // It may have been done: it counts, and is not sent again.
            assert_eq!(
                sent(request(method.clone()), end).await,
                (1, counts),
                "{method} {status}"
            );
            let want = (if again { 3 } else { 1 }, counts);
            assert_eq!(
                sent(keyed(method.clone()), end).await,
                want,
                "{method} {status}, key"
            );
        }
    }
    // Of a misdirected request nothing was done.
    let end = || Ok(answer(421));
    assert_eq!(sent(request(Method::POST), end).await, (3, true));
}

#[tokio::test(start_paused = true)]
async fn each_error_under_each_method() {
    use io::ErrorKind as K;

    // Kind, whether a GET, and whether a POST is sent again.
    for (kind, get, post) in [
        (K::ConnectionRefused, 3, 3),
        (K::AddrNotAvailable, 3, 3),
        (K::ConnectionReset, 3, 1),
        (K::BrokenPipe, 3, 1),
        (K::TimedOut, 3, 1),
        (K::UnexpectedEof, 3, 1),
        (K::InvalidInput, 1, 1),
    ] {
        let end = move || Err(io::Error::from(kind).into());
        let counts = kind != K::InvalidInput;
        assert_eq!(
            sent(request(Method::GET), end).await,
            (get, counts),
            "{kind:?}"
        );
        assert_eq!(
            sent(request(Method::POST), end).await,
            (post, counts),
            "{kind:?}"
        );
        assert_eq!(
            sent(keyed(Method::POST), end).await,
            (get, counts),
            "{kind:?}"
        );
    }
    // What is not known may have been sent, and is transient.
    let end = || Err("broken".into());
    assert_eq!(sent(request(Method::GET), end).await, (3, true));
    assert_eq!(sent(request(Method::POST), end).await, (1, true));
}

#[tokio::test(start_paused = true)]
async fn grpc_in_the_headers() {
    let answer = |status: &'static str, pushback: &'static [&'static str]| {
        move || {
            let mut answer = answer(200);
            answer
                .headers_mut()
                .insert("grpc-status", status.parse().unwrap());
            for value in pushback {
                let value = value.parse().unwrap();
                answer.headers_mut().append("grpc-retry-pushback-ms", value);
            }
            Ok(answer)
        }
    };
    for (status, pushback, attempts, counts) in [
        ("0", &[][..], 1, false),
        ("14", &[], 3, true),
        ("8", &[], 3, true),
        ("5", &[], 1, false),
        ("1", &[], 1, false),
        ("14", &["20"], 3, true),
        ("14", &["-1"], 1, true),
        ("14", &["soon"], 1, true),
        // More than one value, whatever it is: gRPC's own clients never retry then.
        ("14", &["20", "20"], 1, true),
        ("14", &["20", "30"], 1, true),
        ("14", &["20", "soon"], 1, true),
        ("5", &["20"], 1, false),
    ] {
        let got = sent(keyed(Method::POST), answer(status, pushback)).await;
        assert_eq!(got, (attempts, counts), "{status} {pushback:?}");
        let got = sent(request(Method::POST), answer(status, pushback)).await;
        assert_eq!(got, (1, counts), "{status} {pushback:?} without a key");
    }
}

/// Returns when the second attempt was sent.
async fn second_attempt(headers: &'static [(&'static str, &'static str)]) -> Duration {
    let log = Log::default();
    let times = log.clone();
    let began = Instant::now();
    let inside = service_fn(move |_: Request<Body>| {
        let n = times.add(began.elapsed());
        async move {
            let mut answer = answer(if n == 1 { 503 } else { 200 });
            if n == 1 {
                for (name, value) in headers {
                    answer.headers_mut().insert(*name, value.parse().unwrap());
                }
            }
            Ok::<_, BoxError>(answer)
        }
    });
    let service = RetryLayer::new(RETRY.cap(Duration::from_secs(60))).layer(inside);
    service.oneshot(request(Method::GET)).await.unwrap();
    let times = log.all();
    assert_eq!(times.len(), 2, "{headers:?}");
    times[1]
}

#[tokio::test(start_paused = true)]
async fn the_pause_is_as_long_as_the_other_side_asks() {
    // What is asked for is spread by up to a tenth, and never shortened.
    for (headers, asked) in [
        (&[][..], 10),
        (&[("retry-after", "7")], 7_000),
        (&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], 10),
        (
            &[("x-envoy-overloaded", "true"), ("retry-after", "3")],
            3_000,
        ),
        (&[("x-envoy-overloaded", "true")], 10),
    ] {
        let paused = second_attempt(headers).await;
        assert!(
            ms(asked) <= paused && paused <= ms(asked + asked / 10 + 1),
            "{headers:?}: {paused:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_that_a_timeout_has_cut_is_not_sent_again() {
    for (name, method, attempts) in [
        ("layers-cut-get", Method::GET, 3),
        ("layers-cut-post", Method::POST, 1),
    ] {
        let layers = [Layer::from(RETRY), TimeoutPolicy::new(ms(50)).into()];
        let stack = Stack::try_new(name, layers).unwrap();
        let log = Log::default();
        let sent = log.clone();
        let inside = service_fn(move |_: Request<Body>| {
            sent.add(());
            std::future::pending::<Result<Answer, BoxError>>()
        });
        let service = StackLayer::new(stack).layer(inside);
        let began = Instant::now();
        let error = service.oneshot(request(method)).await.unwrap_err();
        assert!(
            matches!(error.downcast_ref(), Some(Error::Timeout { .. })),
            "{error:?}"
        );
        assert_eq!(log.all().len(), attempts, "{name}");
        // It ends at once: there is no pause before an attempt that never comes.
        assert_eq!(began.elapsed().as_millis() < 60, attempts == 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_that_was_cut_before_it_was_sent_is_sent_again() {
    // The first attempt is refused a connection; the second one finds no place within its time.
    let inside = Places::new(1, |n| (ms(0), if n == 1 { REFUSED } else { 200 }));
    let (places, calls) = inside.watch();
    let stack = Stack::new("layers-cut-unsent").retry(RETRY).timeout(ms(50));
    let service = StackLayer::new(stack).layer(inside);
    tokio::spawn(async move {
        sleep(ms(1)).await;
        let _held = places.acquire_owned().await;
        sleep(ms(79)).await;
    });
    let answer = service.oneshot(request(Method::POST)).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn repeat_if_says_which_requests_may_be_sent_twice() {
    let rule = HttpOutcome::new().repeat_if(|head| head.uri.path() == "/read");
    for (path, attempts) in [("/read", 3), ("/write", 1)] {
        let log = Log::default();
        let sent = log.clone();
        let inside = service_fn(move |_: Request<Body>| {
            sent.add(());
            async { Ok::<_, BoxError>(answer(503)) }
        });
        let service = RetryLayer::new(RETRY).outcome(rule).layer(inside);
        let mut request = request(Method::POST);
        *request.uri_mut() = path.parse().unwrap();
        assert_eq!(service.oneshot(request).await.unwrap().status(), 503);
        assert_eq!(log.all().len(), attempts, "{path}");
    }
}
