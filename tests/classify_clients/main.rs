//! The errors of other crates as their own clients make them, over real connections to servers that
//! say what a test tells them: real time, and a target of its own. gRPC is in
//! `tests/classify_grpc.rs`.

#![cfg(any(feature = "reqwest", feature = "redis", feature = "tokio-postgres"))]

#[cfg(feature = "reqwest")]
mod http;
#[cfg(feature = "tokio-postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};

/// A server that treats each connection so.
async fn serve<F>(mut treat: impl FnMut(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(treat(stream));
        }
    });
    at
}
