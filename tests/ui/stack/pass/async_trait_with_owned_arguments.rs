//! `#[async_trait]`: `&mut self`, owned and destructured arguments, a default body, `?Send`.
#![deny(warnings, unused_qualifications)]
use std::rc::Rc;

use async_trait::async_trait;
use resil::{circuit, retry, timeout};

#[derive(Debug, thiserror::Error)]
enum QueueError {
    #[error("partition {0} has no leader")]
    NoLeader(u32),
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

#[async_trait]
trait Queue: Send {
    async fn push(
        &mut self,
        topic: String,
        (key, value): (u32, Vec<u8>),
    ) -> Result<usize, QueueError>;

    #[retry(base = 1ms)]
    async fn push_all(&mut self, topic: &str, values: Vec<Vec<u8>>) -> Result<usize, QueueError> {
        let mut length = 0;
        for (key, value) in (0..).zip(&values) {
            length = self.push(topic.to_owned(), (key, value.clone())).await?;
        }
        Ok(length)
    }
}

#[derive(Default)]
struct Broker {
    elections: u32,
    log: Vec<(String, u32, Vec<u8>)>,
}

#[async_trait]
impl Queue for Broker {
    #[circuit(failures = 50)]
    #[timeout(5s)]
    #[retry(base = 1ms, clone(topic))]
    #[timeout(1s)]
    async fn push(
        &mut self,
        topic: String,
        (key, value): (u32, Vec<u8>),
    ) -> Result<usize, QueueError> {
        self.elections += 1;
        if self.elections < 3 {
            return Err(QueueError::NoLeader(key));
        }
        self.log.push((topic, key, value.clone()));
        Ok(self.log.len())
    }
}

#[async_trait(?Send)]
trait Local {
    async fn read(&self) -> Result<Rc<str>, QueueError>;
}

#[async_trait(?Send)]
impl Local for Rc<str> {
    #[timeout(1s)]
    async fn read(&self) -> Result<Rc<str>, QueueError> {
        tokio::task::yield_now().await;
        Ok(Rc::clone(self))
    }
}

#[tokio::test(start_paused = true)]
async fn main() -> Result<(), QueueError> {
    let mut queue: Box<dyn Queue> = Box::new(Broker::default());
    assert_eq!(queue.push("a".to_owned(), (1, vec![1])).await?, 1);
    assert_eq!(queue.push_all("b", vec![vec![], vec![2]]).await?, 3);
    assert_eq!(&*Rc::<str>::from("local").read().await?, "local");
    Ok(())
}
