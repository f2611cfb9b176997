//! Load balancing in real time: DNS over UDP, and requests over sockets. Waits are bounded from above only.

mod backends;
mod by_dns;
mod connections;
mod dns;
mod dns_server;
#[path = "../client/peer.rs"]
mod peer;
mod slow_backend;
#[path = "../support/mod.rs"]
mod support;
mod threads;
