//! What a request under policies has ended with.

use resil_runtime::Error;
use resil_runtime::edge::Failed;

/// Returns what the last attempt of a request has ended with, of which each attempt says `T`; or the refusal of a
/// policy.
#[cold]
pub(crate) fn ended<T: 'static>(failed: Failed) -> Result<T, Error> {
    match failed.into_inner().downcast::<T>() {
        Ok(end) => Ok(*end),
        Err(what) => match what.downcast::<Error>() {
            Ok(refusal) => Err(*refusal),
            Err(_) => unreachable!("an attempt ends with an outcome or a refusal"),
        },
    }
}
