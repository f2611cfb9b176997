#![deny(warnings)]
use std::time::Duration;

use resil::timeout;

struct Client {
    limit: Duration,
}

impl Client {
    #[timeout(self.limit)]
    async fn field(&self) -> Result<u32, resil::Error> {
        Ok(1)
    }

    #[timeout(self.limit.min(limit) * 2)]
    async fn expression(&mut self, limit: Duration) -> Result<u32, resil::Error> {
        self.limit = limit;
        Ok(1)
    }
}

fn default_limit() -> Duration {
    Duration::from_secs(5)
}

#[timeout(default_limit())]
async fn call() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(limit)]
async fn argument(limit: Duration) -> Result<u32, resil::Error> {
    let _ = limit;
    Ok(1)
}

#[test]
fn main() {
    let mut client = Client { limit: Duration::from_secs(1) };
    drop(client.field());
    drop(client.expression(Duration::from_secs(1)));
    drop((call(), argument(Duration::from_secs(1))));
}
