//! A crowd of calls on a multi-thread runtime: the future is `Send` and `'static` where the plain
//! function's would be, though what a failed attempt leaves behind is not.
#![deny(warnings, unused_qualifications)]
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use resil::{circuit, idempotent, retry, timeout};
use tokio::task::JoinSet;

#[derive(Default)]
struct Shop {
    stock: AtomicU32,
    hiccups: AtomicU32,
}

impl Shop {
    #[idempotent(key = order)]
    #[circuit(failures = 1_000)]
    #[timeout(20s)]
    #[retry(constant, base = 1ms, budget = off)]
    #[timeout(10s)]
    async fn reserve(self: Arc<Self>, order: u32) -> Result<u32, resil::Error> {
        tokio::task::yield_now().await;
        self.stock.fetch_add(1, Relaxed);
        Ok(order)
    }

    #[retry(constant, base = 1ms, budget = off)]
    async fn count(&self) -> Result<u32, std::rc::Rc<str>> {
        match self.hiccups.fetch_add(1, Relaxed) {
            0 | 1 => Err("hiccup".into()),
            _ => Ok(self.stock.load(Relaxed)),
        }
    }
}

fn is_send<T: Send>(future: T) -> T {
    future
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let shop = Arc::new(Shop::default());
    let mut calls = JoinSet::new();
    for order in (0..50).chain(0..50) {
        calls.spawn(Arc::clone(&shop).reserve(order));
    }
    let sum: u32 = calls
        .join_all()
        .await
        .into_iter()
        .map(|order| order.unwrap_or_default())
        .sum();
    assert_eq!(sum, 2 * (0..50).sum::<u32>());
    assert_eq!(is_send(shop.count()).await.ok(), Some(50));
}
