//! The limits of callers: who they are, and when their requests count.

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get as on_get;
use futures_util::FutureExt as _;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request};
use resil_http::server::{AdmissionLayer, DeadlineLayer};
use resil_runtime::rate_limit;
use resil_runtime::rate_limit::RateLimitPolicy;
use tokio::time::advance;
use tower::Service;
use tower::layer::layer_fn;

use crate::limits::{SECOND, app, fields};
use crate::{get, request, send};

#[tokio::test(start_paused = true)]
async fn each_caller_has_a_limit_of_its_own() {
    let layer = AdmissionLayer::new("limits.caller")
        .rate_limit(RateLimitPolicy::new().max(1).per(60 * SECOND))
        .key(|request| {
            let key = request.headers.get("x-api-key")?.to_str().ok()?;
            Some(key.to_owned())
        });
    let app = app(layer);
    let ask = async |caller: &str| {
        let response = send(&app, request("/", &[("x-api-key", caller)])).await;
        // The key is not sent.
        let (policy, limit) = fields(&response);
        assert_eq!(policy, r#""limits.caller";q=1;w=60"#);
        assert_eq!(limit, r#""limits.caller";r=0;t=60"#);
        response.status().as_u16()
    };
    assert_eq!(ask("alice").await, 200);
    assert_eq!(ask("alice").await, 429);
    assert_eq!(ask("bob").await, 200);
    assert_eq!(ask("bob").await, 429);
    // All who have none share one.
    assert_eq!(get(&app, "/").await.status(), 200);
    assert_eq!(get(&app, "/").await.status(), 429);
    assert_eq!(rate_limit("limits.caller").keys().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_header_names_the_caller() {
    let policy = RateLimitPolicy::new().max(1).per(60 * SECOND);
    let layer = |name: &str| AdmissionLayer::new(name).rate_limit(policy);
    let by = |name| HeaderName::from_static(name);
    let layers = [
        (
            "limits.header",
            layer("limits.header").key_header(by("x-api-key")),
        ),
        // The request is taken apart for the function.
        (
            "limits.header-exempt",
            layer("limits.header-exempt")
                .key_header(by("x-api-key"))
                .exempt(|request| request.uri.path() == "/live"),
        ),
        // The last one counts.
        (
            "limits.header-last",
            layer("limits.header-last")
                .key(|_| Some("all"))
                .key_header(by("x-other"))
                .key_header(by("x-api-key")),
        ),
        // A name that was made at run time.
        (
            "limits.header-made",
            layer("limits.header-made").key_header(HeaderName::try_from("X-Api-Key").unwrap()),
        ),
    ];
    let long = "x".repeat(300);
    for (name, layer) in layers {
        let app = app(layer);
        let ask = async |values: &[&[u8]]| {
            let mut request = request("/", &[]);
            for value in values {
                let value = HeaderValue::from_bytes(value).unwrap();
                request.headers_mut().append("x-api-key", value);
            }
            send(&app, request).await.status().as_u16()
        };
        let callers: [&[&[u8]]; 5] = [
            &[b"alice"],
            &[b"bob", b"alice"],
            &[b""],
            &["z\u{fc}rich".as_bytes()],
            &[long.as_bytes()],
        ];
        for caller in callers {
            assert_eq!(ask(caller).await, 200, "{name}: {caller:?}");
            assert_eq!(ask(caller).await, 429, "{name}: {caller:?}");
        }
        // All who have none share one, as those do whose value is no text.
        assert_eq!(ask(&[]).await, 200, "{name}");
        assert_eq!(ask(&[]).await, 429, "{name}");
        assert_eq!(ask(&[b"z\xfcrich"]).await, 429, "{name}");
        assert_eq!(ask(&[[0xfc; 300].as_slice()]).await, 429, "{name}");
        assert_eq!(rate_limit(name).keys().len(), 5, "{name}");
        assert_eq!(rate_limit(name).key("z\u{fc}rich").available(), 0);
    }
}

/// A service that takes its time before it calls the one inside.
#[derive(Clone)]
struct Slow<S>(S, Duration);

impl<S: Service<Request<Body>>> Service<Request<Body>> for Slow<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        let _ = advance(self.1).now_or_never();
        self.0.call(request)
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_deadline_a_request_counts_as_of_when_it_came_to_it() {
    let policy = RateLimitPolicy::new().max(1).per(10 * SECOND);
    let limits = |name| AdmissionLayer::new(name).rate_limit(policy);
    let callers = limits("limits.caller-came").key_header(HeaderName::from_static("x-caller"));
    for (name, limits) in [
        ("limits.came", limits("limits.came")),
        ("limits.caller-came", callers),
    ] {
        let between = layer_fn(|inner| Slow(inner, SECOND));
        let app = Router::new()
            .route("/", on_get(|| async { "done" }))
            .layer((DeadlineLayer::new(), between, limits));
        // Else it would be made a second after its first request came, and begin then.
        let known = rate_limit(name).key("ada");
        let ask = || async {
            send(&app, request("/", &[("x-caller", "ada")]))
                .await
                .status()
        };
        assert_eq!(ask().await, 200, "{name}");
        // Ten seconds after the first request came, a second less after the limit let it in.
        advance(9 * SECOND).await;
        assert_eq!(ask().await, 200, "{name}");
        assert_eq!(ask().await, 429, "{name}");
        drop(known);
    }
}

/// A text that `Display` writes character by character.
struct Spelled(String);

impl fmt::Display for Spelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| f.write_char(c))
    }
}

/// `None` for `/`.
fn named(request: &Parts) -> Option<String> {
    let path = request.uri.path().trim_start_matches('/');
    (!path.is_empty()).then(|| path.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_caller_is_the_text_of_its_key_whatever_type_it_has() {
    let policy = RateLimitPolicy::new().max(4).per(60 * SECOND);
    let layer = || AdmissionLayer::new("limits.text").rate_limit(policy);
    let known = layer().key(|request| named(request).map(|_| "ada"));
    let layers = [
        layer().key(named),
        layer().key(|request| named(request).map(Arc::<str>::from)),
        layer().key(|request| named(request).map(Spelled)),
    ];
    let long = "x".repeat(300);
    for caller in ["ada", "", &long] {
        let known = Some(&known).filter(|_| caller == "ada");
        let mut left = 4;
        for layer in layers.iter().chain(known) {
            let path = format!("/{caller}");
            let response = send(&app(layer.clone()), request(&path, &[])).await;
            left -= 1;
            let (_, limit) = fields(&response);
            let expected = format!(r#""limits.text";r={left};"#);
            assert!(limit.starts_with(&expected), "{caller}: {limit}");
        }
    }
    assert_eq!(rate_limit("limits.text").keys().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn callers_beyond_the_bound_share_one() {
    let policy = RateLimitPolicy::new().max(1).per(60 * SECOND).max_keys(10);
    let layer = AdmissionLayer::new("limits.bound")
        .rate_limit(policy)
        .key(|request| Some(request.uri.path().len()));
    let app = app(layer);
    let mut let_in = 0;
    for length in 1..=1_000 {
        let path = format!("/{}", "x".repeat(length));
        let_in += u32::from(get(&app, &path).await.status() != 429);
    }
    assert_eq!(let_in, 11);
    assert_eq!(rate_limit("limits.bound").keys().len(), 11);
}
