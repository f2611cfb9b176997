//! An error that is generic over its transport: it forwards to what the transport says. A generic
//! function goes by it if the bound is there.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::fmt::Debug;
use std::io;

use resil::{Class, Classify, retry};

#[derive(Debug, Classify)]
enum ClientError<T: Debug, const CODES: usize = 1>
where
    T: 'static,
{
    #[classify(forward)]
    Transport(T),
    #[classify(forward)]
    Proxied { inner: Box<T> },
    #[permanent]
    Rejected([u16; CODES]),
    #[transient]
    Truncated,
}

#[retry(base = 1ms)]
async fn bounded<E: Classify>(runs: &Cell<u32>, make: impl Fn() -> E) -> Result<(), E> {
    runs.set(runs.get() + 1);
    Err(make())
}

#[retry(base = 1ms)]
async fn unbounded<E>(runs: &Cell<u32>, make: impl Fn() -> E) -> Result<(), E> {
    runs.set(runs.get() + 1);
    Err(make())
}

#[tokio::test(start_paused = true)]
async fn main() {
    type Error = ClientError<io::Error>;
    let reset = || Error::Transport(io::ErrorKind::ConnectionReset.into());
    let missing = || Error::Proxied {
        inner: Box::new(io::ErrorKind::NotFound.into()),
    };
    assert_eq!(reset().classify(), Class::Transient);
    assert_eq!(missing().classify(), Class::Permanent);
    assert_eq!(
        ClientError::<io::Error, 2>::Rejected([1, 2]).classify(),
        Class::Permanent
    );
    let runs = Cell::new(0);
    assert!(bounded(&runs, missing).await.is_err());
    assert_eq!(runs.take(), 1);
    assert!(bounded(&runs, || Error::Truncated).await.is_err());
    assert_eq!(runs.take(), 3);
    assert!(unbounded(&runs, missing).await.is_err());
    assert_eq!(runs.take(), 3, "without the bound every error is retried");
}
