trait Fetch {
    #[resil::retry]
    async fn fetch(&self) -> Result<u32, String>;
}

struct Client;

impl Fetch for Client {
    async fn fetch(&self) -> Result<u32, String> {
        Ok(1)
    }
}

fn main() {
    drop(Client.fetch());
}
