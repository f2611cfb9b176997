struct Client;

#[resil::timeout(1s)]
impl Client {
    async fn fetch(&self) -> Result<u32, resil::Error> {
        Ok(1)
    }
}

fn main() {
    drop(Client.fetch());
}
