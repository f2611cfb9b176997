//! The client over real sockets and in real time, against servers that do what a test tells them: stall in one
//! phase, break off, answer nonsense. Times are bounded from above only, but for waits that were asked for.

#![allow(clippy::disallowed_methods, reason = "over a socket time is real")]

mod bad_input;
mod balancing;
mod balancing_cut;
mod bodies;
mod building;
mod by_dns;
mod deadlines;
#[path = "../balance_net/dns_server.rs"]
mod dns_server;
mod http2;
#[cfg(not(feature = "client-rustls"))]
mod https;
mod leaks;
mod limits;
mod mesh;
mod peer;
mod places;
mod policies;
mod redirects;
mod retries;
mod retry_after;
mod sent_once;
mod service;
mod stats;
#[path = "../support/mod.rs"]
mod support;
mod timeouts_around;
mod urls;

use std::time::Duration;

use resil_http::client::{Builder, Client, ClientError};
use support::at_once;

/// A time that none of the limits under test reaches.
const LONG: Duration = Duration::from_secs(20);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A client of its own name, without limits that get in the way.
fn client(name: &str, base: impl std::fmt::Display) -> Builder {
    Client::builder(format!("client-{name}"))
        .base_url(format!("http://{base}"))
        .attempt(LONG)
        .total(LONG * 2)
}

/// What an error says, without where that was.
fn what(error: &ClientError) -> String {
    let (text, place) = (error.to_string(), error.place().expect("it has one"));
    let what = text.strip_prefix(&place.to_string());
    what.expect("where it was stands in front").to_owned()
}
