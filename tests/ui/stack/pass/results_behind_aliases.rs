//! Aliases of `Result` with one parameter, two, a default, none; `std::io::Result`, a path into
//! a module, `Self`'s associated type; around a stream that the function opens.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::io;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use resil::{Error, circuit, retry, timeout};

mod api {
    pub(crate) type Outcome<T, E = resil::Error> = Result<T, E>;
    pub(crate) type Done = Outcome<()>;
    pub(crate) type Swapped<E, T> = Result<T, E>;
}

use api::Outcome;

trait Service {
    type Answer;
    type Failure: From<Error>;
    async fn call(&self) -> Result<Self::Answer, Self::Failure>;
}

struct Counter(Cell<u32>);

impl Service for Counter {
    type Answer = u32;
    type Failure = io::Error;

    #[circuit]
    #[timeout(1s)]
    #[retry(base = 1ms)]
    async fn call(&self) -> Result<Self::Answer, Self::Failure> {
        self.0.set(self.0.get() + 1);
        if self.0.get() < 3 {
            Err(io::ErrorKind::TimedOut)?
        } else {
            Ok(self.0.get())
        }
    }
}

#[timeout(1s)]
async fn one() -> Outcome<u32> {
    Ok(1)
}

#[timeout(1s)]
#[retry(base = 1ms)]
async fn two() -> Outcome<&'static str, io::Error> {
    Ok("two")
}

#[timeout(1s)]
async fn none() -> api::Done {
    std::future::pending().await
}

#[timeout(1s)]
#[retry(max = 2, base = 1ms, on(e if e.kind() == io::ErrorKind::TimedOut))]
#[timeout(10ms)]
async fn swapped(runs: &Cell<u32>) -> api::Swapped<io::Error, u32> {
    runs.set(runs.get() + 1);
    std::future::pending().await
}

#[timeout(1s)]
async fn opens() -> Outcome<BoxStream<'static, u32>> {
    Ok(stream::iter(0..2).boxed())
}

#[timeout(1s)]
async fn opens_two() -> Outcome<Vec<(u32, BoxStream<'static, io::Result<u32>>)>, io::Error> {
    Ok(vec![(1, stream::empty().boxed())])
}

#[tokio::test(start_paused = true)]
async fn main() -> io::Result<()> {
    assert_eq!((one().await, two().await?), (Ok(1), "two"));
    assert!(matches!(none().await, Err(Error::Timeout { .. })));
    let runs = Cell::new(0);
    assert_eq!(
        swapped(&runs).await.unwrap_err().kind(),
        io::ErrorKind::TimedOut
    );
    assert_eq!(runs.get(), 2);
    assert_eq!(opens().await.unwrap().count().await, 2);
    assert_eq!(opens_two().await?.len(), 1);
    assert_eq!(Counter(Cell::new(0)).call().await?, 3);
    Ok(())
}
