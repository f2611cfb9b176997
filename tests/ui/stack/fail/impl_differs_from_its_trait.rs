trait Fetch {
    async fn fetch(&self, url: &str) -> Result<u32, resil::Error>;
}

struct Client;

impl Fetch for Client {
    #[resil::retry]
    #[resil::timeout(1s)]
    async fn fetch(&self, url: u32) -> Result<u32, resil::Error> {
        Ok(url)
    }
}

fn main() {}
