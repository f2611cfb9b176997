use async_trait::async_trait;
use resil::{retry, timeout};

#[async_trait]
trait Fetch {
    async fn fetch(&self, tries: u32) -> Result<u32, resil::Error>;
}

struct Client;

#[async_trait]
impl Fetch for Client {
    #[timeout(0s)]
    #[retry(max = tries, base = 1m)]
    async fn fetch(&self, tries: u32) -> Result<u32, resil::Error> {
        Ok(tries)
    }
}

fn main() {
    drop(Client.fetch(1));
}
