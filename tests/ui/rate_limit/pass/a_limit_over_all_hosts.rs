//! Stores by name, by path and by expression; with a key, a cost and a wait, in a generic method.
#![deny(warnings, unused_qualifications)]
use std::fmt::Display;
use std::sync::LazyLock;
use std::time::Duration;

use resil::limits::{Memory, SharedLimits, install_named};
use resil::{Error, OnOutage, RateLimitPolicy, rate_limit, retry};

static LIMITS: LazyLock<SharedLimits> = LazyLock::new(|| SharedLimits::new(Memory::new()));
const POLICY: RateLimitPolicy = RateLimitPolicy::new()
    .max(1)
    .per(Duration::from_secs(60))
    .on_outage(OnOutage::Closed);

#[rate_limit(name = "partner", max = 2, per = 1m, store = "partners")]
async fn order(item: &str) -> Result<usize, Error> {
    Ok(item.len())
}

#[rate_limit(name = "partner", store = "partners")]
async fn cancel(item: &str) -> Result<usize, Error> {
    Ok(item.len())
}

#[rate_limit(policy = POLICY, store = LIMITS)]
async fn by_policy() -> Result<u32, Error> {
    Ok(1)
}

struct Client<T> {
    limits: SharedLimits,
    tenant: T,
}

impl<T: Display + Sync> Client<T> {
    #[retry(max = 2)]
    #[rate_limit(
        max = 5,
        per = 1m,
        wait = 10s,
        key = self.tenant,
        cost = rows.len() as u32,
        store(&self.limits),
        on_outage = open,
    )]
    async fn import(&self, rows: &[u8]) -> Result<usize, Error> {
        Ok(rows.len())
    }

    #[rate_limit(max = 1, per = 1m, key = *name, store = self.limits, on_outage(local))]
    async fn of_a_str(&self, name: Box<str>) -> Result<usize, Error> {
        Ok(name.len())
    }
}

fn is_send<T: Send>(future: T) -> T {
    future
}

#[tokio::test(start_paused = true)]
async fn main() {
    install_named("partners", SharedLimits::new(Memory::new())).expect("the first of that name");
    assert_eq!(order("tea").await, Ok(3));
    assert_eq!(cancel("tea").await, Ok(3));
    assert!(order("tea").await.is_err());
    assert_eq!(by_policy().await, Ok(1));
    assert!(by_policy().await.is_err());
    let limits = SharedLimits::new(Memory::new());
    // Two hosts: one store, and nothing else.
    for tenant in ["a", "b"] {
        let client = || Client {
            limits: limits.clone(),
            tenant,
        };
        assert_eq!(is_send(client().import(&[1, 2, 3])).await, Ok(3));
        assert_eq!(client().import(&[1, 2]).await, Ok(2));
        assert!(client().import(&[1, 2, 3, 4, 5]).await.is_err());
        assert_eq!(client().of_a_str(tenant.into()).await, Ok(1));
        assert!(client().of_a_str(tenant.into()).await.is_err());
    }
}
