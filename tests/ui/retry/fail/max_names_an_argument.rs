use resil::retry;

#[retry(max = tries + 1)]
async fn argument(tries: u32) -> Result<u32, String> {
    Ok(tries)
}

struct Client {
    tries: u32,
}

impl Client {
    #[retry(max = self.tries)]
    async fn field(&self) -> Result<u32, String> {
        Ok(self.tries)
    }
}

fn main() {}
