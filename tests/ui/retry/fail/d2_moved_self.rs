struct Client(String);

impl Client {
    #[resil::retry]
    #[resil::timeout(1s)]
    async fn close(self) -> Result<usize, resil::Error> {
        Ok(drop_it(self))
    }
}

fn drop_it(client: Client) -> usize {
    client.0.len()
}

fn main() {}
