#![deny(warnings)]
use std::time::Duration;

use resil::timeout;

const LIMIT: Duration = Duration::from_secs(5);

mod settings {
    pub const LIMIT: std::time::Duration = super::LIMIT;
}

#[timeout(LIMIT)]
async fn item() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(settings::LIMIT)]
async fn path() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(const { Duration::from_secs(N) })]
async fn block<const N: u64>() -> Result<u32, resil::Error> {
    Ok(1)
}

struct Client;

impl Client {
    const LIMIT: Duration = Duration::from_millis(1);

    #[timeout(Self::LIMIT)]
    async fn associated(&self) -> Result<u32, resil::Error> {
        Ok(1)
    }
}

#[test]
fn main() {
    drop((item(), path(), block::<1>(), Client.associated()));
}
