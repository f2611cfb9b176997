//! `async fn` in a trait of one's own: a default body that calls a required method, a constant of
//! the trait as the limit, an impl that has a policy of its own, one that takes the default.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::time::Duration;

use resil::{Error, retry, timeout};
use tokio::time::sleep;

trait Fetch {
    const LIMIT: Duration = Duration::from_secs(1);
    const TRIES: u32 = 2;

    async fn fetch(&self, url: &str) -> Result<String, Error>;

    #[retry(max = Self::TRIES, base = 1ms)]
    #[timeout(Self::LIMIT)]
    async fn fetch_patiently(&self, url: &str) -> Result<String, Error> {
        self.fetch(url).await
    }
}

struct Direct(Cell<u32>);

impl Fetch for Direct {
    async fn fetch(&self, url: &str) -> Result<String, Error> {
        self.0.set(self.0.get() + 1);
        sleep(Duration::from_secs(3)).await;
        Ok(url.to_owned())
    }
}

struct Proxied<F> {
    through: F,
}

impl<F: Fetch> Fetch for Proxied<F> {
    const LIMIT: Duration = Duration::from_secs(5);

    #[timeout(Self::LIMIT / 2)]
    async fn fetch(&self, url: &str) -> Result<String, Error> {
        self.through.fetch(url).await
    }

    #[retry(max = Self::TRIES + 1, base = 1ms)]
    async fn fetch_patiently(&self, url: &str) -> Result<String, Error> {
        self.fetch(url).await
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let direct = Direct(Cell::new(0));
    assert!(direct.fetch_patiently("/").await.is_err());
    assert_eq!(direct.0.take(), 2);
    let proxied = Proxied { through: direct };
    assert!(proxied.fetch_patiently("/").await.is_err());
    assert_eq!(proxied.through.0.take(), 3);
    assert_eq!(proxied.through.fetch("/").await, Ok("/".to_owned()));
}
