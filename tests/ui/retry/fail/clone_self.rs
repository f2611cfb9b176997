struct Client(String);

impl Client {
    #[resil::retry(clone(self))]
    async fn fetch(self) -> Result<u32, String> {
        Ok(1)
    }
}

fn main() {}
