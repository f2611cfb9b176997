use std::rc::Rc;

use async_trait::async_trait;

#[async_trait]
trait Fetch {
    async fn fetch(&self) -> Result<u32, resil::Error>;
}

struct Client;

#[async_trait]
impl Fetch for Client {
    #[resil::retry]
    #[resil::timeout(1s)]
    async fn fetch(&self) -> Result<u32, resil::Error> {
        let shared = Rc::new(1);
        rest().await;
        Ok(*shared)
    }
}

async fn rest() {}

fn main() {}
