//! The outcome that the layers of one stack pass to each other.

use std::convert::Infallible;

use super::site::Site;
use crate::error::{Refusal, RefusalKind};
use crate::event::ErrorText;

/// The error of a layer: either the body's own error `E`, or a refusal `P` by one of the layers.
///
/// `P` is [`Refusal`], or [`Infallible`] in a stack none of whose layers can refuse.
#[derive(Debug)]
pub enum Failure<E, P = Refusal> {
    /// The body's own error.
    Body(E),
    /// A layer's refusal, not yet converted into the user's error.
    Policy(P),
    /// A refusal that was converted into `E` early, because a pattern had to match it as the user's
    /// error. The kind is that of the refusal.
    Exposed(E, RefusalKind),
}

/// The outcome of a layer: what it hands to the layer above.
pub type Outcome<T, E, P = Refusal> = Result<T, Failure<E, P>>;

/// The type of a stack's refusals: [`Refusal`], or [`Infallible`] where no layer can refuse.
pub trait AnyRefusal {
    /// Returns the kind of the refusal.
    fn kind(&self) -> RefusalKind;
    /// Returns the text of the refusal in events.
    fn text(&self) -> ErrorText<'_>;
    /// Returns the refusal that stands for an injected error; `None` where no layer can refuse.
    fn injected(site: &'static Site) -> Option<Self>
    where
        Self: Sized;
    /// Returns the refusal of a call whose wait was ended from outside; `None` where no layer can refuse.
    fn cancelled() -> Option<Self>
    where
        Self: Sized;
}

impl AnyRefusal for Refusal {
    fn kind(&self) -> RefusalKind {
        Refusal::kind(self)
    }
    fn text(&self) -> ErrorText<'_> {
        ErrorText::Display(self)
    }
    fn injected(site: &'static Site) -> Option<Self> {
        Some(Self::Injected { site })
    }
    fn cancelled() -> Option<Self> {
        Some(Self::Cancelled)
    }
}

impl AnyRefusal for Infallible {
    fn kind(&self) -> RefusalKind {
        match *self {}
    }
    fn text(&self) -> ErrorText<'_> {
        match *self {}
    }
    fn injected(_: &'static Site) -> Option<Self> {
        None
    }
    fn cancelled() -> Option<Self> {
        None
    }
}

impl<E, P> Failure<E, P> {
    /// Puts what `of` makes of the user's error in its place.
    #[cfg(feature = "store")]
    pub(crate) fn map<E2>(self, of: impl FnOnce(E) -> E2) -> Failure<E2, P> {
        match self {
            Self::Body(error) => Failure::Body(of(error)),
            Self::Policy(refusal) => Failure::Policy(refusal),
            Self::Exposed(error, kind) => Failure::Exposed(of(error), kind),
        }
    }
}

impl<E, P: AnyRefusal> Failure<E, P> {
    /// Returns the kind of the refusal, converted or not; `None` for the body's own error.
    pub fn refusal(&self) -> Option<RefusalKind> {
        match self {
            Self::Body(_) => None,
            Self::Policy(p) => Some(p.kind()),
            Self::Exposed(_, kind) => Some(*kind),
        }
    }

    /// Returns the user's error, unless this is a refusal that was not converted yet.
    pub fn error(&self) -> Option<&E> {
        match self {
            Self::Body(e) | Self::Exposed(e, _) => Some(e),
            Self::Policy(_) => None,
        }
    }
}
