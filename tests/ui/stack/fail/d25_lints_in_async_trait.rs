#![deny(unused_variables, unused_must_use)]

use async_trait::async_trait;

#[async_trait]
pub trait Fetch {
    async fn fetch(&self, n: u32) -> Result<u32, resil::Error>;
}

pub struct Client;

#[async_trait]
impl Fetch for Client {
    #[resil::retry]
    #[resil::timeout(1s)]
    async fn fetch(&self, n: u32) -> Result<u32, resil::Error> {
        let unused = 1;
        step();
        Ok(1)
    }
}

fn step() -> Result<(), String> {
    Ok(())
}

fn main() {}
