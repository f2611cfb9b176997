//! A stream is no future: nobody is told to write `async fn`.
use std::pin::Pin;

use futures_util::Stream;
use futures_util::stream::BoxStream;
use resil::{Error, retry, timeout};

#[timeout(5s)]
fn watch() -> impl Stream<Item = u32> {
    futures_util::stream::empty()
}

#[retry]
#[timeout(5s)]
async fn watch_async() -> impl Stream<Item = Result<u32, Error>> + Send {
    futures_util::stream::empty()
}

#[timeout(5s)]
fn boxed() -> Pin<Box<dyn Stream<Item = Result<u32, Error>> + Send>> {
    Box::pin(futures_util::stream::empty())
}

#[timeout(5s)]
fn aliased<'a>(from: &'a [u32]) -> BoxStream<'a, u32> {
    Box::pin(futures_util::stream::iter(from.iter().copied()))
}

#[timeout(5s)]
fn numbers() -> impl Iterator<Item = u32> {
    0..5
}

// What is opened is fine.
#[timeout(5s)]
async fn open() -> Result<impl Stream<Item = u32>, Error> {
    Ok(futures_util::stream::empty())
}

#[timeout(5s)]
async fn next(stream: &mut BoxStream<'_, Result<u32, Error>>) -> Result<Option<u32>, Error> {
    use futures_util::TryStreamExt;
    stream.try_next().await
}

fn main() {}
