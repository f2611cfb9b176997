//! The rate limit of an admission layer, and the headers that tell of it.

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use axum::routing::get as on_get;
use futures_util::FutureExt as _;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use resil_http::server::{AdmissionLayer, DeadlineLayer};
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::event::{self, Event};
use resil_runtime::rate_limit::RateLimitPolicy;
use resil_runtime::{Error, rate_limit, registry};
use tokio::time::{Instant, advance};
use tower::Service;
use tower::layer::layer_fn;

use crate::{get, grpc_status, header, problem, request, send};

const SECOND: Duration = Duration::from_secs(1);

fn app(layer: AdmissionLayer) -> Router {
    Router::new()
        .route("/", on_get(|| async { "done" }))
        .route("/hang", on_get(std::future::pending::<()>))
        .route("/live", on_get(|| async { "live" }))
        .route(
            "/asks",
            on_get(|| async { (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "2")]) }),
        )
        .route(
            "/broken",
            on_get(|| async { StatusCode::INTERNAL_SERVER_ERROR.into_response() }),
        )
        .layer(layer)
}

fn fields(response: &Response<Body>) -> (&str, &str) {
    (
        header(response, "ratelimit-policy").unwrap(),
        header(response, "ratelimit").unwrap(),
    )
}

#[tokio::test(start_paused = true)]
async fn too_many_are_refused_and_told_when_to_come_again() {
    let policy = RateLimitPolicy::new().max(2).per(10 * SECOND);
    let app = app(AdmissionLayer::new("limits.refused").rate_limit(policy));
    for left in [r#""limits.refused";r=1;t=5"#, r#""limits.refused";r=0;t=5"#] {
        let response = get(&app, "/").await;
        assert_eq!(response.status(), 200);
        assert_eq!(fields(&response), (r#""limits.refused";q=2;w=10"#, left));
    }
    advance(Duration::from_millis(500)).await;
    let refused = get(&app, "/")
        .now_or_never()
        .expect("it is refused at once");
    assert_eq!(header(&refused, "retry-after"), Some("5"));
    assert_eq!(
        fields(&refused),
        (
            r#""limits.refused";q=2;w=10"#,
            r#""limits.refused";r=0;t=5"#
        )
    );
    assert!(matches!(
        refused.extensions().get::<Error>(),
        Some(Error::RateLimited { .. })
    ));
    assert_eq!(problem(refused).await, (429, "rate_limited".into()));
    advance(Duration::from_millis(4_500)).await;
    assert_eq!(get(&app, "/").await.status(), 200);
}

/// The first look at a request tells nobody. It listens: the one test that does so calls it.
pub(crate) async fn a_refusal_is_told_once() {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    let layer = AdmissionLayer::new("limits.told")
        .bulkhead(BulkheadPolicy::new().max(1))
        .rate_limit(RateLimitPolicy::new().max(2).per(60 * SECOND));
    let app = app(layer);
    let (full, limited) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let listening = event::subscribe({
        let (full, limited) = (Arc::clone(&full), Arc::clone(&limited));
        move |event| match event {
            Event::BulkheadRefused { name, .. } if *name == "limits.told" => {
                full.fetch_add(1, Relaxed);
            }
            Event::RateLimited { name, .. } if *name == "limits.told" => {
                limited.fetch_add(1, Relaxed);
            }
            _ => {}
        }
    });
    let told = || (full.load(Relaxed), limited.load(Relaxed));
    let mut inside = Box::pin(get(&app, "/hang"));
    assert!((&mut inside).now_or_never().is_none());
    assert_eq!(told(), (0, 0));
    assert_eq!(get(&app, "/").await.status(), 503);
    assert_eq!(told(), (1, 0));
    assert_eq!(get(&app, "/").await.status(), 429);
    assert_eq!(told(), (1, 1));
    drop(listening);
}

#[tokio::test(start_paused = true)]
async fn every_answer_has_the_headers_and_what_is_exempt_has_none() {
    let layer = AdmissionLayer::new("limits.every")
        .bulkhead(BulkheadPolicy::new().max(1))
        .rate_limit(RateLimitPolicy::new().max(100).per(100 * SECOND))
        .exempt(|request| request.uri.path() == "/live");
    let app = app(layer);
    for (path, status, left) in [
        ("/", 200, r#""limits.every";r=99;t=99"#),
        ("/broken", 500, r#""limits.every";r=98;t=98"#),
        ("/nowhere", 404, r#""limits.every";r=97;t=97"#),
        // The window may not end after its `Retry-After`.
        ("/asks", 503, r#""limits.every";r=96"#),
    ] {
        let response = get(&app, path).await;
        assert_eq!(response.status(), status);
        assert_eq!(fields(&response), (r#""limits.every";q=100;w=100"#, left));
    }
    let mut inside = Box::pin(get(&app, "/hang"));
    assert!((&mut inside).now_or_never().is_none());
    let full = get(&app, "/").await;
    assert_eq!(
        (full.status().as_u16(), fields(&full).1),
        (503, r#""limits.every";r=94"#)
    );
    for _ in 0..200 {
        let live = get(&app, "/live").await;
        assert_eq!(live.status(), 200);
        assert_eq!(header(&live, "ratelimit"), None);
        assert_eq!(header(&live, "ratelimit-policy"), None);
    }
    assert_eq!(rate_limit("limits.every").available(), 94);
}

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

#[tokio::test(start_paused = true)]
async fn without_its_headers_it_limits_all_the_same() {
    let policy = RateLimitPolicy::new().max(1).per(10 * SECOND);
    let layers = [
        ("limits.silent", policy),
        ("limits.silent-wait", policy.wait(12 * SECOND)),
    ];
    for (name, policy) in layers {
        let silent = AdmissionLayer::new(name).headers(false).rate_limit(policy);
        let app = app(silent);
        let says_nothing = |response: &Response<Body>| {
            let fields = ["ratelimit", "ratelimit-policy"];
            fields.iter().all(|field| header(response, field).is_none())
        };
        let first = get(&app, "/").await;
        assert!(first.status() == 200 && says_nothing(&first), "{first:?}");
        if name == "limits.silent-wait" {
            // It waits for its turn.
            let second = get(&app, "/").await;
            assert!(second.status() == 200 && says_nothing(&second));
            let third = tokio::spawn({
                let app = app.clone();
                async move { get(&app, "/").await }
            });
            tokio::task::yield_now().await;
            let refused = get(&app, "/").await;
            assert_eq!(header(&refused, "retry-after"), Some("20"));
            assert!(refused.status() == 429 && says_nothing(&refused));
            assert_eq!(third.await.unwrap().status(), 200);
        } else {
            let refused = get(&app, "/").await;
            assert_eq!(header(&refused, "retry-after"), Some("10"));
            assert!(refused.status() == 429 && says_nothing(&refused));
        }
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
    let limits = AdmissionLayer::new("limits.came").rate_limit(policy);
    let between = layer_fn(|inner| Slow(inner, SECOND));
    let app = Router::new()
        .route("/", on_get(|| async { "done" }))
        .layer((DeadlineLayer::new(), between, limits));
    assert_eq!(get(&app, "/").await.status(), 200);
    // Ten seconds after the first request came, a second less after the limit let it in.
    advance(9 * SECOND).await;
    assert_eq!(rate_limit("limits.came").available(), 1);
    assert_eq!(get(&app, "/").await.status(), 200);
    assert_eq!(get(&app, "/").await.status(), 429);
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

#[tokio::test(start_paused = true)]
async fn a_request_may_wait_for_its_turn() {
    let policy = RateLimitPolicy::new()
        .max(1)
        .per(10 * SECOND)
        .wait(10 * SECOND);
    let all = AdmissionLayer::new("limits.wait").rate_limit(policy);
    let each = AdmissionLayer::new("limits.wait.each").rate_limit(policy);
    let each = each.key(|request| Some(request.uri.path().len()));
    for app in [app(all), app(each)] {
        wait_for_a_turn(&app).await;
    }
}

async fn wait_for_a_turn(app: &Router) {
    let began = Instant::now();
    assert_eq!(get(app, "/").await.status(), 200);
    assert_eq!(get(app, "/").await.status(), 200);
    assert_eq!(began.elapsed().as_secs(), 10);
    let mut waiting = Box::pin(get(app, "/"));
    assert!((&mut waiting).now_or_never().is_none());
    assert_eq!(
        get(app, "/").await.status(),
        429,
        "its turn would come too late"
    );
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_before_the_bulkhead_and_what_it_let_in_counts() {
    let layer = AdmissionLayer::new("limits.first")
        .bulkhead(BulkheadPolicy::new().max(1))
        .rate_limit(RateLimitPolicy::new().max(3).per(60 * SECOND));
    let app = app(layer);
    let mut inside = Box::pin(get(&app, "/hang"));
    assert!((&mut inside).now_or_never().is_none());
    for status in [503, 503, 429] {
        assert_eq!(get(&app, "/").await.status(), status);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_of_grpc_is_told_when_to_come_again() {
    let policy = RateLimitPolicy::new()
        .max(1)
        .per(Duration::from_micros(1_500_100));
    let app = app(AdmissionLayer::new("limits.grpc").rate_limit(policy));
    let grpc = || request("/", &[("content-type", "application/grpc+proto")]);
    assert_eq!(send(&app, grpc()).await.status(), 200);
    let refused = send(&app, grpc()).await;
    assert_eq!(grpc_status(&refused), "8");
    assert_eq!(header(&refused, "grpc-retry-pushback-ms"), Some("1501"));
    assert_eq!(fields(&refused).1, r#""limits.grpc";r=0;t=2"#);
}

#[tokio::test(start_paused = true)]
async fn two_layers_tell_of_two_limits() {
    let each = AdmissionLayer::new("limits.each").rate_limit(RateLimitPolicy::new().max(5));
    let all = AdmissionLayer::new("limits.all").rate_limit(RateLimitPolicy::new().max(9));
    let response = get(&app(each).layer(all), "/").await;
    let told: Vec<_> = response.headers().get_all("ratelimit").iter().collect();
    assert_eq!(
        told,
        [r#""limits.each";r=4;t=1"#, r#""limits.all";r=8;t=1"#]
    );
}

/// `q` and `w` are whole numbers, and never say more than the limit lets in.
#[tokio::test(start_paused = true)]
async fn the_policy_is_told_in_whole_seconds() {
    for (n, (max, per, told)) in [
        (100, SECOND, "q=100;w=1"),
        (10, Duration::from_millis(100), "q=100;w=1"),
        (3, Duration::from_millis(1_500), "q=4;w=2"),
        (1, Duration::from_millis(700), "q=1;w=1"),
        (60, 60 * SECOND, "q=60;w=60"),
        (u32::MAX, Duration::from_nanos(1), "q=999999999999999;w=1"),
        (1, Duration::MAX, "q=1;w=946080000"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("limits.policy.{n}");
        let policy = RateLimitPolicy::new().max(max).per(per);
        let app = app(AdmissionLayer::new(&name).rate_limit(policy));
        let response = get(&app, "/").await;
        let (policy, _) = fields(&response);
        assert_eq!(policy, format!("\"{name}\";{told}"), "{max} {per:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn any_name_is_a_string_of_a_structured_field() {
    for (name, told) in [
        (r#"limits "a\b""#, r#""limits \"a\\b\"""#),
        ("limits.größe\n", r#""limits.gr??e?""#),
        ("", r#""""#),
    ] {
        let app = app(AdmissionLayer::new(name).rate_limit(RateLimitPolicy::new().max(7)));
        let response = get(&app, "/").await;
        assert_eq!(fields(&response).0, format!("{told};q=7;w=1"));
    }
}

/// A client that spreads what is left over the window never goes faster than the limit.
#[tokio::test(start_paused = true)]
async fn what_is_left_over_its_window_is_no_faster_than_the_limit() {
    let policy = RateLimitPolicy::new().max(7).per(9 * SECOND).burst(30);
    let app = app(AdmissionLayer::new("limits.ratio").rate_limit(policy));
    for _ in 0..40 {
        let response = get(&app, "/").await;
        let (_, limit) = fields(&response);
        let number = |name: &str| -> u32 {
            let (_, rest) = limit.split_once(name).unwrap();
            rest.split(';').next().unwrap().parse().unwrap()
        };
        assert!(number("r=") * 9 <= number("t=") * 7, "{limit}");
        advance(Duration::from_millis(300)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_layers_of_one_name_share_the_limit() {
    let policy = RateLimitPolicy::new().max(1).per(60 * SECOND);
    let first = app(AdmissionLayer::new("limits.shared").rate_limit(policy));
    let second = app(AdmissionLayer::new("limits.shared").rate_limit(policy));
    assert_eq!(get(&first, "/").await.status(), 200);
    assert_eq!(get(&second, "/").await.status(), 429);
    let conflicts = registry().conflicts();
    assert!(
        conflicts
            .iter()
            .all(|conflict| conflict.name != "limits.shared")
    );
}
