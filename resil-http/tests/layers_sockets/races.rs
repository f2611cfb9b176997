//! A copy of a body that is still read by another thread while the next copy begins.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use resil_http::BoxError;
use resil_http::layers::RetryLayer;
use resil_runtime::retry::{Jitter, RetryPolicy};
use tower::{ServiceExt as _, service_fn};
use tower_layer::Layer as _;

type Boxed = UnsyncBoxBody<Bytes, BoxError>;

/// Gives the numbers from 0 on, one byte a frame, and is pending before every other one.
struct Numbers {
    next: u8,
    was_pending: bool,
}

const FRAMES: u8 = 20;

impl Body for Numbers {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.next == FRAMES {
            return Poll::Ready(None);
        }
        if self.next.is_multiple_of(2) && !self.was_pending {
            self.was_pending = true;
            // By another task, as a socket does.
            let waker = cx.waker().clone();
            tokio::spawn(async move { waker.wake() });
            return Poll::Pending;
        }
        self.was_pending = false;
        self.next += 1;
        let number = self.next - 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(&[number])))))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_next_copy_has_all_of_the_body_whatever_the_one_before_it_reads() {
    let retry = RetryPolicy::new()
        .max(3)
        .base(std::time::Duration::from_nanos(1))
        .jitter(Jitter::None)
        .no_budget();
    let whole: Vec<u8> = (0..FRAMES).collect();
    for round in 0..2_000_usize {
        let attempts = Arc::new(AtomicUsize::new(0));
        let whole = whole.clone();
        let inside = service_fn(move |request: Request<Boxed>| {
            let n = attempts.fetch_add(1, Ordering::SeqCst);
            let whole = whole.clone();
            async move {
                let body = request.into_body();
                if n < 2 {
                    tokio::spawn(body.collect());
                    tokio::task::yield_now().await;
                    return Ok::<_, BoxError>(status(503));
                }
                assert_eq!(body.collect().await?.to_bytes(), whole);
                Ok(status(200))
            }
        });
        // Above and below what is read by the copies that are left.
        let limit = round % 30;
        let service = RetryLayer::new(retry).buffer_limit(limit).layer(inside);
        let body = Numbers {
            next: 0,
            was_pending: false,
        };
        let request = Request::put("/").body(body.boxed_unsync()).unwrap();
        let answer =
            tokio::time::timeout(std::time::Duration::from_secs(60), service.oneshot(request));
        let answer = answer.await.expect("no copy waits for ever").unwrap();
        // Where the first copy read past the limit before it failed, there is no other one.
        assert!(answer.status() == 200 || limit < whole_len(), "{round}");
    }
}

fn whole_len() -> usize {
    usize::from(FRAMES)
}

fn status(status: u16) -> Response<()> {
    Response::builder().status(status).body(()).unwrap()
}
