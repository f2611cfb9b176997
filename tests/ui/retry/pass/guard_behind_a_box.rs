//! What a pattern can't reach a guard can: through a box, an `Arc`, a `dyn Error`.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::error::Error;
use std::io;
use std::sync::Arc;

use resil::retry;

#[derive(Debug)]
enum Cause {
    Reset,
    Refused,
}

#[derive(Debug)]
enum DbError {
    Link(Box<Cause>),
    Shared(Arc<Cause>),
}

#[retry(base = 1ms, on(DbError::Link(cause) if matches!(**cause, Cause::Reset)))]
async fn boxed(runs: &Cell<u32>, reset: bool) -> Result<(), DbError> {
    runs.set(runs.get() + 1);
    let cause = if reset { Cause::Reset } else { Cause::Refused };
    Err(if reset {
        DbError::Link(Box::new(cause))
    } else {
        DbError::Shared(Arc::new(cause))
    })
}

#[retry(base = 1ms, unless(DbError::Shared(cause) if let Cause::Refused = cause.as_ref()))]
async fn shared(runs: &Cell<u32>, reset: bool) -> Result<(), DbError> {
    runs.set(runs.get() + 1);
    Err(DbError::Shared(Arc::new(if reset {
        Cause::Reset
    } else {
        Cause::Refused
    })))
}

#[retry(
    base = 1ms,
    on(e if e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() != io::ErrorKind::NotFound))
)]
async fn dynamic(
    runs: &Cell<u32>,
    kind: io::ErrorKind,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    runs.set(runs.get() + 1);
    Err(io::Error::from(kind))?
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    for (reset, tries) in [(true, 3), (false, 1)] {
        assert!(boxed(&runs, reset).await.is_err());
        assert_eq!(runs.take(), tries);
    }
    assert!(
        dynamic(&runs, io::ErrorKind::ConnectionReset)
            .await
            .is_err()
    );
    assert_eq!(runs.take(), 3);
    assert!(dynamic(&runs, io::ErrorKind::NotFound).await.is_err());
    assert_eq!(runs.take(), 1);
    for (reset, tries) in [(true, 3), (false, 1)] {
        assert!(shared(&runs, reset).await.is_err());
        assert_eq!(runs.take(), tries);
    }
}
