//! On real time: a `#[timeout]` in code that a blocked thread drives. A paused clock would not move
//! there.

use std::future::pending;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use resil::{Error, timeout};
use tokio::runtime::{Builder, Handle};
use tokio::task::block_in_place;

#[timeout(300ms)]
async fn hung() -> Result<u32, Error> {
    pending().await
}

/// Its own timer cannot be heard: it is in the poll that blocks.
#[timeout(200ms)]
async fn bridge() -> Result<u32, Error> {
    let handle = Handle::current();
    block_in_place(|| handle.block_on(hung()))
}

#[test]
fn a_timeout_in_block_in_place_fires() {
    let (done, answer) = channel();
    thread::spawn(move || {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let out = runtime.block_on(async { tokio::spawn(bridge()).await.unwrap() });
        done.send(out).unwrap();
    });
    let out = answer
        .recv_timeout(Duration::from_secs(60))
        .expect("it ends");
    assert!(matches!(out, Err(Error::Timeout { .. })), "{out:?}");
}
