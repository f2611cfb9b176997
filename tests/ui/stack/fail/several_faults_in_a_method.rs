use resil::{circuit, retry, timeout};

struct Client {
    tries: u32,
}

impl Client {
    #[timeout(1s)]
    #[circuit(failure_rate = 50, window = 10s, min_cals = 5)]
    #[retry(max = self.tries, jitter = 150%)]
    #[timeout(2s)]
    async fn fetch(&self) -> Result<u32, resil::Error> {
        Ok(self.tries)
    }

    async fn caller(&self) -> Result<u32, resil::Error> {
        Ok(self.fetch().await? + 1)
    }
}

fn main() {
    drop(Client { tries: 1 }.caller());
}
