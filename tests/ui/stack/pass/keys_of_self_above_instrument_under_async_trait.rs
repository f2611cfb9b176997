//! Keys, a cost and stores that name `self`, below an `#[instrument]` that stands above the layer: under
//! `#[async_trait]` each is computed before `self` has its other name.
#![deny(warnings)]
use std::sync::LazyLock;

use async_trait::async_trait;
use resil::idempotency::Shared;
use resil::limits::SharedLimits;
use resil::{Error, bulkhead, circuit, fallback, idempotent, rate_limit, timeout};
use tracing::instrument;

static SHARED: LazyLock<Shared> =
    LazyLock::new(|| Shared::new(resil::idempotency::store::Memory::default()));

#[async_trait]
trait Api {
    async fn guarded(&self, id: u32) -> Result<u32, Error>;
    async fn in_turn(&mut self, id: u32) -> Result<u32, Error>;
    async fn limited(&self, id: u32) -> Result<u32, Error>;
    async fn limited_over_hosts(&self, id: u32) -> Result<u32, Error>;
    async fn once(&self, id: u32) -> Result<u32, Error>;
    async fn remembered(&self, id: u32) -> Result<u32, Error>;
    async fn all(&self, id: u32) -> Result<u32, Error>;
}

struct Client {
    host: String,
    weight: u32,
    limits: SharedLimits,
    store: Shared,
}

#[async_trait]
impl Api for Client {
    #[timeout(5s)]
    #[instrument(skip_all)]
    #[circuit(key = self.host)]
    async fn guarded(&self, id: u32) -> Result<u32, Error> {
        Ok(id + self.weight)
    }

    #[timeout(5s)]
    #[instrument(skip_all)]
    #[bulkhead(max = 1, key = self.host)]
    async fn in_turn(&mut self, id: u32) -> Result<u32, Error> {
        self.weight += 1;
        Ok(id + self.weight)
    }

    #[timeout(5s)]
    #[instrument(skip_all)]
    #[rate_limit(max = 9, per = 1s, key = self.host, cost = self.weight)]
    async fn limited(&self, id: u32) -> Result<u32, Error> {
        Ok(id + self.weight)
    }

    #[timeout(5s)]
    #[instrument(skip_all)]
    #[rate_limit(max = 9, per = 1s, key = self.host, cost = self.weight, store = self.limits)]
    async fn limited_over_hosts(&self, id: u32) -> Result<u32, Error> {
        Ok(id + self.weight)
    }

    #[timeout(5s)]
    #[instrument(skip_all)]
    #[idempotent(name = "keys-of-self", key = (self.host, id), store = self.store)]
    async fn once(&self, id: u32) -> Result<u32, Error> {
        Ok(id + self.weight)
    }

    #[timeout(5s)]
    #[instrument(skip_all)]
    #[fallback(last_ok, key = self.host.clone())]
    async fn remembered(&self, id: u32) -> Result<u32, Error> {
        Ok(id + self.weight)
    }

    // On both sides.
    #[bulkhead(max = 1, key = self.host)]
    #[instrument(skip_all)]
    #[circuit(key = self.host)]
    #[timeout(5s)]
    #[instrument(skip_all)]
    #[rate_limit(max = 9, per = 1s, key = self.host, store(&self.limits))]
    async fn all(&self, id: u32) -> Result<u32, Error> {
        Ok(id + self.weight)
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let mut client = Client {
        host: "a".to_owned(),
        weight: 2,
        limits: SharedLimits::new(resil::limits::Memory::new()),
        store: SHARED.clone(),
    };
    assert_eq!(client.guarded(1).await, Ok(3));
    assert_eq!(client.in_turn(1).await, Ok(4));
    assert_eq!(client.limited(1).await, Ok(4));
    assert_eq!(client.limited_over_hosts(1).await, Ok(4));
    assert_eq!(client.once(1).await, Ok(4));
    client.weight += 1;
    assert_eq!(client.once(1).await, Ok(4));
    assert_eq!(client.remembered(1).await, Ok(5));
    assert_eq!(client.all(1).await, Ok(5));
    resil::idempotency::drain().await;
}
