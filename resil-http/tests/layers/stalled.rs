//! The body that a hedge waits for stalls: the policies bound that wait, or refuse before it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::poll_immediate;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use resil_http::BoxError;
use resil_http::layers::StackLayer;
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::hedge::{HedgeAfter, HedgePolicy};
use resil_runtime::rate_limit::RateLimitPolicy;
use resil_runtime::stack::Layer;
use resil_runtime::{Deadline, Error, Stack};
use tokio::time::{Instant, sleep, timeout};
use tower::{ServiceExt as _, service_fn};
use tower_layer::Layer as _;
use tower_service::Service as _;

use crate::support::*;

const HEDGE: HedgePolicy = HedgePolicy::new(HedgeAfter::Delay(ms(10))).no_budget();

/// A request that declares more than ever comes of it.
fn stalled() -> Request<Body> {
    let body = Script::new([Step::Data(b"half"), Step::Forever, Step::Data(b"half")]);
    with_body(Method::PUT, body.declared())
}

/// Sends a request that stalls under `stack`, with `deadline` ms left for the caller. Returns whether the limit that has
/// passed is the caller's, and how long it took.
async fn timed_out(stack: Stack, deadline: Option<u64>) -> (bool, u128) {
    let service = StackLayer::new(stack).layer(Places::new(1, |_| (ms(0), 200)));
    let (places, calls) = service.get_ref().watch();
    let began = Instant::now();
    let call = timeout(ms(60_000), service.oneshot(stalled()));
    let out = match deadline {
        Some(left) => Deadline::after(ms(left)).scope(call).await,
        None => call.await,
    };
    let error = out.expect("the call ends").unwrap_err();
    let Some(Error::Timeout { inherited, .. }) = error.downcast_ref() else {
        panic!("{error:?}")
    };
    assert_eq!(places.available_permits(), 1);
    assert_eq!(calls.load(Ordering::SeqCst), 0, "there is no body to send");
    (*inherited, began.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn a_timeout_bounds_the_wait_for_the_body() {
    let around = Stack::new("stalled-around").timeout(ms(1_000)).hedge(HEDGE);
    assert_eq!(timed_out(around, None).await, (false, 1_000));
    // It bounds each copy, and the second one goes on with the wait.
    let inside = Stack::new("stalled-inside").hedge(HEDGE).timeout(ms(1_000));
    assert_eq!(timed_out(inside, None).await, (false, 2_000));
    // Each attempt of a retry.
    let attempts = Stack::new("stalled-attempts")
        .retry(RETRY)
        .timeout(ms(100))
        .hedge(HEDGE);
    assert_eq!(timed_out(attempts, None).await, (false, 320));
}

#[tokio::test(start_paused = true)]
async fn so_does_the_deadline_in_force() {
    let around = Stack::new("stalled-ambient")
        .timeout(ms(1_000))
        .hedge(HEDGE);
    assert_eq!(timed_out(around, Some(50)).await, (true, 50));
    let inside = Stack::new("stalled-ambient-inside")
        .hedge(HEDGE)
        .timeout(ms(1_000));
    assert_eq!(timed_out(inside, Some(50)).await, (true, 50));
}

/// Sends a request under a policy and a hedge, in both orders, and one that stalls 1 ms later. Returns the refusals of
/// that one, which have to come at once.
async fn refusals(
    names: [&'static str; 2],
    policy: impl Into<Layer>,
    first: (u64, u16),
) -> Vec<Error> {
    let policy = policy.into();
    let mut refusals = Vec::new();
    for (name, layers) in names
        .into_iter()
        .zip([[policy, HEDGE.into()], [HEDGE.into(), policy]])
    {
        let stack = Stack::try_new(name, layers).unwrap();
        let inside = Places::new(5, move |_| (ms(first.0), first.1));
        let (places, calls) = inside.watch();
        let mut service = StackLayer::new(stack).layer(inside);
        let before = service.ready().await.unwrap().call(request(Method::PUT));
        let before = tokio::spawn(before);
        sleep(ms(1)).await;
        let sent = calls.load(Ordering::SeqCst);
        let free = places.available_permits();
        let mut refused = service.ready().await.unwrap().call(stalled());
        let out = poll_immediate(&mut refused).await.expect(name);
        let error = out.unwrap_err().downcast::<Error>().unwrap();
        refusals.push(*error);
        assert_eq!(calls.load(Ordering::SeqCst), sent, "{name}");
        assert_eq!(places.available_permits(), free, "{name}");
        before.abort();
    }
    refusals
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_refuses_before_it() {
    let circuit = CircuitPolicy::new().failures(1);
    let refusals = refusals(["stalled-open", "stalled-open-2"], circuit, (0, 500)).await;
    for refusal in refusals {
        assert!(matches!(refusal, Error::CircuitOpen { .. }), "{refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_bulkhead_refuses_before_it() {
    // The first request has the place; that of each copy, where the bulkhead is inside of the hedge.
    let bulkhead = BulkheadPolicy::new().max(1);
    let refusals = refusals(["stalled-full", "stalled-full-2"], bulkhead, (500, 200)).await;
    for refusal in refusals {
        assert!(matches!(refusal, Error::BulkheadFull { .. }), "{refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_refuses_before_it() {
    let limit = RateLimitPolicy::new().max(1);
    let refusals = refusals(["stalled-limit", "stalled-limit-2"], limit, (0, 200)).await;
    for refusal in refusals {
        assert!(matches!(refusal, Error::RateLimited { .. }), "{refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_in_it_leaves_nothing() {
    let bulkhead = BulkheadPolicy::new().max(1);
    let circuit = CircuitPolicy::new().failures(1);
    let around = Stack::new("stalled-dropped")
        .circuit(circuit)
        .bulkhead(bulkhead)
        .timeout(ms(1_000))
        .hedge(HEDGE);
    let inside = Stack::new("stalled-dropped-inside")
        .hedge(HEDGE)
        .circuit(circuit)
        .bulkhead(bulkhead)
        .timeout(ms(1_000));
    for stack in [around, inside] {
        let inside = Places::new(1, |_| (ms(0), 200));
        let (places, _) = inside.watch();
        let mut service = StackLayer::new(stack).layer(inside);
        let body = Arc::new(());
        let held = Arc::clone(&body);
        let stalling = stalled().map(|body| {
            let keeping = move |error| {
                let _ = &held;
                error
            };
            body.map_err(keeping).boxed_unsync()
        });
        let mut call = service.ready().await.unwrap().call(stalling);
        assert!(poll_immediate(&mut call).await.is_none());
        // What waits has reserved nothing, but it is in.
        assert_eq!(places.available_permits(), 1);
        let full = service.clone().oneshot(request(Method::PUT)).await;
        let full = full.unwrap_err().downcast::<Error>().unwrap();
        assert!(matches!(*full, Error::BulkheadFull { .. }), "{full:?}");
        drop(call);
        assert_eq!(Arc::strong_count(&body), 1);
        let answer = service.oneshot(request(Method::PUT)).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}

/// Sends `request` under `stack` to a service whose first answer is late. Returns the bodies that it has read, and how
/// long it took.
async fn bodies(stack: Stack, request: Request<Body>) -> (Vec<Vec<u8>>, u128) {
    let log = Log::default();
    let seen = log.clone();
    let inside = service_fn(move |request: Request<Body>| {
        let seen = seen.clone();
        async move {
            let n = seen.add(read(request.into_body()).await?.data);
            sleep(if n == 1 { ms(500) } else { ms(5) }).await;
            Ok::<_, BoxError>(answer(200))
        }
    });
    let began = Instant::now();
    let service = StackLayer::new(stack).layer(inside);
    assert_eq!(service.oneshot(request).await.unwrap().status(), 200);
    (log.all(), began.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn what_comes_late_is_read_once_and_is_whole_in_each_copy() {
    let late = || {
        let steps = [Step::Data(b"one "), Step::Wait(ms(150)), Step::Data(b"two")];
        with_body(Method::PUT, Script::new(steps).declared())
    };
    let whole = || b"one two".to_vec();
    // The delay of the hedge counts from the end of the body.
    let around = Stack::new("late-around").timeout(ms(400)).hedge(HEDGE);
    assert_eq!(bodies(around, late()).await, (vec![whole(); 2], 165));
    // The second attempt of the retry, and the second copy of the hedge, go on with the body where the first one was
    // cut.
    let attempts = Stack::new("late-attempts")
        .retry(RETRY)
        .timeout(ms(100))
        .hedge(HEDGE);
    assert_eq!(bodies(attempts, late()).await, (vec![whole(); 2], 165));
    let inside = Stack::new("late-inside")
        .hedge(HEDGE.max(3))
        .timeout(ms(100));
    assert_eq!(bodies(inside, late()).await, (vec![whole(); 2], 165));
}
