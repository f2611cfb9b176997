//! A client that keeps to one request every 100 ms, whoever asks.
#![deny(warnings, unused_qualifications)]
use resil::{rate_limit, retry, timeout};
use tokio::time::Instant;

struct Client {
    host: String,
}

impl Client {
    #[timeout(2s)]
    #[retry(max = 3)]
    #[rate_limit(max = 10, per = 1s, burst = 1, wait = 500ms, key = self.host)]
    async fn get(&self, page: u32) -> anyhow::Result<u32> {
        Ok(page)
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let client = Client {
        host: "example.com".to_owned(),
    };
    let began = Instant::now();
    for page in 0..5 {
        assert_eq!(client.get(page).await.unwrap(), page);
    }
    assert_eq!(began.elapsed().as_millis(), 400);
}
