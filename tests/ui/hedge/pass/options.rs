//! Every option, as people write it.
#![deny(warnings)]
use std::time::Duration;

use resil::{HedgeAfter, HedgePolicy, hedge};

#[derive(Debug, PartialEq)]
enum E {
    Network(u32),
    Status(u16),
}

const AFTER: Duration = Duration::from_millis(5);
const SHARE: f64 = 0.2;
const COPIES: u32 = 4;
const POLICY: HedgePolicy = HedgePolicy::new(HedgeAfter::Delay(AFTER)).max(COPIES);

struct Client;

impl Client {
    const AFTER: Duration = Duration::from_millis(2);

    #[hedge(after = Self::AFTER, max(3), budget(off))]
    async fn by_constants_of_the_type(&self) -> Result<u32, E> {
        Ok(1)
    }
}

#[hedge(after = 5ms)]
async fn short(n: u32) -> Result<u32, E> {
    Ok(n)
}

#[hedge(
    after(p99.9(default = AFTER)),
    max = COPIES,
    budget = SHARE,
    on(E::Network(_) | E::Status(500..) if n > 1),
    unless(E::Status(501)),
    clone(list, name)
)]
async fn long(n: u32, mut list: Vec<u32>, name: String) -> Result<(Vec<u32>, String), E> {
    list.push(n);
    Ok((list, name))
}

#[hedge(policy = POLICY)]
async fn by_policy(n: u32) -> Result<u32, E> {
    Ok(n)
}

#[hedge(policy = POLICY, after = p50, budget = 100%)]
async fn beside_a_policy(n: u32) -> Result<u32, E> {
    Ok(n)
}

#[hedge(after = const { Duration::from_millis(2 * 3) }, max = const { 2 + 1 })]
async fn blocks(n: u32) -> Result<u32, E> {
    Ok(n)
}

#[tokio::test(start_paused = true)]
async fn main() {
    assert_eq!(short(1).await, Ok(1));
    let out = long(7, vec![1], "a".to_owned()).await;
    assert_eq!(out, Ok((vec![1, 7], "a".to_owned())));
    assert_eq!(by_policy(2).await, Ok(2));
    assert_eq!(beside_a_policy(3).await, Ok(3));
    assert_eq!(blocks(4).await, Ok(4));
    assert_eq!(Client.by_constants_of_the_type().await, Ok(1));
}
