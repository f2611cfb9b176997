//! The rate limit of an admission layer, and the headers that tell of it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use axum::routing::get as on_get;
use futures_util::FutureExt as _;
use http::{Response, StatusCode};
use resil_http::server::AdmissionLayer;
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::event::{self, Event};
use resil_runtime::rate_limit::RateLimitPolicy;
use resil_runtime::{Error, rate_limit, registry};
use tokio::time::{Instant, advance};

use crate::{get, grpc_status, header, problem, request, send};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn app(layer: AdmissionLayer) -> Router {
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

pub(crate) fn fields(response: &Response<Body>) -> (&str, &str) {
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
