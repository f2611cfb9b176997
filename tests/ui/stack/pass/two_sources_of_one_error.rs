//! An error with several `#[from]`s: each `?` finds its own, resil's among them, and a generic `E`
//! brings its `From` along.
#![deny(warnings, unused_qualifications)]
use std::io;

use resil::{Error, circuit, retry, timeout};

#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error("read")]
    Io(#[from] io::Error),
    #[error("parse")]
    Json(#[from] serde_json::Error),
    #[error("gave up")]
    Resil(#[from] Error),
}

#[circuit(failures = 99)]
#[timeout(1s)]
#[retry(base = 1ms, on(LoadError::Io(e) if e.kind() == io::ErrorKind::Interrupted))]
async fn load(source: &dyn Fn() -> io::Result<String>) -> Result<Vec<u32>, LoadError> {
    let text = source()?;
    if text.is_empty() {
        inner().await?;
    }
    Ok(serde_json::from_str(&text)?)
}

#[timeout(10ms)]
async fn inner() -> Result<(), Error> {
    std::future::pending().await
}

#[timeout(1s)]
async fn either<E>(first: Result<u32, E>, second: io::Result<u32>) -> Result<u32, E>
where
    E: From<Error> + From<io::Error>,
{
    Ok(first? + second?)
}

#[tokio::test(start_paused = true)]
async fn main() {
    assert_eq!(
        load(&|| Ok("[1, 2]".to_owned())).await.ok(),
        Some(vec![1, 2])
    );
    assert!(matches!(
        load(&|| Ok("{".to_owned())).await,
        Err(LoadError::Json(_))
    ));
    assert!(matches!(
        load(&|| Ok(String::new())).await,
        Err(LoadError::Resil(_))
    ));
    let calls = std::cell::Cell::new(0);
    let interrupted = || {
        calls.set(calls.get() + 1);
        Err(io::ErrorKind::Interrupted.into())
    };
    assert!(matches!(load(&interrupted).await, Err(LoadError::Io(_))));
    assert_eq!(calls.get(), 3);
    let second = Err(io::ErrorKind::NotFound.into());
    assert!(matches!(
        either::<LoadError>(Ok(1), second).await,
        Err(LoadError::Io(_))
    ));
}
