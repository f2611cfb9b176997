//! Futures that end in no `async` block: each is told with what it ends with, put into one.
use std::future::Future;
use std::pin::Pin;

use futures_util::FutureExt;
use resil::retry;

type Boxed = Pin<Box<dyn Future<Output = Result<u32, String>> + Send>>;

async fn made() -> Result<u32, String> {
    Ok(1)
}

#[retry]
fn called() -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send>> {
    Box::pin(made())
}

#[retry]
fn opaque() -> impl Future<Output = Result<u32, String>> {
    made().fuse()
}

#[retry]
fn one_of_two(first: bool) -> impl Future<Output = Result<u32, String>> {
    if first { made().left_future() } else { made().right_future() }
}

#[retry]
fn bound_elsewhere(future: Boxed) -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send>> {
    return future.boxed();
}

#[retry]
fn changed() -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send>> {
    let future = async move { Ok(1) };
    Box::pin(future.map(|n: Result<u32, String>| n.map(|n| n + 1)))
}

// The name is another's by the time that it is returned.
#[retry]
fn shadowed(other: Option<Boxed>) -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send>> {
    let future = async move { Ok(1) };
    let Some(future) = other else { return Box::pin(future) };
    Box::pin(future)
}

#[retry]
fn replaced(other: Option<Boxed>) -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send>> {
    let mut future: Boxed = Box::pin(async move { Ok(1) });
    if let Some(other) = other {
        future = other;
    }
    future
}

fn main() {}
