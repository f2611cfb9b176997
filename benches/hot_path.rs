//! Measures what a policy costs while all is well: each row beside the same work by hand and by a peer,
//! in one run. Read ratios within a group, not figures across machines.
//!
//! `cargo bench`

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use divan::{Bencher, black_box};
use resil::{Error, circuit, idempotent, retry, timeout};

fn main() {
    // Timers need a runtime to register with.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let _entered = runtime.enter();
    divan::main();
}

/// Polls to the end, woken or not.
fn run<T>(f: impl Future<Output = T>) -> T {
    let mut f = pin!(f);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(out) = f.as_mut().poll(&mut cx) {
            return out;
        }
    }
}

async fn work(n: &u32) -> Result<u32, Error> {
    Ok(black_box(*n))
}

async fn work_pending_once(n: &u32) -> Result<u32, Error> {
    let mut yielded = false;
    poll_fn(|_| {
        if std::mem::replace(&mut yielded, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    Ok(black_box(*n))
}

macro_rules! rows {
    ($group:ident: $($name:ident => $call:expr;)*) => {
        #[divan::bench_group(sample_count = 200, sample_size = 10_000)]
        mod $group {
            use super::*;
            $(#[divan::bench]
            fn $name(bencher: Bencher<'_, '_>) {
                let call = $call;
                bencher.bench_local(|| run(call(black_box(&7))));
            })*
        }
    };
}

#[retry]
async fn retried(n: &u32) -> Result<u32, Error> {
    work(n).await
}

async fn retried_by_hand(n: &u32) -> Result<u32, Error> {
    let mut attempt = 0;
    loop {
        match work(n).await {
            Err(_) if attempt < 2 => {
                attempt += 1;
                tokio::task::yield_now().await;
            }
            out => return out,
        }
    }
}

async fn retried_by_backon(n: &u32) -> Result<u32, Error> {
    use backon::Retryable;
    (|| work(n))
        .retry(backon::ExponentialBuilder::default())
        .await
}

rows! { a_retry_first_try_ok:
    bare => work;
    hand => retried_by_hand;
    resil => retried;
    backon => retried_by_backon;
}

#[timeout(1s)]
async fn bounded(n: &u32) -> Result<u32, Error> {
    work(n).await
}
async fn bounded_by_tokio(n: &u32) -> Result<u32, Error> {
    #[expect(clippy::disallowed_methods, reason = "the peer")]
    tokio::time::timeout(Duration::from_secs(1), work(n))
        .await
        .unwrap_or(Ok(0))
}
#[timeout(1s)]
async fn bounded_pending(n: &u32) -> Result<u32, Error> {
    work_pending_once(n).await
}
async fn bounded_pending_by_tokio(n: &u32) -> Result<u32, Error> {
    #[expect(clippy::disallowed_methods, reason = "the peer")]
    tokio::time::timeout(Duration::from_secs(1), work_pending_once(n))
        .await
        .unwrap_or(Ok(0))
}
#[timeout(500ms)]
async fn bounded_twice(n: &u32) -> Result<u32, Error> {
    bounded_pending(n).await
}
async fn bounded_twice_by_tokio(n: &u32) -> Result<u32, Error> {
    #[expect(clippy::disallowed_methods, reason = "the peer")]
    tokio::time::timeout(Duration::from_millis(500), bounded_pending_by_tokio(n))
        .await
        .unwrap_or(Ok(0))
}

rows! { b_timeout:
    ready_tokio => bounded_by_tokio;
    ready_resil => bounded;
    pending_once_tokio => bounded_pending_by_tokio;
    pending_once_resil => bounded_pending;
    nested_outer_sooner_tokio => bounded_twice_by_tokio;
    nested_outer_sooner_resil => bounded_twice;
}

#[circuit]
async fn in_a_row(n: &u32) -> Result<u32, Error> {
    work(n).await
}
#[circuit(failure_rate = 50%)]
async fn counted(n: &u32) -> Result<u32, Error> {
    work(n).await
}
#[circuit(failure_rate = 50%, window = 10s)]
async fn timed(n: &u32) -> Result<u32, Error> {
    work(n).await
}
async fn counted_by_hand(n: &u32) -> Result<u32, Error> {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    static FAILURES: AtomicU64 = AtomicU64::new(0);
    let out = work(n).await;
    CALLS.fetch_add(1, Relaxed);
    if out.is_err() {
        FAILURES.fetch_add(1, Relaxed);
    }
    out
}

fn by_failsafe() -> impl Fn(&u32) -> Result<u32, Error> {
    use failsafe::CircuitBreaker;
    let breaker = failsafe::Config::new().build();
    move |n| {
        breaker.call(|| Ok(black_box(*n))).map_err(|e| match e {
            failsafe::Error::Inner(e) => e,
            failsafe::Error::Rejected => unreachable!("it is closed"),
        })
    }
}
fn by_recloser() -> impl Fn(&u32) -> Result<u32, Error> {
    let breaker = recloser::Recloser::default();
    move |n| {
        breaker.call(|| Ok(black_box(*n))).map_err(|e| match e {
            recloser::Error::Inner(e) => e,
            recloser::Error::Rejected => unreachable!("it is closed"),
        })
    }
}

rows! { c_circuit_closed:
    bare => work;
    hand_counts => counted_by_hand;
    resil_in_a_row => in_a_row;
    resil_counted => counted;
    resil_timed => timed;
    failsafe_sync => { let call = by_failsafe(); move |n| std::future::ready(call(n)) };
    recloser_sync => { let call = by_recloser(); move |n| std::future::ready(call(n)) };
}

#[circuit(name = "bench.open")]
async fn refused(n: &u32) -> Result<u32, Error> {
    work(n).await
}

rows! { d_circuit_open:
    resil => { resil::breaker("bench.open").force_open(); refused };
}

#[circuit]
#[timeout(5s)]
#[retry]
#[timeout(1s)]
async fn stacked(n: &u32) -> Result<u32, Error> {
    work(n).await
}
#[idempotent(key = *n)]
async fn replayed(n: &u32) -> Result<u32, Error> {
    work(n).await
}

rows! { e_stack:
    circuit_timeout_retry_timeout => stacked;
    replay => replayed;
}
