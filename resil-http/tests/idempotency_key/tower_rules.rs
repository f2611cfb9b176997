//! The rules of tower: readiness is asked of the service inside, and the one that is ready is the one that is
//! called.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use tower::{Layer, Service, ServiceExt};

use crate::support::{keys, pay};

/// A service that must be ready before it is called; a clone of it is not.
struct Strict {
    is_ready: bool,
    opens: Arc<AtomicBool>,
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
    let strict = Strict {
        is_ready: false,
        opens: Arc::clone(&opens),
    };
    let mut service = keys().layer(strict);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(service.poll_ready(&mut cx).is_pending());
    opens.store(true, SeqCst);
    for key in ["a", "a", "b", ""] {
        let answer = service.ready().await.unwrap().call(pay(key));
        assert_eq!(answer.await.unwrap().status(), 200, "{key}");
    }
}

/// An error of the service inside goes through, and frees the key.
#[tokio::test(start_paused = true)]
async fn an_error_of_the_service_goes_through() {
    let opens = Arc::new(AtomicBool::new(true));
    let strict = Strict {
        is_ready: false,
        opens,
    };
    let mut service = keys().layer(strict);
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
