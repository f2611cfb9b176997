//! One file per policy: its table of options, what they are parsed into, and the rules
//! within the one attribute. `facts` is all that the rules over a stack may know of it.

pub(crate) mod circuit;
pub(crate) mod idempotent;
mod layer;
pub(crate) mod retry;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod timeout;

use std::time::Duration;

use proc_macro2::{Span, TokenStream};

pub(crate) use crate::check::Layer;
use crate::parse::Spec;

pub(crate) use circuit::Circuit;
pub(crate) use idempotent::Idempotent;
pub(crate) use retry::Retry;
pub(crate) use timeout::Timeout;

/// All tables, so that an option on the wrong attribute is sent to the right one.
pub(crate) static SPECS: [&Spec; 4] = [
    &timeout::SPEC,
    &retry::SPEC,
    &circuit::SPEC,
    &idempotent::SPEC,
];

/// What a layer does to what is around and inside it, whatever its name.
pub(crate) struct Facts {
    pub(crate) policy: &'static str,
    /// The attribute.
    pub(crate) span: Span,
    /// May stand on a function only once.
    pub(crate) once: bool,
    /// Ends what is inside it after some time.
    pub(crate) bound: Option<Bound>,
    /// Runs what is inside it again.
    pub(crate) repeats: Option<Repeats>,
    /// Where it says that what is inside it must not start twice.
    pub(crate) starts_once: Option<Span>,
}

impl Facts {
    pub(crate) fn new(policy: &'static str, span: Span) -> Self {
        Self {
            policy,
            span,
            once: true,
            bound: None,
            repeats: None,
            starts_once: None,
        }
    }
}

pub(crate) struct Bound {
    /// `None` where only the run can tell.
    pub(crate) limit: Option<Duration>,
    pub(crate) tokens: TokenStream,
}

pub(crate) struct Repeats {
    /// What the message about the runs points at.
    pub(crate) tokens: TokenStream,
    /// Where it says that only time ends it.
    pub(crate) unlimited: Option<Span>,
    /// Has an end in time of its own.
    pub(crate) within: bool,
    /// The runs and the shortest delays between them, where both are known.
    pub(crate) shortest: Option<Shortest>,
}

/// The shortest delays that the jitter allows.
pub(crate) struct Shortest {
    pub(crate) runs: u32,
    pub(crate) delay: Box<dyn Fn(u32) -> Duration>,
}
