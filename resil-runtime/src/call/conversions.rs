//! The gate through which the user's own types enter and leave a stack.
//!
//! All bounds that a stack puts on the user's types sit on the [`conversions`] functions here.
//! Generated code calls one of them, with the return type spanned at the user's token, wherever a
//! conversion is needed; everything else takes the resulting [`Conversions`] and has no bounds. So
//! a missing `From<resil::Error>` is reported once, at the return type, with the message written
//! here.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::outcome::{AnyRefusal, Failure, Outcome};
use crate::error::{Error, Refusal, RefusalKind};

/// A type that a resilient function may return: `Result`, under whatever alias.
#[diagnostic::on_unimplemented(
    message = "a function with a resil attribute must return a `Result`, and `{Self}` is none",
    label = "this must be a `Result<_, _>`",
    note = "write `-> Result<T, E>`: policies act on the error"
)]
pub trait IsResult<T, E>: Sized {
    #[doc(hidden)]
    fn split(self) -> Result<T, E>;
    #[doc(hidden)]
    fn join(r: Result<T, E>) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E> IsResult<T, E> for Result<T, E> {
    #[inline(always)]
    fn split(self) -> Result<T, E> {
        self
    }
    #[inline(always)]
    fn join(r: Result<T, E>) -> Self {
        r
    }
}

/// An error type that a refusal can be converted into: every type with a `From<resil::Error>`, and
/// no other.
///
/// A generic function bounds its error type by `From<resil::Error>` or by this trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot take up `resil::Error`, which this stack may answer with",
    label = "the error type of this function needs `From<resil::Error>`",
    note = "if `{Self}` is your own, add a variant to it: `#[error(transparent)] Resil(#[from] resil::Error)` (thiserror), or write `impl From<resil::Error> for {Self}` (if it is a type parameter: the bound `{Self}: From<resil::Error>`)",
    note = "if it is not, return an error enum of your own with such a variant, and one more for `{Self}`; or a type that has it: `anyhow::Error`, `eyre::Report`, `Box<dyn std::error::Error + Send + Sync>`, `std::io::Error` or `resil::Error`"
)]
pub trait FromResil: Sized {
    /// Converts a refusal.
    #[doc(hidden)]
    fn from_resil(r: Refusal) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<Error>> FromResil for E {
    #[cold]
    fn from_resil(r: Refusal) -> Self {
        E::from(r.into_error())
    }
}

/// The conversions between the user's types and the outcomes of one stack. The return type `R` is a
/// `Result<T, E>`, and a refusal of a layer is a `P`.
#[derive(Debug)]
pub struct Conversions<R, T, E, P> {
    split: fn(R) -> Result<T, E>,
    join: fn(Result<T, E>) -> R,
    make: fn(P) -> E,
}

impl<R, T, E, P> Conversions<R, T, E, P> {
    #[inline(always)]
    pub(crate) fn split(self, r: R) -> Result<T, E> {
        (self.split)(r)
    }

    #[inline(always)]
    pub(crate) fn join(self, r: Result<T, E>) -> R {
        (self.join)(r)
    }

    pub(crate) fn make(self, refusal: P) -> E {
        (self.make)(refusal)
    }
}

impl<R, T, E, P> Clone for Conversions<R, T, E, P> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<R, T, E, P> Copy for Conversions<R, T, E, P> {}

/// Returns the conversions of a stack in which a layer can refuse.
#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub const fn conversions<R, T, E>() -> Conversions<R, T, E, Refusal>
where
    R: IsResult<T, E>,
    E: FromResil,
{
    Conversions {
        split: R::split,
        join: R::join,
        make: E::from_resil,
    }
}

/// Returns the conversions of a stack whose layers never refuse: the error type needs no bound.
#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub const fn conversions_bare<R, T, E>() -> Conversions<R, T, E, Infallible>
where
    R: IsResult<T, E>,
{
    Conversions {
        split: R::split,
        join: R::join,
        make: |never| match never {},
    }
}

/// Wraps the value that the body returned in the outcome that the innermost layer receives.
#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn wrap_body<R, T, E, P>(r: R, conversions: Conversions<R, T, E, P>) -> Outcome<T, E, P> {
    (conversions.split)(r).map_err(Failure::Body)
}

/// Wraps the value that an `#[instrument]` between two layers returned. A refusal of a layer below
/// the `#[instrument]` has passed through it as an `E`; `carry` holds the kind of that refusal.
#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn wrap_carried_body<R, T, E, P>(
    r: R,
    conversions: Conversions<R, T, E, P>,
    carry: &CarriedRefusal,
) -> Outcome<T, E, P> {
    (conversions.split)(r).map_err(|e| match carry.take() {
        None => Failure::Body(e),
        Some(kind) => Failure::Exposed(e, kind),
    })
}

/// Converts a refusal into the user's error, so that a pattern can match it. Other outcomes are
/// returned unchanged.
#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn expose_error<R, T, E, P: AnyRefusal>(
    out: Outcome<T, E, P>,
    conversions: Conversions<R, T, E, P>,
) -> Outcome<T, E, P> {
    match out {
        Err(Failure::Policy(p)) => {
            let kind = p.kind();
            Err(Failure::Exposed((conversions.make)(p), kind))
        }
        other => other,
    }
}

/// Converts the outcome of the outermost layer into the return type of the function.
#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn into_return<R, T, E, P>(out: Outcome<T, E, P>, conversions: Conversions<R, T, E, P>) -> R {
    (conversions.join)(out.map_err(|f| match f {
        Failure::Body(e) | Failure::Exposed(e, _) => e,
        Failure::Policy(p) => (conversions.make)(p),
    }))
}

/// Converts an outcome into the return type, to pass through an `#[instrument]` between two layers,
/// and notes in `carry` the kind of a refusal.
#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn into_return_carrying<R, T, E, P: AnyRefusal>(
    out: Outcome<T, E, P>,
    conversions: Conversions<R, T, E, P>,
    carry: &CarriedRefusal,
) -> R {
    carry.put(out.as_ref().err().and_then(Failure::refusal));
    into_return(out, conversions)
}

/// The kind of the refusal that is passing through an `#[instrument]` between two layers.
#[derive(Debug, Default)]
pub struct CarriedRefusal(AtomicU64);

impl CarriedRefusal {
    /// Creates a `CarriedRefusal` that holds none.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    // Relaxed is enough: one task at a time runs the call.
    fn put(&self, kind: Option<RefusalKind>) {
        self.0.store(kind.map_or(0, RefusalKind::to_bits), Relaxed);
    }

    fn take(&self) -> Option<RefusalKind> {
        RefusalKind::from_bits(self.0.swap(0, Relaxed))
    }
}
