//! Rate limits in Redis and PostgreSQL: the contract of a store, three processes at one limit, and servers
//! that go away. Real servers, real time.

mod child;
mod outage;
mod postgres;
mod processes;
mod redis;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use resil::limits::store::{BoxFuture, LimitKey, LimitState, StoreResult, TakeAnswer, TakeRequest};
use resil::limits::{self, LimitStore};

use crate::servers::Kind;

/// The store of a server, with all that it needs.
async fn open(kind: Kind, url: &str) -> Arc<dyn LimitStore> {
    match kind {
        Kind::Redis => Arc::new(limits::redis(url).expect("a URL")),
        Kind::Postgres => {
            let store = limits::postgres(url).expect("a URL");
            store.create_rate_limit_schema().await.expect("created");
            Arc::new(store)
        }
    }
}

tokio::task_local! {
    /// When the last call of this task is let in, in microseconds by the server's clock.
    static LET_IN: Cell<Option<u64>>;
}

/// A store that notes what it answers.
struct Noted {
    store: Arc<dyn LimitStore>,
    answers: Arc<AtomicU64>,
}

impl Noted {
    fn new(store: Arc<dyn LimitStore>) -> Self {
        Self {
            store,
            answers: Arc::default(),
        }
    }
}

impl LimitStore for Noted {
    fn describe(&self) -> &str {
        self.store.describe()
    }

    fn take<'a>(
        &'a self,
        key: &'a LimitKey,
        request: &'a TakeRequest,
    ) -> BoxFuture<'a, StoreResult<TakeAnswer>> {
        Box::pin(async move {
            let answer = self.store.take(key, request).await?;
            // A sign of life, in a task of its own, is no call.
            if LET_IN
                .try_with(|let_in| let_in.set(answer.admitted_at()))
                .is_ok()
            {
                self.answers.fetch_add(1, SeqCst);
            }
            Ok(answer)
        })
    }

    fn give_back<'a>(
        &'a self,
        key: &'a LimitKey,
        turn: LimitState,
        price: u64,
    ) -> BoxFuture<'a, StoreResult<bool>> {
        self.store.give_back(key, turn, price)
    }
}

/// Asserts that in any span of time `t` there are at most `burst + max·t` of these times, in
/// microseconds, where `max` calls come a second.
fn assert_bound(times: &mut [u64], max: u64, burst: u64) {
    times.sort_unstable();
    let call = 1_000_000 / max;
    assert_eq!(call * max, 1_000_000, "whole microseconds");
    let mut paid = 0;
    for (n, time) in times.iter().enumerate() {
        paid = u64::max(paid, *time) + call;
        assert!(
            paid <= time + burst * call,
            "call {n} of {} is one too many",
            times.len()
        );
    }
}

#[test]
fn the_bound_is_a_bound() {
    assert_bound(&mut [0, 0, 0, 10_000, 20_000], 100, 3);
    for mut times in [[0, 0, 0, 0, 90_000], [0, 5, 10, 9_999, 90_000]] {
        assert!(std::panic::catch_unwind(move || assert_bound(&mut times, 100, 3)).is_err());
    }
}
