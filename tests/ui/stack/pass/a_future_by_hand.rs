//! `fn -> impl Future`, in a free function and in a trait's impl; with `use<..>`, without `Send`.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use resil::{Error, retry, timeout};

trait Clock {
    fn now(&self, zone: &str) -> impl Future<Output = Result<u64, Error>> + Send;
}

#[derive(Default)]
struct Ntp(AtomicU32);

impl Clock for Ntp {
    #[timeout(5s)]
    #[retry(base = 1ms, on(_))]
    #[timeout(100ms)]
    fn now(&self, zone: &str) -> impl Future<Output = Result<u64, Error>> + Send {
        let offset = zone.len() as u64;
        async move {
            if self.0.fetch_add(1, Relaxed) < 2 {
                std::future::pending::<()>().await;
            }
            Ok(1_000 + offset)
        }
    }
}

#[retry(base = 1ms)]
fn local(runs: Rc<Cell<u32>>) -> impl Future<Output = Result<u32, String>> {
    let runs = Rc::clone(&runs);
    async move {
        runs.set(runs.get() + 1);
        if runs.get() < 3 {
            Err("drift".to_owned())
        } else {
            Ok(runs.get())
        }
    }
}

#[retry(max = 2, base = 1ms)]
fn owned<T: ToString + Sync>(
    value: &T,
) -> impl Future<Output = Result<String, u8>> + Send + use<'_, T> {
    async move { Ok(value.to_string()) }
}

#[tokio::test(start_paused = true)]
async fn main() {
    assert_eq!(Ntp::default().now("UTC").await, Ok(1_003));
    assert_eq!(local(Rc::default()).await, Ok(3));
    assert_eq!(owned(&5).await.as_deref(), Ok("5"));
}
