use std::future::Future;
use std::pin::Pin;

struct Gone;

#[resil::timeout(5s)]
fn pay(amount: u32) -> Pin<Box<dyn Future<Output = Result<u32, Gone>> + Send>> {
    Box::pin(async move { Ok(amount) })
}

fn main() {}
