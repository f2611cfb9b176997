//! One layer of a stack: whichever policy it is, asked the same questions.

use proc_macro2::{Span, TokenStream};

use super::{Circuit, Idempotent, Retry, Timeout};
use crate::check::Layer;
use crate::expand::{EmitContext, Inner};
use crate::parse::ParseContext;
use crate::stack::LayerTokens;

impl Layer {
    /// What the attribute says; faults go to the sink.
    pub(crate) fn parse(layer: &LayerTokens, cx: &ParseContext<'_>) -> Option<Self> {
        let (args, span): (TokenStream, Span) = (layer.args.clone(), layer.span());
        Some(match layer.name.to_string().as_str() {
            "timeout" => Self::Timeout(Timeout::parse(args, span, cx)),
            "retry" => Self::Retry(Retry::parse(args, span, cx)),
            "circuit" => Self::Circuit(Circuit::parse(args, span, cx)),
            "idempotent" => Self::Idempotent(Idempotent::parse(args, span, cx)),
            _ => return None,
        })
    }

    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Timeout(p) => p.span,
            Self::Retry(p) => p.span,
            Self::Circuit(p) => p.span,
            Self::Idempotent(p) => p.span,
        }
    }

    /// Whether what is inside may run more than once.
    pub(crate) fn runs_again(&self) -> bool {
        matches!(self, Self::Retry(retry) if retry.runs_again())
    }

    /// Whether it has to know how an attempt below it ended.
    pub(crate) fn wants_mark(&self) -> bool {
        matches!(self, Self::Circuit(_) | Self::Idempotent(_))
    }

    /// Whether it replays errors.
    pub(crate) fn records_errors(&self) -> bool {
        matches!(self, Self::Idempotent(idempotent) if idempotent.errors.is_some())
    }

    /// This layer around `inner`, between the layers `above` and `below` it.
    pub(crate) fn expand(
        &self,
        inner: Inner,
        above: &[Self],
        below: &[Self],
        cx: &EmitContext<'_>,
    ) -> Inner {
        match self {
            Self::Timeout(p) => p.expand(inner, above, cx),
            Self::Retry(p) => p.expand(inner, above, below, cx),
            Self::Circuit(p) => p.expand(inner, above, below, cx),
            Self::Idempotent(p) => p.expand(inner, above, cx),
        }
    }
}
