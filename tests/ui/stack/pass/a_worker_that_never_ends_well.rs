//! A success type without values: a listener that reconnects until it is told to stop.
#![deny(warnings, unused_qualifications)]
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::Duration;

use resil::{Classify, retry, timeout};
use tokio::sync::mpsc::{Receiver, channel};

#[derive(Debug, PartialEq, thiserror::Error, Classify)]
enum Ended {
    #[error("connection {0} closed")]
    #[transient]
    Closed(u32),
    #[error("told to stop")]
    #[permanent]
    Stopped,
    #[error("silent for too long")]
    #[transient]
    Silent(#[from] resil::Error),
}

#[timeout(1s)]
async fn next(feed: &mut Receiver<ControlFlow<u32, u32>>) -> Result<ControlFlow<u32, u32>, Ended> {
    feed.recv().await.ok_or(Ended::Stopped)
}

#[retry(constant, base = 10ms, max = unlimited, within = 1h)]
async fn listen(
    feed: &mut Receiver<ControlFlow<u32, u32>>,
    sum: &mut u32,
) -> Result<Infallible, Ended> {
    loop {
        match next(feed).await? {
            ControlFlow::Continue(value) => *sum += value,
            ControlFlow::Break(connection) => return Err(Ended::Closed(connection)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let (send, mut feed) = channel(1);
    let sender = tokio::spawn(async move {
        for message in [
            ControlFlow::Continue(1),
            ControlFlow::Break(7),
            ControlFlow::Continue(2),
        ] {
            send.send(message).await.expect("someone listens");
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        send.send(ControlFlow::Continue(4))
            .await
            .expect("someone still listens");
    });
    let mut sum = 0;
    let Err(ended) = listen(&mut feed, &mut sum).await;
    assert_eq!((ended, sum), (Ended::Stopped, 7));
    sender.await.expect("all was sent");
}
