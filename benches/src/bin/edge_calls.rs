//! What the layers of the server cost a request in instructions, where the load of the machine is no matter:
//! `valgrind --tool=callgrind edge_calls tuple 3000` beside `edge_calls plain 3000`.
//!
//! Without sockets, the router is called as hyper calls it. `edge_calls tuple 3000 net` sends that many requests over
//! loopback, one after the other on one thread: there the time of the processor counts.
//!
//! `edge_calls post-keys 3000` beside `edge_calls post 3000` is a `POST` with a key of its own each time, in memory, and
//! `edge_calls post-keys 3000 replay` one that comes again. A runtime with one thread runs the task of the handler.

#![allow(
    missing_docs,
    clippy::print_stdout,
    reason = "a program that prints figures"
)]

use std::convert::Infallible;
use std::future::poll_fn;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, Method};
use axum::response::Response;
use resil::http::server::AdmissionLayer;
use resil_benches::edge::hand::Hand;
use resil_benches::edge::{ORDER, admission, app, customers_reqwest, key, layers, plain};
use tower::Service;

/// As axum's server does it for each connection.
fn made(app: Router) -> Router {
    app.with_state(())
}

fn around(
    admission: AdmissionLayer,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync
{
    tower::Layer::layer(&layers(admission), made(plain()))
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(out) => out,
        Poll::Pending => panic!("it is ready at once"),
    }
}

/// A `POST` with a key, as hyper does it.
async fn post(app: &Router, number: u64) {
    let mut app = app.clone();
    let mut request = Request::new(Body::from(ORDER));
    *request.method_mut() = Method::POST;
    let key = HeaderValue::try_from(key(number)).expect("a value");
    let headers = request.headers_mut();
    headers.insert("user-agent", HeaderValue::from_static("bench"));
    headers.insert("accept", HeaderValue::from_static("*/*"));
    headers.insert("host", HeaderValue::from_static("localhost:8000"));
    headers.insert("idempotency-key", key);
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let Ok(response) = app.call(request).await;
    let (parts, body) = response.into_parts();
    black_box(parts);
    let mut body = pin!(body);
    let mut bytes = 0;
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        bytes += frame
            .expect("a part of the body")
            .data_ref()
            .map_or(0, Bytes::len);
    }
    assert_eq!(bytes, 5);
}

/// As hyper does it.
fn request(app: &(impl Service<Request, Response = Response, Error = Infallible> + Clone)) {
    let mut app = app.clone();
    let mut request = Request::new(Body::empty());
    request
        .headers_mut()
        .insert("user-agent", HeaderValue::from_static("bench"));
    request
        .headers_mut()
        .insert("accept", HeaderValue::from_static("*/*"));
    request
        .headers_mut()
        .insert("host", HeaderValue::from_static("localhost:8000"));
    let response: Result<Response, Infallible> = ready(app.call(request));
    let Ok(response) = response;
    let (parts, body) = response.into_parts();
    black_box(parts);
    let mut body = pin!(body);
    while let Some(frame) = ready(poll_fn(|cx| body.as_mut().poll_frame(cx))) {
        let _ = black_box(frame);
    }
}

async fn sockets(
    around: Option<
        impl Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    >,
    app: Option<Router>,
    count: u32,
) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    if let Some(app) = app {
        tokio::spawn(async move { axum::serve(listener, app).await });
    } else if let Some(app) = around {
        tokio::spawn(async move {
            axum::serve(listener, axum::ServiceExt::into_make_service(app)).await
        });
    }
    let sender = customers_reqwest();
    for _ in 0..count {
        sender.send(&url).await;
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let variant = args.next().unwrap_or_else(|| "tuple".to_owned());
    let count: u32 = args.next().and_then(|n| n.parse().ok()).unwrap_or(1000);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let _entered = runtime.enter();
    let how = args.next();
    if variant.starts_with("post") {
        let (app, is_replay) = (made(app(&variant)), how.as_deref() == Some("replay"));
        runtime.block_on(async {
            for number in 0..10 + u64::from(count) {
                post(&app, if is_replay { 0 } else { number }).await;
            }
        });
        return;
    }
    match (variant.as_str(), how.is_some()) {
        ("around", true) => runtime.block_on(sockets(Some(around(admission())), None, count)),
        ("around", false) => call(&around(admission()), count),
        ("silent-around", false) => call(&around(admission().headers(false)), count),
        ("hand-around", false) => call(&tower::Layer::layer(&Hand, made(plain())), count),
        (variant, true) => {
            runtime.block_on(sockets(None::<Router>, Some(made(app(variant))), count));
        }
        (variant, false) => call(&made(app(variant)), count),
    }
}

/// Calls an app so many times, after some calls that warm it up.
fn call(
    app: &(impl Service<Request, Response = Response, Error = Infallible> + Clone),
    count: u32,
) {
    for _ in 0..10 + count {
        request(app);
    }
}
