//! `#[idempotent]` over a store on a server.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use resil::idempotency::{IdempotencyError, IdempotentPolicy, Shared, Store};
use resil::{Error, KeyedStack, RetryPolicy, Stack, idempotent};

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

/// As a value the policy shares the records of the attribute, over the same stores.
pub async fn a_value_shares_the_records_of_the_attribute(stores: [impl Store; 2]) {
    const ONCE: IdempotentPolicy = IdempotentPolicy::new();
    static AGAIN: KeyedStack = ONCE.around(
        Stack::new("charge").retry(RetryPolicy::new().max(2).base(Duration::from_millis(1))),
    );
    let stores = stores.map(Shared::new);
    let (id, runs): (u64, _) = (rand::random(), AtomicU32::new(0));
    let value = |store: &Shared| {
        let call = ONCE.name("charge").keyed(id).fingerprint("same").on(store);
        call.run(|| async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok::<u32, Error>(runs.fetch_add(1, SeqCst))
        })
    };
    let calls = stores
        .iter()
        .cycle()
        .take(10)
        .map(|store| Box::pin(value(store)));
    for result in all(calls.collect()).await {
        assert_eq!(result.expect("it ran once"), 0);
    }
    assert_eq!(charge(&stores[1], id, &runs).await, Ok(0));
    let other = ONCE
        .name("charge")
        .keyed(id)
        .fingerprint("other")
        .on(&stores[0]);
    let reused = other.run(|| async { Ok::<u32, Error>(runs.fetch_add(1, SeqCst)) });
    let reused = reused.await;
    let Err(Error::Idempotency(IdempotencyError::KeyReused { .. })) = reused else {
        panic!("{reused:?}");
    };
    // An attempt that fails and one that does not are one start.
    let again = rand::random::<u64>();
    for _ in 0..2 {
        let stacked = AGAIN.keyed(again).on(&stores[0]).run(|| async {
            match runs.fetch_add(1, SeqCst) {
                1 => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
                n => Ok(n),
            }
        });
        assert_eq!(stacked.await.expect("the second attempt"), 2);
    }
    // No place in the source is a name.
    let unnamed = ONCE.keyed(id).on(&stores[0]);
    let unnamed = unnamed.run(|| async { Ok::<u32, Error>(9) }).await;
    let Err(Error::Idempotency(IdempotencyError::Unnamed { .. })) = unnamed else {
        panic!("{unnamed:?}");
    };
}

/// A key inside itself: over one handle, and over two of one store.
pub async fn a_key_inside_itself_is_told_at_once(stores: [impl Store; 2]) {
    #[idempotent(name = "inside", key = id, store = stores[0])]
    async fn outer(stores: &[Shared], id: u64, runs: &AtomicU32) -> Result<u32, Error> {
        runs.fetch_add(1, SeqCst);
        tokio::time::sleep(Duration::from_millis(10)).await;
        Box::pin(inner(stores, id, runs)).await
    }
    #[idempotent(name = "inside", key = id, store = stores[stores.len() - 1], conflict = reject)]
    async fn inner(stores: &[Shared], id: u64, runs: &AtomicU32) -> Result<u32, Error> {
        Ok(runs.fetch_add(1, SeqCst))
    }
    let stores = stores.map(Shared::new);
    for stores in [&stores[..1], &stores] {
        let (id, runs): (u64, _) = (rand::random(), AtomicU32::new(0));
        let out = outer(stores, id, &runs).await;
        let Err(Error::Idempotency(IdempotencyError::Reentrant { .. })) = out else {
            panic!("{out:?}");
        };
        assert_eq!(runs.load(SeqCst), 1);
        // The body's own answer: the key is free.
        assert_eq!(inner(stores, id, &runs).await, Ok(1));
    }
}

/// A body that blocks its thread for longer than its lease, and nobody who claims meanwhile: both
/// callers get its result.
pub async fn a_body_that_blocks_its_thread_keeps_its_key(store: impl Store) {
    #[idempotent(name = "blocks", key = id, store = store, lease = 500ms)]
    async fn blocks(store: &Shared, id: u64, runs: &AtomicU32) -> Result<u32, Error> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        std::thread::sleep(Duration::from_millis(900));
        tokio::task::yield_now().await;
        Ok(runs.fetch_add(1, SeqCst))
    }
    let store = Shared::new(store);
    let (id, runs): (u64, _) = (rand::random(), AtomicU32::new(0));
    let both = [0, 1].map(|_| Box::pin(blocks(&store, id, &runs)));
    assert_eq!(all(both.into()).await, [Ok(0), Ok(0)]);
    assert_eq!(runs.load(SeqCst), 1);
}

trait Kind {
    const KIND: &str;

    #[idempotent(name = "kind-unsaid", key = id, store = store)]
    async fn unsaid(&self, store: &Shared, id: u64) -> Result<String, Error> {
        Ok(Self::KIND.to_owned())
    }

    #[idempotent(name = "kind-said", key = (Self::KIND, id), store = store)]
    async fn said(&self, store: &Shared, id: u64) -> Result<String, Error> {
        Ok(Self::KIND.to_owned())
    }
}
struct Visa;
impl Kind for Visa {
    const KIND: &str = "visa";
}
struct Master;
impl Kind for Master {
    const KIND: &str = "master";
}

/// Where one function stands for several types, the key has to say which.
pub async fn the_key_has_to_say_the_type(store: impl Store) {
    let (store, id) = (Shared::new(store), rand::random());
    for out in [
        Visa.unsaid(&store, id).await,
        Master.unsaid(&store, id).await,
    ] {
        let Err(Error::Idempotency(e @ IdempotencyError::TypeNotInKey { .. })) = out else {
            panic!("{out:?}");
        };
        assert!(
            e.to_string().contains(" as ") && e.to_string().contains("Self::NAME"),
            "{e}"
        );
    }
    for _ in 0..2 {
        assert_eq!(Visa.said(&store, id).await.as_deref(), Ok("visa"));
        assert_eq!(Master.said(&store, id).await.as_deref(), Ok("master"));
    }
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
