//! What passes between the layers of one stack, and the gate through which the user's own types
//! enter and leave it.
//!
//! All bounds that a stack puts on the user's types sit on the `edge` functions here. Generated
//! code calls one of them, with the return type spanned at the user's token, wherever a conversion
//! is needed; everything else takes the resulting [`Edge`] and has no bounds. So a missing
//! `From<resil::Error>` is reported once, at the return type, in our words.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::error::{Error, Raised, Refusal};
use crate::shown::Shown;

/// An `Err` on its way through the layers: `E` is the user's, `P` what layers raise
/// ([`Refusal`], or [`Infallible`] in a stack none of whose layers refuses).
#[derive(Debug)]
pub enum Failure<E, P = Refusal> {
    /// The body's own error.
    Body(E),
    /// A layer's answer, not yet the user's error.
    Policy(P),
    /// A layer's answer that a pattern had to look at as `E`, with what it was.
    Seen(E, Raised),
}

/// The outcome of a layer.
pub type Outcome<T, E, P = Refusal> = Result<T, Failure<E, P>>;

/// What a layer may raise: a [`Refusal`], or nothing at all.
pub trait Raise {
    /// Which policy it was.
    fn raised(&self) -> Raised;
    /// How an event shows it.
    fn shown(&self) -> Shown<'_>;
}

impl Raise for Refusal {
    fn raised(&self) -> Raised {
        Refusal::raised(self)
    }
    fn shown(&self) -> Shown<'_> {
        Shown::Display(self)
    }
}

impl Raise for Infallible {
    fn raised(&self) -> Raised {
        match *self {}
    }
    fn shown(&self) -> Shown<'_> {
        match *self {}
    }
}

impl<E, P: Raise> Failure<E, P> {
    /// Which policy of this stack raised it, if one did.
    pub fn raised(&self) -> Option<Raised> {
        match self {
            Self::Body(_) => None,
            Self::Policy(p) => Some(p.raised()),
            Self::Seen(_, r) => Some(*r),
        }
    }

    /// The user's error, if it is one already.
    pub fn error(&self) -> Option<&E> {
        match self {
            Self::Body(e) | Self::Seen(e, _) => Some(e),
            Self::Policy(_) => None,
        }
    }
}

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

/// An error type that can take up what resil itself answers: every type with a
/// `From<resil::Error>`, and no other.
///
/// A generic function names that bound, or this one, for its error type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot take up `resil::Error`, which this stack may answer with",
    label = "the error type of this function needs `From<resil::Error>`",
    note = "if `{Self}` is your own, add a variant to it: `#[error(transparent)] Resil(#[from] resil::Error)` (thiserror), or write `impl From<resil::Error> for {Self}` (if it is a type parameter: the bound `{Self}: From<resil::Error>`)",
    note = "if it is not, return an error enum of your own with such a variant, and one more for `{Self}`; or a type that has it: `anyhow::Error`, `eyre::Report`, `Box<dyn std::error::Error + Send + Sync>`, `std::io::Error` or `resil::Error`"
)]
pub trait FromResil: Sized {
    /// Makes one.
    #[doc(hidden)]
    fn from_resil(r: Refusal) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<Error>> FromResil for E {
    #[cold]
    fn from_resil(r: Refusal) -> Self {
        E::from(Error::from(r))
    }
}

/// The conversions of one stack: the user's return type `R` is a `Result<T, E>`, layers raise `P`.
#[derive(Debug)]
pub struct Edge<R, T, E, P> {
    split: fn(R) -> Result<T, E>,
    join: fn(Result<T, E>) -> R,
    make: fn(P) -> E,
}

impl<R, T, E, P> Clone for Edge<R, T, E, P> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<R, T, E, P> Copy for Edge<R, T, E, P> {}

/// The gate of a stack in which a layer can refuse.
#[inline(always)]
pub const fn edge<R, T, E>() -> Edge<R, T, E, Refusal>
where
    R: IsResult<T, E>,
    E: FromResil,
{
    Edge {
        split: R::split,
        join: R::join,
        make: E::from_resil,
    }
}

/// The gate of a stack that only passes outcomes on: it asks nothing of the error type.
#[inline(always)]
pub const fn edge_bare<R, T, E>() -> Edge<R, T, E, Infallible>
where
    R: IsResult<T, E>,
{
    Edge {
        split: R::split,
        join: R::join,
        make: |never| match never {},
    }
}

/// The body's answer as the outcome of the innermost layer.
#[inline(always)]
pub fn lift<R, T, E, P>(r: R, edge: Edge<R, T, E, P>) -> Outcome<T, E, P> {
    (edge.split)(r).map_err(Failure::Body)
}

/// [`lift`], where an `#[instrument]` stands between layers: what one below it raised has passed
/// through it as `E`, and `carry` says what it was.
#[inline(always)]
pub fn lift_carried<R, T, E, P>(r: R, edge: Edge<R, T, E, P>, carry: &Carry) -> Outcome<T, E, P> {
    (edge.split)(r).map_err(|e| match carry.take() {
        None => Failure::Body(e),
        Some(raised) => Failure::Seen(e, raised),
    })
}

/// The outcome with its error as the user's, whoever raised it: a pattern wants to look at it.
#[inline(always)]
pub fn look<R, T, E, P: Raise>(out: Outcome<T, E, P>, edge: Edge<R, T, E, P>) -> Outcome<T, E, P> {
    match out {
        Err(Failure::Policy(p)) => {
            let raised = p.raised();
            Err(Failure::Seen((edge.make)(p), raised))
        }
        other => other,
    }
}

/// The outcome of the outermost layer as the function's answer.
#[inline(always)]
pub fn finish<R, T, E, P>(out: Outcome<T, E, P>, edge: Edge<R, T, E, P>) -> R {
    (edge.join)(out.map_err(|f| match f {
        Failure::Body(e) | Failure::Seen(e, _) => e,
        Failure::Policy(p) => (edge.make)(p),
    }))
}

/// [`finish`] below an `#[instrument]` that has layers above it too.
#[inline(always)]
pub fn finish_carrying<R, T, E, P: Raise>(
    out: Outcome<T, E, P>,
    edge: Edge<R, T, E, P>,
    carry: &Carry,
) -> R {
    carry.put(out.as_ref().err().and_then(Failure::raised));
    finish(out, edge)
}

/// Which policy raised the error that is passing from one part of a stack to the other.
#[derive(Debug, Default)]
pub struct Carry(AtomicU64);

impl Carry {
    /// Nothing was raised.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    // One task runs the call at a time: relaxed.
    fn put(&self, raised: Option<Raised>) {
        self.0.store(raised.map_or(0, Raised::to_bits), Relaxed);
    }

    fn take(&self) -> Option<Raised> {
        Raised::from_bits(self.0.swap(0, Relaxed))
    }
}
