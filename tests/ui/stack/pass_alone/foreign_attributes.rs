#![deny(warnings)]
use async_trait::async_trait;
use resil::{circuit, retry, timeout};
use tracing::instrument;

#[async_trait]
trait Fetch {
    async fn fetch(&mut self, url: String) -> Result<usize, resil::Error>;
}

struct Client(u32);

#[async_trait]
impl Fetch for Client {
    #[instrument(skip_all)]
    #[circuit]
    #[timeout(9s)]
    #[retry]
    async fn fetch(&mut self, url: String) -> Result<usize, resil::Error> {
        self.0 += 1;
        Ok(url.len())
    }
}

#[retry]
#[instrument(err)]
#[timeout(1s)]
async fn between(url: String) -> Result<usize, resil::Error> {
    Ok(url.len())
}

#[tokio::main]
#[retry]
async fn main() -> Result<(), resil::Error> {
    Client(1).fetch(String::new()).await?;
    between(String::new()).await?;
    Ok(())
}
