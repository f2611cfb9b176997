//! Layers that can't block the thread, on functions that are not async.
use resil::{fallback, idempotent, retry, timeout};

#[timeout(1s)]
#[retry]
fn fetch(url: &str) -> Result<usize, resil::Error> {
    Ok(url.len())
}

struct Client;

impl Client {
    #[fallback(0)]
    #[retry]
    #[timeout(1s)]
    fn fetch(&self) -> Result<usize, resil::Error> {
        Ok(1)
    }
}

#[idempotent(key = url, store = "orders")]
fn on_a_store(url: &str) -> Result<usize, resil::Error> {
    Ok(url.len())
}

fn main() {
    // Still there, as it was written.
    let _: Result<usize, resil::Error> = fetch("a");
}
