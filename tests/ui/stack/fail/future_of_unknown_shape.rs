use std::future::Future;
use std::pin::Pin;

#[resil::retry]
fn fetch() -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send>> {
    let future = async move { Ok(1) };
    Box::pin(future)
}

fn main() {}
