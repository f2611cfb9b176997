//! A table of endpoints: every kind of fragment in the attributes, the signature and the body.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::time::Duration;

use resil::{circuit, idempotent, retry, timeout};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("status {0}")]
    Status(u16),
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

macro_rules! endpoints {
    ($(
        $(#[$meta:meta])*
        $vis:vis fn $name:ident $(<$life:lifetime>)? ($arg:ident: $arg_ty:ty) -> $ok:ty, $error:path {
            max: $max:expr, each: $each:literal, all: $all:expr, retry on: $pattern:pat, ok: $ok_pattern:pat,
            breaker: $breaker:tt, trip: $failures:literal,
        }
        $body:block
    )*) => {$(
        $(#[$meta])*
        #[idempotent(key = $arg)]
        #[circuit(name = $breaker, failures = $failures)]
        #[timeout($all)]
        #[retry(max = $max, base = 1ms, on($pattern), on_ok($ok_pattern))]
        #[timeout($each)]
        $vis async fn $name $(<$life>)? ($arg: $arg_ty, runs: &Cell<u32>) -> Result<$ok, $error> {
            runs.set(runs.get() + 1);
            let answer = $body;
            answer(runs.get())
        }
    )*};
}

const WHOLE: Duration = Duration::from_secs(9);

endpoints! {
    /// Reads a user.
    pub(crate) fn user<'a>(name: &'a str) -> usize, ApiError {
        max: 2 + 2, each: 250ms, all: WHOLE,
        retry on: ApiError::Status(502..=504) | ApiError::Resil(resil::Error::Timeout { .. }), ok: 0,
        breaker: "macro-users", trip: 5,
    }
    {
        |run| match run {
            1 => Err(ApiError::Status(503)),
            2 => Ok(0),
            3 => Err(ApiError::Status(504)),
            _ => Ok(name.len()),
        }
    }

    #[inline]
    fn order(id: u64) -> u64, ApiError {
        max: u32::MAX.wrapping_add(4), each: 1s, all: { WHOLE * 2 },
        retry on: ApiError::Status(_), ok: ..18,
        breaker: "macro-orders", trip: 9,
    }
    { |run| Ok(id * u64::from(run)) }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    assert_eq!(user("ada", &runs).await.ok(), Some(3));
    assert_eq!(runs.take(), 4);
    assert_eq!(order(6, &runs).await.ok(), Some(18));
    assert_eq!(runs.take(), 3);
}
