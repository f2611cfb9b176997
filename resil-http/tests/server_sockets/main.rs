//! The server side over real sockets, HTTP/1.1 and HTTP/2: what goes over the wire, and clients that hang up.

#![allow(
    clippy::disallowed_methods,
    reason = "over a socket time is real: waiting is bounded from above"
)]

mod grpc;
mod hanging_up;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Version};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

/// Longer than anything takes here.
const LONG: Duration = Duration::from_secs(20);

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    at
}

/// Both versions, with the client that speaks it.
fn clients() -> [(Version, Client<HttpConnector, Body>); 2] {
    let client = |is_2| {
        let mut builder = Client::builder(TokioExecutor::new());
        builder.http2_only(is_2).build_http()
    };
    [
        (Version::HTTP_11, client(false)),
        (Version::HTTP_2, client(true)),
    ]
}

fn request(at: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().uri(format!("http://{at}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

/// Waits until it is so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(LONG, waiting).await;
    waited.unwrap_or_else(|_| panic!("{what}"));
}

#[derive(Clone, Default)]
struct Counter(Arc<AtomicU32>);

impl Counter {
    fn get(&self) -> u32 {
        self.0.load(Relaxed)
    }

    fn up(&self) {
        self.0.fetch_add(1, Relaxed);
    }
}

struct OnDrop(Counter);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.up();
    }
}
