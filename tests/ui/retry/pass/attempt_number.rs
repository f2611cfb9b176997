//! The body knows which run it is: in methods, traits, closures and beside clones.
#![deny(warnings, unused, unused_qualifications)]
use resil::{retry, timeout};

struct Client {
    hosts: Vec<&'static str>,
}

impl Client {
    #[retry(max = 3, base = 1ms, attempt = n)]
    #[timeout(1s)]
    async fn get(&self) -> Result<&'static str, resil::Error> {
        let pick = |hosts: &[&'static str]| hosts[n as usize - 1];
        match pick(&self.hosts) {
            "" => std::future::pending().await,
            host => Ok(host),
        }
    }
}

#[async_trait::async_trait]
trait Count {
    #[retry(max = 2, base = 1ms, attempt = r#try, clone(log))]
    async fn count(&self, mut log: Vec<u32>) -> Result<Vec<u32>, u32> {
        log.push(r#try);
        if r#try == 1 { Err(r#try) } else { Ok(log) }
    }
}
impl Count for Client {}

#[retry(max = 1, attempt(_run))]
async fn unused<T>(value: T) -> Result<T, u32> {
    Ok(value)
}

#[tokio::test(start_paused = true)]
async fn main() {
    let client = Client {
        hosts: vec!["", "", "c"],
    };
    assert_eq!(client.get().await.unwrap(), "c");
    assert_eq!(client.count(vec![7]).await, Ok(vec![7, 2]));
    assert_eq!(unused("moved".to_owned()).await, Ok("moved".to_owned()));
}
