//! `#[idempotent]` over a store on a server.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use resil::idempotency::{IdempotencyError, Shared, Store};
use resil::{Error, idempotent};

#[idempotent(name = "charge", key = id, store = store)]
async fn charge(store: &Shared, id: u64, runs: &AtomicU32) -> Result<u32, Error> {
    tokio::time::sleep(Duration::from_millis(50)).await;
    Ok(runs.fetch_add(1, SeqCst))
}

/// Two stores on one server are what two processes have: calls that meet share one result.
pub async fn calls_of_two_processes_share_one_result(stores: [impl Store; 2]) {
    let stores = stores.map(|store| {
        Shared::new(store)
            .namespace("two")
            .pepper("0123456789abcdef")
    });
    let (id, runs): (u64, _) = (rand::random(), AtomicU32::new(0));
    let calls = stores.iter().cycle().take(20);
    let calls: Vec<_> = calls
        .map(|store| Box::pin(charge(store, id, &runs)))
        .collect();
    for result in all(calls).await {
        assert_eq!(result.expect("it ran once"), 0);
    }
    assert_eq!(runs.load(SeqCst), 1);
}

/// Under `strict` a store that may lose records runs nothing.
pub async fn strict_refuses(store: impl Store, what: &str) {
    let store = Shared::new(store).strict(true);
    let runs = AtomicU32::new(0);
    let refused = charge(&store, rand::random(), &runs).await;
    let Err(Error::Idempotency(IdempotencyError::Store { .. })) = &refused else {
        panic!("{refused:?}");
    };
    let said = refused.expect_err("refused").to_string();
    assert!(said.contains(what), "{said}");
    assert_eq!(runs.load(SeqCst), 0);
}

/// All of them at once, in this task.
async fn all<F: Future + Unpin>(mut futures: Vec<F>) -> Vec<F::Output> {
    let mut done: Vec<_> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(out) = std::pin::Pin::new(future).poll(cx)
            {
                *done = Some(out);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}
