//! Every shape of function that people write, under a full stack where it fits: it compiles with
//! every warning denied, runs, retries, and its future goes to a multi-thread runtime where the
//! plain function's would.

#![deny(warnings)]
#![allow(
    unreachable_pub,
    clippy::items_after_statements,
    clippy::many_single_char_names,
    reason = "a test is no public crate"
)]

mod arguments;
mod bodies;
mod methods;

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use resil::{circuit, idempotent, retry, timeout};

#[derive(Debug, thiserror::Error)]
enum E {
    #[error("not yet")]
    NotYet,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

/// Fails until it was asked `n` times.
#[derive(Default)]
struct Flaky(AtomicU32);

impl Flaky {
    async fn after(&self, n: u32) -> Result<u32, E> {
        let tries = self.0.fetch_add(1, SeqCst) + 1;
        if tries < n { Err(E::NotYet) } else { Ok(tries) }
    }
}

fn send<T: Send>(t: T) -> T {
    t
}

async fn spawned<T: Send + 'static>(f: impl Future<Output = T> + Send + 'static) -> T {
    tokio::spawn(send(f)).await.unwrap()
}

/// An owned argument that is neither Clone nor Copy.
#[derive(Debug)]
struct Owned(String);
