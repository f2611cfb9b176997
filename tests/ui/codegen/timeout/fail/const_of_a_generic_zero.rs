//! Known when the function is built for one `T`, not before.
use std::time::Duration;

trait Slow {
    const LIMIT: Duration;
}

struct Broken;

impl Slow for Broken {
    const LIMIT: Duration = Duration::ZERO;
}

#[resil::timeout(T::LIMIT)]
async fn fetch<T: Slow>() -> Result<u32, resil::Error> {
    Ok(1)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _ = fetch::<Broken>().await;
}
