//! `async` closures inside the body, and as an argument that is called once for each attempt.
#![deny(warnings, unused_qualifications)]
use std::cell::RefCell;

use resil::{Error, retry, timeout};

#[timeout(5s)]
#[retry(base = 1ms)]
#[timeout(1s)]
async fn with_session<T>(
    sessions: &RefCell<Vec<u32>>,
    work: impl AsyncFn(u32) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let open = async |name: &str| -> anyhow::Result<u32> {
        tokio::task::yield_now().await;
        let number = u32::try_from(sessions.borrow().len())?;
        anyhow::ensure!(!name.is_empty(), "a session needs a name");
        Ok(number)
    };
    let session = open("main").await?;
    sessions.borrow_mut().push(session);
    work(session).await
}

#[timeout(1s)]
async fn drain(
    queue: &mut Vec<u32>,
    mut sink: impl AsyncFnMut(u32) -> Result<(), Error>,
) -> Result<(), Error> {
    while let Some(item) = queue.pop() {
        sink(item).await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn main() -> anyhow::Result<()> {
    let sessions = RefCell::default();
    let answer = with_session(&sessions, async |session| {
        anyhow::ensure!(session == 2, "session {session} was closed");
        Ok(format!("over session {session}"))
    });
    assert_eq!(answer.await?, "over session 2");
    assert_eq!(*sessions.borrow(), [0, 1, 2]);
    let mut sum = 0;
    drain(&mut vec![1, 2, 3], async |item| {
        tokio::task::yield_now().await;
        sum += item;
        Ok(())
    })
    .await?;
    assert_eq!(sum, 6);
    Ok(())
}
