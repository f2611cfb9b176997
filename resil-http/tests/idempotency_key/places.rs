//! Handlers that go on without their request keep its place.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use resil_http::server::{AdmissionLayer, DeadlineLayer, IdempotencyKeyLayer};
use resil_runtime::bulkhead;
use resil_runtime::bulkhead::{AdaptiveLimit, BulkheadPolicy};
use resil_runtime::idempotency::{Conflict, IdempotentPolicy};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::support::{keys, pay, send, shop, to, with};

const SECOND: Duration = Duration::from_secs(1);

/// Lets one request in at once.
fn one(name: &str) -> AdmissionLayer {
    AdmissionLayer::new(name).bulkhead(BulkheadPolicy::new().max(1))
}

/// One whose handler takes a second.
fn slow(request: Request) -> Request {
    with(request, "x-takes", "1000")
}

/// Sends a request, and hangs up after a tenth of a second.
async fn hang_up(app: &Router, request: Request) {
    let answer = timeout(SECOND / 10, app.clone().oneshot(request)).await;
    assert!(answer.is_err(), "it was still in progress");
}

/// Checks that one place of `name` is taken, until the handler ends eight tenths of a second from now.
async fn is_kept(app: &Router, name: &str) {
    let refused = send(app, pay("other")).await;
    assert_eq!((bulkhead(name).in_flight(), refused.status), (1, 503));
    sleep(SECOND / 10 * 8).await;
    assert_eq!(bulkhead(name).in_flight(), 1, "{name}");
    sleep(SECOND / 10 * 2).await;
    assert_eq!(bulkhead(name).in_flight(), 0, "{name}");
    assert_eq!(send(app, pay("third")).await.status, 201);
    assert_eq!(bulkhead(name).in_flight(), 0, "{name}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_up_makes_no_room_for_a_second_handler() {
    let (app, _) = shop(keys());
    let app = app.layer(one("places.hang-up"));
    hang_up(&app, slow(pay("k"))).await;
    is_kept(&app, "places.hang-up").await;
}

#[tokio::test(start_paused = true)]
async fn nor_does_a_deadline_however_the_layers_are_added() {
    let deadline = || DeadlineLayer::new().max(SECOND / 10);
    let name = |n: u32| format!("places.deadline-{n}");
    let handler = || {
        let router = Router::new();
        router.route("/pay", any(|| sleep(SECOND)))
    };
    let apps = [
        handler().layer((deadline(), one(&name(0)), keys())),
        handler()
            .layer(keys())
            .layer(one(&name(1)))
            .layer(deadline()),
        // A layer in between takes the request apart.
        handler()
            .layer(keys())
            .layer(axum::middleware::map_request(|request: Request| async {
                let (parts, body) = request.into_parts();
                Request::from_parts(parts, body)
            }))
            .layer((deadline(), one(&name(2)))),
    ];
    for (n, app) in (0..).zip(apps) {
        assert_eq!(send(&app, pay("k")).await.status, 504, "{n}");
        assert_eq!(bulkhead(&name(n)).in_flight(), 1, "{n}");
        assert_eq!(send(&app, pay("other")).await.status, 503, "{n}");
        sleep(SECOND / 10 * 8).await;
        assert_eq!(bulkhead(&name(n)).in_flight(), 1, "{n}");
        sleep(SECOND / 10 * 2).await;
        assert_eq!(bulkhead(&name(n)).in_flight(), 0, "{n}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_places_of_all_bulkheads_around_are_kept() {
    let (app, _) = shop(keys());
    let app = app.layer((one("places.outer"), one("places.inner")));
    hang_up(&app, slow(pay("k"))).await;
    for name in ["places.outer", "places.inner"] {
        assert_eq!(bulkhead(name).in_flight(), 1, "{name}");
    }
    is_kept(&app, "places.outer").await;
    assert_eq!(bulkhead("places.inner").in_flight(), 0);
}

/// One that has waited for its place comes in by another way.
#[tokio::test(start_paused = true)]
async fn a_place_that_was_waited_for_is_kept() {
    let (app, _) = shop(keys());
    let policy = BulkheadPolicy::new().max(1).queue(1).wait(SECOND);
    let app = app.layer(AdmissionLayer::new("places.queue").bulkhead(policy));
    let first = send(&app, with(pay("first"), "x-takes", "50"));
    let second = async {
        sleep(SECOND / 100).await;
        hang_up(&app, slow(pay("k"))).await;
    };
    assert_eq!(tokio::join!(first, second).0.status, 201);
    sleep(SECOND / 10 * 8).await;
    assert_eq!(bulkhead("places.queue").in_flight(), 1);
    sleep(SECOND / 10 * 2).await;
    assert_eq!(bulkhead("places.queue").in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_method_that_only_reads_may_have_keys_too() {
    let (app, _) = shop(keys().methods([http::Method::GET]));
    let app = app.layer(one("places.get"));
    hang_up(&app, slow(to("GET", "/pay", "k", ""))).await;
    assert_eq!(bulkhead("places.get").in_flight(), 1);
    sleep(SECOND).await;
    assert_eq!(bulkhead("places.get").in_flight(), 0);
}

/// It never begins, and so keeps nothing.
#[tokio::test(start_paused = true)]
async fn a_request_that_waits_for_another_one_gives_its_place_back() {
    let (app, effects) = shop(keys().policy(IdempotentPolicy::new().conflict(Conflict::Wait)));
    let policy = BulkheadPolicy::new().max(2);
    let app = app.layer(AdmissionLayer::new("places.waits").bulkhead(policy));
    let first = send(&app, slow(pay("k")));
    let second = async {
        sleep(SECOND / 10).await;
        hang_up(&app, slow(pay("k"))).await;
        sleep(SECOND / 100).await;
        bulkhead("places.waits").in_flight()
    };
    let (first, in_flight) = tokio::join!(first, second);
    assert_eq!((first.status, in_flight, effects.count()), (201, 1, 1));
    assert_eq!(bulkhead("places.waits").in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_gives_its_place_back() {
    async fn pay_nothing() {
        sleep(SECOND).await;
        panic!("nothing is paid");
    }
    let app = Router::new()
        .route("/pay", any(pay_nothing))
        .layer((one("places.panics"), keys()));
    hang_up(&app, pay("k")).await;
    assert_eq!(bulkhead("places.panics").in_flight(), 1);
    sleep(SECOND).await;
    assert_eq!(bulkhead("places.panics").in_flight(), 0);
}

/// Without keys the handler goes with its request, and so does the place, whoever has kept the head of the request.
#[tokio::test(start_paused = true)]
async fn a_handler_that_goes_with_its_request_keeps_nothing() {
    async fn read(request: Request) {
        let (parts, _) = request.into_parts();
        tokio::spawn(async move {
            sleep(SECOND).await;
            drop(parts);
        });
        sleep(SECOND).await;
    }
    let without = IdempotencyKeyLayer::new("places", |_| None).methods([]);
    let apps = [
        Router::new().route("/pay", any(read)),
        Router::new().route("/pay", any(read)).layer(without),
    ];
    for app in apps {
        let app = app.layer(one("places.none"));
        hang_up(&app, pay("k")).await;
        assert_eq!(bulkhead("places.none").in_flight(), 0);
    }
}

/// The deadline says that there is too much load when it passes, and the handler's end says nothing more.
#[tokio::test(start_paused = true)]
async fn an_adaptive_limit_learns_once_of_a_handler_that_goes_on() {
    let name = "places.adaptive";
    let policy = BulkheadPolicy::new().adaptive(AdaptiveLimit::new().start(20));
    let (app, _) = shop(keys());
    let app = app.layer((
        DeadlineLayer::new().max(SECOND / 10),
        AdmissionLayer::new(name).bulkhead(policy),
    ));
    assert_eq!(send(&app, slow(pay("k"))).await.status, 504);
    let cut = bulkhead(name).limit();
    assert!(cut < 20, "{cut}");
    sleep(SECOND).await;
    assert_eq!(
        (bulkhead(name).limit(), bulkhead(name).in_flight()),
        (cut, 0)
    );
}
