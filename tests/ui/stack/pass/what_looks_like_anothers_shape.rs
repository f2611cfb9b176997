//! An `async fn` whose body looks like what `#[tokio::main]`, `async_trait` or a boxed future would
//! leave is still all of it the body.
#![deny(warnings)]
use std::cell::Cell;
use std::pin::Pin;

use resil::retry;

struct Pinner;

impl Pinner {
    async fn pin(&self, f: impl Future<Output = u32>) -> u32 {
        f.await
    }
}

fn count(runs: &Cell<u32>) -> u32 {
    runs.set(runs.get() + 1);
    runs.get()
}

#[retry(base = 1ms)]
async fn blocks_on(runs: &Cell<u32>) -> Result<u32, String> {
    let n = count(runs);
    let body = async { n };
    struct Handle;
    impl Handle {
        async fn block_on(&self, f: impl Future<Output = u32>) -> u32 {
            f.await
        }
    }
    let n = Handle.block_on(body).await;
    if n < 3 { Err("again".to_owned()) } else { Ok(n) }
}

#[retry(base = 1ms)]
async fn has_a_ret(runs: &Cell<u32>) -> Result<u32, String> {
    let n = count(runs);
    let __ret: u32 = { n };
    if n < 3 { Err("again".to_owned()) } else { Ok(__ret) }
}

#[retry(base = 1ms)]
async fn pins(runs: &Cell<u32>) -> Result<Pin<Box<dyn Future<Output = u32>>>, String> {
    let n = count(runs);
    let n = Pinner.pin(async { n }).await;
    if n < 3 {
        return Err("again".to_owned());
    }
    Ok(Box::pin(async move { n }))
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    assert_eq!(blocks_on(&runs).await, Ok(3));
    runs.set(0);
    assert_eq!(has_a_ret(&runs).await, Ok(3));
    runs.set(0);
    assert_eq!(pins(&runs).await.unwrap().await, 3);
}
