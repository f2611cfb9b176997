//! Finding the class of an error that other errors wrap.

use std::error::Error as StdError;
use std::io;
use std::iter;

use super::class::Class;
use super::downcast::class_of;
#[cfg(any(feature = "tonic", feature = "reqwest", feature = "tokio-postgres"))]
use super::downcast::held;
use super::registry::registered;
use crate::error::{Error, RefusalKind};

/// Returns the class of an error or, if it has no known class, that of the first of its sources
/// that has one.
///
/// `#[retry]`, `#[circuit]` and `#[classify(forward)]` look into an `anyhow::Error`, an
/// `eyre::Report` and a `Box<dyn Error>` with it. Known are [`Error`], the types with
/// `#[derive(Classify)]`, those that [`register`](super::register()) was called for,
/// `std::io::Error`, and the errors of other crates behind the features of their names. The
/// outermost one decides: a wrapper that has a class of its own is not looked through.
pub fn find(error: &(dyn StdError + 'static)) -> Option<Class> {
    chain(error).find_map(|e| own(e).or_else(|| registered(e)).or_else(|| foreign(e)))
}

/// Returns the class of the first error in the chain that is one of resil's own or of a type of the
/// user's. The caller prefers it to the class of the foreign error around, which knows less.
#[cfg(any(feature = "tonic", feature = "reqwest"))]
pub(super) fn find_inside(error: &(dyn StdError + 'static)) -> Option<Class> {
    chain(error).find_map(|e| {
        own(e)
            .or_else(|| registered(e))
            // The source of an `io::Error` is the source of the error it holds, not that error
            // itself.
            .or_else(|| find_inside(held::<io::Error>(e)?.get_ref()?))
    })
}

/// Returns the error and its sources.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    // A chain that leads back into itself would be its author's fault; still, the walk must end.
    const LONGEST: usize = 64;
    iter::successors(Some(error), |&e| e.source()).take(LONGEST)
}

/// Returns every `T` among the error and its sources.
#[cfg(any(feature = "tonic", feature = "tokio-postgres"))]
pub(super) fn links<'a, T: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a T> {
    chain(error).filter_map(held::<T>)
}

/// Returns the class of one of resil's own errors.
fn own(error: &(dyn StdError + 'static)) -> Option<Class> {
    class_of::<Error>(error).or_else(|| Some(error.downcast_ref::<RefusalKind>()?.class()))
}

/// Returns the class of an error of another crate that implements [`Classify`](super::Classify)
/// here.
fn foreign(error: &(dyn StdError + 'static)) -> Option<Class> {
    let class = class_of::<io::Error>(error);
    #[cfg(feature = "reqwest")]
    let class = class.or_else(|| class_of::<::reqwest::Error>(error));
    #[cfg(feature = "tonic")]
    let class = class.or_else(|| class_of::<::tonic::Status>(error));
    #[cfg(feature = "tokio-postgres")]
    let class = class.or_else(|| class_of::<::tokio_postgres::Error>(error));
    #[cfg(feature = "redis")]
    let class = class.or_else(|| class_of::<::redis::RedisError>(error));
    class
}

#[cfg(all(test, feature = "idempotent"))]
mod tests {
    use super::*;
    use crate::error::idempotency::IdempotencyError;
    use crate::error::store::StoreError;

    /// What its driver said of a store is no class of the refusal.
    #[test]
    fn a_refusal_stays_one_whatever_its_store_said() {
        #[derive(Debug, thiserror::Error)]
        enum Shown {
            #[error(transparent)]
            Resil(Error),
            #[error("while paying")]
            While(#[source] Error),
        }
        let refused = || {
            let reset = io::Error::from(io::ErrorKind::ConnectionReset);
            Error::Idempotency(IdempotencyError::Store {
                name: "pay",
                source: StoreError::unavailable("memory", reset),
            })
        };
        for error in [Shown::Resil(refused()), Shown::While(refused())] {
            assert_eq!(find(&error), Some(Class::Neutral), "{error:?}");
        }
        assert!(refused().to_string().contains("connection reset"));
    }
}
