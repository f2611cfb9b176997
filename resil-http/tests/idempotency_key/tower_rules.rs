//! The rules of tower: readiness is asked of the service inside, and the one that is ready is the one that is
//! called.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use http_body_util::channel::Channel;
use resil_http::server::IdempotencyKeyLayer;
use resil_runtime::idempotency::store::Memory;
use resil_stores::Shared;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{Layer, Service, ServiceExt};

use crate::support::{keys, pay};

/// A service that must be ready before it is called; a clone of it is not.
struct Strict {
    is_ready: bool,
    opens: Arc<AtomicBool>,
}

fn strict(opens: &Arc<AtomicBool>) -> Strict {
    Strict {
        is_ready: false,
        opens: Arc::clone(opens),
    }
}

/// One that is ready whenever it is asked.
fn open() -> Strict {
    strict(&Arc::new(AtomicBool::new(true)))
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self {
            is_ready: false,
            opens: Arc::clone(&self.opens),
        }
    }
}

impl Service<Request> for Strict {
    type Response = Response;
    type Error = &'static str;
    type Future = std::future::Ready<Result<Response, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.is_ready = self.opens.load(SeqCst);
        if self.is_ready {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    fn call(&mut self, request: Request) -> Self::Future {
        assert!(self.is_ready, "it was not asked");
        self.is_ready = false;
        let fails = request.headers().contains_key("x-fails");
        std::future::ready(if fails {
            Err("it fails")
        } else {
            Ok(Response::default())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn the_service_that_is_ready_is_called() {
    let opens = Arc::new(AtomicBool::new(false));
    let mut service = keys().layer(strict(&opens));
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(service.poll_ready(&mut cx).is_pending());
    opens.store(true, SeqCst);
    for key in ["a", "a", "b", ""] {
        let answer = service.ready().await.unwrap().call(pay(key));
        assert_eq!(answer.await.unwrap().status(), 200, "{key}");
    }
}

/// A service that reserves a place when it is ready, as tower's `ConcurrencyLimit` does.
struct Reserves {
    places: Arc<Semaphore>,
    place: Option<OwnedSemaphorePermit>,
}

impl Clone for Reserves {
    fn clone(&self) -> Self {
        Self {
            places: Arc::clone(&self.places),
            place: None,
        }
    }
}

impl Service<Request> for Reserves {
    type Response = Response;
    type Error = &'static str;
    type Future = std::future::Ready<Result<Response, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        if self.place.is_none() {
            self.place = Arc::clone(&self.places).try_acquire_owned().ok();
        }
        match &self.place {
            Some(_) => Poll::Ready(Ok(())),
            None => Poll::Ready(Err("no place")),
        }
    }

    fn call(&mut self, _: Request) -> Self::Future {
        assert!(self.place.take().is_some(), "it was not asked");
        std::future::ready(Ok(Response::default()))
    }
}

/// A client that is slow to send its body, and one that waits for another one, run no handler.
#[tokio::test(start_paused = true)]
async fn what_is_not_in_its_handler_reserves_nothing() {
    let places = Arc::new(Semaphore::new(1));
    let service = Reserves {
        places: Arc::clone(&places),
        place: None,
    };
    let mut service = keys().layer(service);
    let mut slow = pay("slow");
    let (_sender, channel) = Channel::<Bytes, std::io::Error>::new(1);
    *slow.body_mut() = Body::new(channel);
    let mut uploads = pin!(service.ready().await.unwrap().call(slow));
    let polled = poll_fn(|cx| Poll::Ready(uploads.as_mut().poll(cx))).await;
    assert!(polled.is_pending());
    assert_eq!(places.available_permits(), 1);
    for _ in 0..2 {
        let answer = service.ready().await.unwrap().call(pay("k")).await;
        assert_eq!(answer.unwrap().status(), 200);
        assert_eq!(places.available_permits(), 1);
    }
}

/// An error of the service inside goes through, and frees the key.
#[tokio::test(start_paused = true)]
async fn an_error_of_the_service_goes_through() {
    let mut service = keys().layer(open());
    for key in ["k", ""] {
        let mut failing = pay(key);
        failing
            .headers_mut()
            .insert("x-fails", "yes".parse().unwrap());
        let failed = service.ready().await.unwrap().call(failing).await;
        assert_eq!(failed.unwrap_err(), "it fails");
        let good = service.ready().await.unwrap().call(pay(key)).await;
        let good = good.unwrap();
        assert!(!good.headers().contains_key("idempotency-replayed"));
    }
}

/// Those of layers with nothing to drop may be kept for ever, but not those of any number of layers.
#[tokio::test(start_paused = true)]
async fn each_layer_has_settings_of_its_own() {
    let layer = |required: bool| {
        IdempotencyKeyLayer::new("tower.own", |_| Some("one".to_owned())).required(required)
    };
    for number in 0..200 {
        let required = number % 2 == 0;
        let layer = layer(required);
        for layer in [layer.clone().required(!required), layer] {
            let mut service = layer.layer(open());
            let answer = service.ready().await.unwrap().call(pay("")).await;
            let is_required = format!("{layer:?}").contains("is_required: true");
            assert_eq!(answer.unwrap().status() == 400, is_required);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_layer_has_captured_goes_with_it() {
    let (caller, records) = (Arc::new(()), Arc::new(()));
    let (of_caller, of_records) = (Arc::clone(&caller), Arc::clone(&records));
    let plain = || IdempotencyKeyLayer::new("tower.captured", |_| Some("one".to_owned()));
    let by_caller = IdempotencyKeyLayer::new("tower.captured", move |_| {
        Some(Arc::strong_count(&of_caller).to_string())
    });
    let by_records = plain().record(move |_| Arc::strong_count(&of_records) > 0);
    let store = Shared::new(Memory::default());
    for layer in [by_caller, by_records, plain().store(store)] {
        let mut service = layer.layer(open());
        let answer = service.ready().await.unwrap().call(pay("key")).await;
        assert_eq!(answer.unwrap().status(), 200);
    }
    assert_eq!(
        (Arc::strong_count(&caller), Arc::strong_count(&records)),
        (1, 1)
    );
}
