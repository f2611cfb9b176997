//! Layers that can't block the thread, on functions that are not async.
use resil::{fallback, hedge, idempotent, rate_limit, retry, timeout};

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

#[hedge(after = 50ms)]
fn copies(url: &str) -> Result<usize, resil::Error> {
    Ok(url.len())
}

#[rate_limit(max = 5, per = 1s, store = "shared")]
fn turns_of_a_store(url: &str) -> Result<usize, resil::Error> {
    Ok(url.len())
}

fn main() {
    // Still there, as it was written.
    let _: Result<usize, resil::Error> = fetch("a");
}
