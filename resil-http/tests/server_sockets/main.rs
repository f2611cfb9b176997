//! The server side over real sockets, HTTP/1.1 and HTTP/2: what goes over the wire, and clients that hang up.

#![allow(
    clippy::disallowed_methods,
    reason = "over a socket time is real: waiting is bounded from above"
)]

mod grpc;
mod hanging_up;
#[path = "../support/mod.rs"]
mod support;
mod wire;

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Version};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Longer than anything takes here.
const LONG: Duration = Duration::from_secs(20);

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
