//! The client against real peers, in real time: a backend that misbehaves on command, directly and behind nginx and
//! HAProxy, over HTTP/1.1 and HTTP/2; and backends that are processes, of which one is killed, or is slow.

#![allow(clippy::disallowed_methods, reason = "over a socket time is real")]

mod backend;
mod endpoints;
mod faults;
#[path = "../client/peer.rs"]
mod peer;
mod process;
mod proxy;
#[path = "../support/mod.rs"]
mod support;
