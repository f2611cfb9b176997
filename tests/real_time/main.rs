//! Tests that a paused clock cannot drive: a thread that blocks or ends, and the errors of other crates as their
//! own clients make them, over real connections to servers that say what a test tells them.

#![allow(
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "over a socket time is real; each item stands where it is needed"
)]

mod blocking;
mod ending_thread;
#[cfg(feature = "hedge")]
mod hedge;
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
