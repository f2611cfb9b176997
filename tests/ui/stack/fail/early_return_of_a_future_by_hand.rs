//! What is returned before the block would pass by all policies, silently.
use std::pin::Pin;

use resil::{Error, circuit, timeout};

#[circuit(name = "early")]
#[timeout(1s)]
fn early(name: &str) -> Pin<Box<dyn Future<Output = Result<usize, Error>> + '_>> {
    let first = |name: &str| -> usize { return name.len() };
    if first(name) == 0 {
        return Box::pin(std::future::pending());
    }
    Box::pin(async move {
        if name == "-" {
            return Ok(1);
        }
        Ok(name.len())
    })
}

#[circuit(name = "early")]
fn named(name: &str) -> Pin<Box<dyn Future<Output = Result<usize, Error>> + '_>> {
    let future = async move { Ok(name.len()) };
    if name.is_empty() {
        return Box::pin(std::future::pending());
    }
    return Box::pin(future);
}

fn main() {
    drop((early("a"), named("b")));
}
