struct Client(u32);

impl Client {
    #[resil::retry]
    async fn fetch(mut self) -> Result<u32, String> {
        self.0 += 1;
        Ok(self.0)
    }
}

fn main() {}
