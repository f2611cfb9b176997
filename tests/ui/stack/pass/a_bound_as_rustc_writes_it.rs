//! The bound that rustc proposes for a type parameter compiles.
#![deny(warnings, unused_qualifications)]
use resil::{FromResil, timeout};

#[timeout(1s)]
async fn refuses<E: FromResil>() -> Result<u32, E> {
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn main() {
    assert_eq!(refuses::<resil::Error>().await, Ok(1));
}
