//! Not `async fn` but a boxed future, as a trait object needs it: borrowed from `self`, and sent.
#![deny(warnings, unused_qualifications, elided_lifetimes_in_paths)]
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use resil::{Error, circuit, retry, timeout};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

trait Blobs: Send + Sync {
    fn get(
        &self,
        name: &str,
    ) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<u8>>> + Send + '_>>;
    fn put<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<usize, Error>>;
}

#[derive(Default)]
struct Remote {
    asked: AtomicU32,
}

impl Blobs for Remote {
    #[circuit(failures = 9)]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    #[timeout(1s)]
    fn get(
        &self,
        name: &str,
    ) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<u8>>> + Send + '_>> {
        let name = name.to_owned();
        Box::pin(async move {
            match self.asked.fetch_add(1, Relaxed) {
                0 | 1 => Err(std::io::ErrorKind::ConnectionReset)?,
                _ => Ok(name.as_bytes().to_vec()),
            }
        })
    }

    #[timeout(1s)]
    fn put<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<usize, Error>> {
        Box::pin(async move {
            if name == "slow" {
                std::future::pending::<()>().await;
            }
            Ok(name.len())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let blobs: Arc<dyn Blobs> = Arc::new(Remote::default());
    let task = tokio::spawn(async move {
        assert!(blobs.put("slow").await.is_err());
        (blobs.put("four").await, blobs.get("a").await.ok())
    });
    assert_eq!(task.await.unwrap(), (Ok(4), Some(b"a".to_vec())));
}
