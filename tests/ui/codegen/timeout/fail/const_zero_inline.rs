//! Told once, though the limit is in force and in the message of the refusal.
use std::time::Duration;

const ZERO: Duration = Duration::ZERO;

#[resil::timeout(const { ZERO })]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _ = fetch().await;
}
