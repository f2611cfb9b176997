//! Each layer does what its policy does, over the state of its place or of its name.

use std::sync::{Arc, Mutex};

use http::{Method, Request};
use resil_http::layers::{
    BulkheadLayer, CircuitLayer, EdgeBody, FailedRequest, FallbackLayer, RetryLayer, StackLayer,
    TimeoutLayer,
};
use resil_http::{BoxError, ErrorOutcome};
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::event::{Event, subscribe};
use resil_runtime::{Class, Deadline, Error, Stack, TimeoutPolicy};
use tokio::time::{Instant, sleep};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};
use tower_layer::Layer as _;
use tower_service::Service as _;

use crate::support::*;

fn refusal(out: Result<Answer, BoxError>) -> Error {
    let error = out.unwrap_err();
    error
        .downcast_ref::<Error>()
        .cloned()
        .unwrap_or_else(|| panic!("{error:?}"))
}

async fn fails(_: Request<Body>) -> Result<Answer, BoxError> {
    Ok(answer(500))
}

#[tokio::test(start_paused = true)]
async fn a_timeout_bounds_the_time_until_the_answer_and_shows_the_deadline() {
    let inside = service_fn(|_: Request<Body>| async {
        let left = Deadline::current().unwrap().remaining();
        assert!(left <= ms(50), "{left:?}");
        sleep(ms(100)).await;
        Ok::<_, BoxError>(answer(200))
    });
    let service = TimeoutLayer::new(TimeoutPolicy::new(ms(50))).layer(inside);
    let began = Instant::now();
    let error = refusal(service.oneshot(request(Method::GET)).await);
    assert!(
        matches!(error, Error::Timeout { limit, .. } if limit == ms(50)),
        "{error:?}"
    );
    assert!(began.elapsed() < ms(60));
}

#[tokio::test(start_paused = true)]
async fn services_of_one_layer_share_its_state_and_other_places_have_their_own() {
    let here = || CircuitLayer::new(CircuitPolicy::new().failures(1));
    let layer = here();
    let first = layer.layer(service_fn(fails));
    first.oneshot(request(Method::GET)).await.unwrap();
    for same in [layer.clone(), here()] {
        let out = same
            .layer(service_fn(fails))
            .oneshot(request(Method::GET))
            .await;
        assert!(matches!(refusal(out), Error::CircuitOpen { .. }));
    }
    let elsewhere = CircuitLayer::new(CircuitPolicy::new().failures(1));
    let out = elsewhere
        .layer(service_fn(fails))
        .oneshot(request(Method::GET))
        .await;
    assert_eq!(out.unwrap().status(), 500);
}

#[tokio::test(start_paused = true)]
async fn a_stack_has_the_state_of_its_name() {
    let stack = || Stack::new("layers-by-name").circuit(CircuitPolicy::new().failures(1));
    let one = StackLayer::new(stack()).layer(service_fn(fails));
    one.oneshot(request(Method::GET)).await.unwrap();
    let other = StackLayer::new(stack()).layer(service_fn(fails));
    let error = refusal(other.oneshot(request(Method::GET)).await);
    assert!(
        matches!(
            error,
            Error::CircuitOpen {
                name: "layers-by-name",
                ..
            }
        ),
        "{error:?}"
    );
    // As have attributes and values of the name.
    let value = stack();
    let out: Result<(), Error> = value.run(|| async { Ok(()) }).await;
    assert!(matches!(out, Err(Error::CircuitOpen { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_gives_its_place_back_with_the_answer() {
    let inside = service_fn(|_: Request<Body>| async { Ok::<_, BoxError>(answer(200)) });
    let service = BulkheadLayer::new(BulkheadPolicy::new().max(1)).layer(inside);
    let first = service.clone().oneshot(request(Method::GET)).await.unwrap();
    // The first answer, and its body, is still here.
    let second = service.oneshot(request(Method::GET)).await.unwrap();
    assert_eq!(
        (first.status().as_u16(), second.status().as_u16()),
        (200, 200)
    );
}

/// A layer around a layer: what the inner one refuses was not sent, and what it cut may have been.
#[tokio::test(start_paused = true)]
async fn layers_stand_in_written_order() {
    let log = Log::default();
    let sent = log.clone();
    let inside = service_fn(move |_: Request<Body>| {
        sent.add(());
        std::future::pending::<Result<Answer, BoxError>>()
    });
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(RETRY))
        .layer(TimeoutLayer::new(TimeoutPolicy::new(ms(50))))
        .service(inside);
    let out = service.clone().oneshot(request(Method::GET)).await;
    assert!(matches!(refusal(out), Error::Timeout { .. }));
    assert_eq!(log.all().len(), 3);
    let out = service.oneshot(request(Method::POST)).await;
    assert!(matches!(refusal(out), Error::Timeout { .. }));
    assert_eq!(log.all().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_a_layer_inside_refuses_is_not_retried_and_not_counted() {
    let log = Log::default();
    let sent = log.clone();
    let inside = service_fn(move |_: Request<Body>| {
        sent.add(());
        async { Ok::<_, BoxError>(answer(500)) }
    });
    let service = ServiceBuilder::new()
        .layer(CircuitLayer::new(CircuitPolicy::new().failures(2)))
        .layer(RetryLayer::new(RETRY))
        .layer(CircuitLayer::new(CircuitPolicy::new().failures(1)))
        .service(inside);
    // The inner circuit opens with the first failure: the retry gets a refusal, and stops.
    let error = refusal(service.clone().oneshot(request(Method::GET)).await);
    assert!(matches!(error, Error::CircuitOpen { .. }), "{error:?}");
    assert_eq!(log.all().len(), 1);
    // The outer circuit saw refusals alone.
    for _ in 0..5 {
        let out = service.clone().oneshot(request(Method::GET)).await;
        let Error::CircuitOpen { name, .. } = refusal(out) else {
            panic!("it is open")
        };
        let Error::CircuitOpen { name: first, .. } = &error else {
            unreachable!()
        };
        assert_eq!(name, *first, "the inner one");
    }
}

#[tokio::test(start_paused = true)]
async fn services_of_any_kind_are_judged_by_their_errors() {
    let inside = service_fn(|fail: bool| async move {
        if fail {
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
        } else {
            Ok(7_u32)
        }
    });
    let service = CircuitLayer::new(CircuitPolicy::new().failures(1))
        .outcome(ErrorOutcome::new())
        .layer(inside);
    assert_eq!(service.clone().oneshot(false).await.unwrap(), 7);
    let error = service.clone().oneshot(true).await.unwrap_err();
    assert!(error.is::<std::io::Error>());
    let error = service.oneshot(false).await.unwrap_err();
    assert!(matches!(
        error.downcast_ref(),
        Some(Error::CircuitOpen { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_fallback_answers_in_the_place_of_a_failure() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let _listening = subscribe(move |event| {
        if let Event::FellBack {
            function, error, ..
        } = event
            && function.contains("layers/each.rs")
        {
            seen.lock().unwrap().push(format!("{error:?}"));
        }
    });
    let layer = FallbackLayer::new(|failed: FailedRequest<Answer>| async move {
        match failed {
            FailedRequest {
                class: Class::Permanent,
                answer,
                ..
            } => answer,
            FailedRequest {
                answer: Err(error), ..
            } if !error.is::<Error>() => Err(format!("no fallback: {error}").into()),
            _ => Ok(answer(203)),
        }
    });
    let with = |status: u16| {
        let inside = service_fn(move |_: Request<Body>| async move {
            if status == REFUSED {
                Err::<_, BoxError>("broken".into())
            } else {
                Ok(answer(status))
            }
        });
        layer.layer(inside).oneshot(request(Method::GET))
    };
    assert_eq!(with(200).await.unwrap().status(), 200);
    assert!(events.lock().unwrap().is_empty());
    assert_eq!(with(404).await.unwrap().status(), 404);
    assert_eq!(with(503).await.unwrap().status(), 203);
    let error = with(REFUSED).await.unwrap_err();
    assert_eq!(error.to_string(), "no fallback: broken");
    let told = events.lock().unwrap().clone();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[1].contains("the answer is a failure"), "{told:?}");
    assert!(told[2].contains("broken"), "{told:?}");

    // Above a circuit it answers refusals too.
    let service = ServiceBuilder::new()
        .layer(layer)
        .layer(CircuitLayer::new(CircuitPolicy::new().failures(1)))
        .service(service_fn(fails));
    for _ in 0..2 {
        let answer = service.clone().oneshot(request(Method::GET)).await.unwrap();
        assert_eq!(answer.status(), 203);
    }
}

/// The futures are `Send`, and so are blocks of code that hold the services across an `.await`.
#[tokio::test(start_paused = true)]
async fn calls_can_be_spawned() {
    let inside = service_fn(|request: Request<EdgeBody>| async {
        Ok::<_, std::io::Error>(http::Response::new(request.into_body()))
    });
    let mut service = ServiceBuilder::new()
        .layer(StackLayer::new(Stack::new("layers-spawned").retry(RETRY)))
        .layer(RetryLayer::new(RETRY))
        .layer(TimeoutLayer::new(TimeoutPolicy::new(ms(50))))
        .service(inside);
    let call = tokio::spawn(async move {
        let ready = service.ready().await?;
        let answer = ready.call(Request::new(EdgeBody::default())).await?;
        let other = service.oneshot(Request::new(EdgeBody::default())).await?;
        Ok::<_, BoxError>((answer.status(), other.status()))
    });
    let (first, second) = call.await.unwrap().unwrap();
    assert!(first.is_success() && second.is_success());
}
