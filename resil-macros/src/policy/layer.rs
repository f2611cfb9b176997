//! The shape of every policy: an attribute, and the phases from its arguments to code.

use proc_macro2::{Span, TokenStream};

use super::worst_case::WorstCase;
use crate::emit::{EmitContext, Emitted, Inner};
use crate::facts::Facts;
use crate::parse::{ParseContext, Spec};

/// One row of the table of policies.
pub(crate) struct Attribute {
    /// The name of the attribute.
    pub(crate) name: &'static str,
    pub(crate) options: &'static Spec,
    /// Whether the function may run more than once under it.
    pub(crate) may_repeat: bool,
    /// The name that the catalog gives a value without one.
    pub(crate) nameless: &'static str,
    /// Options with those whose place they take where they stand beside the name of a shared stack, as
    /// the two can't stand together. A value without a name is `""`.
    pub(crate) replaces: &'static [(&'static [&'static str], &'static [&'static str])],
    pub(crate) parse: fn(TokenStream, Span, &ParseContext<'_>) -> Parsed,
}

/// A policy, as its attribute is written on a function.
pub(crate) trait Policy {
    /// Reads the arguments; faults go to the sink. If a value that the policy can't be without has
    /// a fault, returns the facts as `Err`: they let the rules over the stack go on.
    fn parse(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Result<Self, Box<Facts>>
    where
        Self: Sized;

    /// Checks the rules between the options of this one attribute.
    fn check(&self, _cx: &ParseContext<'_>) {}

    /// Returns the facts that other layers may know of this one.
    fn facts(&self) -> Facts;

    /// Puts this layer around `inner`. Called only for stacks without a fault.
    fn expand(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted;

    /// Puts something around the body itself, inside all layers of its group.
    fn wrap_body(&self, body: TokenStream, _span: Span, _cx: &EmitContext<'_>) -> TokenStream {
        body
    }

    /// Describes the layer for the `# Resilience` section of the function's docs.
    fn words(&self) -> String;

    /// Returns the kind of static state that the catalog reads: `Circuit` for that of `__RESIL_CIRCUIT`.
    fn live(&self) -> Option<&'static str> {
        None
    }

    /// Adds this layer to the worst case of the code inside it.
    fn worst_case(&self, inside: WorstCase) -> WorstCase {
        inside
    }
}

/// An attribute that was read.
pub(crate) struct Parsed {
    pub(crate) facts: Facts,
    /// `None` if it can't be expanded, as a value has a fault.
    pub(crate) policy: Option<Box<dyn Policy>>,
}

impl Parsed {
    pub(crate) fn read<P: Policy + 'static>(
        args: TokenStream,
        span: Span,
        cx: &ParseContext<'_>,
    ) -> Self {
        match P::parse(args, span, cx) {
            Ok(policy) => Self {
                facts: policy.facts(),
                policy: Some(Box::new(policy)),
            },
            Err(facts) => Self {
                facts: *facts,
                policy: None,
            },
        }
    }
}
