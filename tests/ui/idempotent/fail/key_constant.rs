//! All calls would be one: each but the first would get another one's result.
use resil::idempotent;

struct Order {
    id: u32,
}

#[idempotent(key = "pay")]
async fn pay(order: &Order) -> Result<u32, resil::Error> {
    Ok(order.id)
}

const KEY: u64 = 7;

#[idempotent(name = "refund", key = KEY, ttl = 1h)]
async fn refund(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

struct Client;

impl Client {
    const NAME: &'static str = "client";

    #[idempotent(key = (Self::NAME, "create"))]
    async fn create(&self, id: u32) -> Result<u32, resil::Error> {
        Ok(id)
    }

    #[idempotent(key = Some(1))]
    async fn alone(&self) -> Result<u32, resil::Error> {
        Ok(1)
    }
}

fn main() {}
