#![deny(warnings)]
//! A stack of another crate on a generic client behind a trait object.
use async_trait::async_trait;
use shared_policies::prelude::{INTERNAL, PAY};

#[async_trait]
trait Pay: Sync {
    async fn pay(&self, order: u32) -> Result<u32, resil::Error>;

    #[resil::apply(INTERNAL)]
    async fn ping(&self) -> Result<u32, resil::Error> {
        Ok(1)
    }
}

struct Client<T>(T);

#[async_trait]
impl<T: Fn(u32) -> u32 + Sync> Pay for Client<T> {
    #[resil::apply(PAY, circuit(name = "a-policy-of-another-crate"))]
    async fn pay(&self, order: u32) -> Result<u32, resil::Error> {
        Ok((self.0)(order))
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let client: Box<dyn Pay> = Box::new(Client(|order| order + 1));
    assert_eq!(client.pay(1).await.unwrap(), 2);
    assert_eq!(client.ping().await.unwrap(), 1);
}
