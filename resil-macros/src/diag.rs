//! One sink for every fault of every attribute of a stack.
//!
//! A parser never returns early with an error. It reports the fault to the sink and goes on, so
//! that all faults come out in one compile. The sink is shared by reference, hence the cell.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;

use crate::tokens::{first_span, flat, same_place};

/// Collects faults; [`Diag::finish`] turns them into `compile_error!`s.
#[derive(Default)]
pub(crate) struct Diag {
    errors: RefCell<Vec<syn::Error>>,
    origin: Option<Origin>,
}

/// The shared stack that brought layers: faults of these name it.
pub(crate) struct Origin {
    name: Ident,
    /// The options beside its name that went into its layers.
    beside: Vec<TokenTree>,
}

impl Origin {
    /// Returns the origin of layers whose tokens are all at the place of `name`, but for the tokens
    /// `beside`.
    pub(crate) fn new(name: &Ident, beside: TokenStream) -> Self {
        Self {
            name: name.clone(),
            beside: deep(beside),
        }
    }

    /// Whether a token is the stack's, or of an option beside its name that went into it.
    pub(crate) fn holds(&self, span: Span) -> bool {
        self.is_own(span) || self.is_beside(span)
    }

    /// Returns the name of the stack.
    pub(crate) fn name(&self) -> &Ident {
        &self.name
    }

    /// Returns the place at the use that makes a fault between layers, for one that is found at `at`, in the stack: the
    /// first of `others` that is not in the stack too, or else the first option that was put into it. The stack alone
    /// has no such fault: its definition was checked.
    pub(crate) fn made_at(&self, at: Span, others: impl IntoIterator<Item = Span>) -> Option<Span> {
        if !self.is_own(at) {
            return None;
        }
        let beside = self.beside.iter().map(TokenTree::span);
        let mut all = others.into_iter().chain(beside);
        all.find(|span| !self.is_own(*span))
    }

    fn is_own(&self, span: Span) -> bool {
        same_place(span, self.name.span())
    }

    fn is_beside(&self, span: Span) -> bool {
        let mut beside = self.beside.iter();
        beside.any(|tree| same_place(span, tree.span()))
    }
}

/// Returns the tokens, and those in groups.
fn deep(tokens: TokenStream) -> Vec<TokenTree> {
    let mut all = Vec::new();
    for tree in tokens {
        if let TokenTree::Group(group) = &tree {
            all.extend(deep(group.stream()));
        }
        all.push(tree);
    }
    all
}

impl Diag {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Returns a sink for a stack whose layers come from `origin`.
    pub(crate) fn of(origin: Option<Origin>) -> Self {
        Self {
            errors: RefCell::default(),
            origin,
        }
    }

    /// Reports a fault at the user's own tokens: the caret runs from the first to the last of them.
    ///
    /// None-delimited groups are opened before. Such a group has the span of the `$e` in a
    /// `macro_rules!`; the tokens inside it have the spans of the arguments that the user gave to
    /// that macro.
    pub(crate) fn error(&self, at: impl ToTokens, message: impl Display) {
        let tokens: TokenStream = flat(&at.to_token_stream()).into_iter().collect();
        let span = first_span(&tokens);
        if !self.tell_origin(span, &message) {
            let message = self.told(span, message);
            self.push(syn::Error::new_spanned(tokens, message));
        }
    }

    /// Reports a fault for which there is only a span: of an attribute without arguments, or of a
    /// comma.
    pub(crate) fn error_at(&self, span: Span, message: impl Display) {
        if !self.tell_origin(span, &message) {
            let message = self.told(span, message);
            self.push(syn::Error::new(span, message));
        }
    }

    /// Reports a fault between layers at `tokens`, or, if there are none, at `span`. If that is in the shared stack, it
    /// stands at what makes it: the first of `others` that is not, or an option that was put into the stack.
    pub(crate) fn error_between(
        &self,
        tokens: &TokenStream,
        span: Span,
        others: impl IntoIterator<Item = Span>,
        message: impl Display,
    ) {
        let at = if tokens.is_empty() {
            span
        } else {
            first_span(tokens)
        };
        let origin = self.origin.as_ref();
        let made_at = origin.and_then(|origin| Some((&origin.name, origin.made_at(at, others)?)));
        if let Some((name, made_at)) = made_at {
            let message = format!("in the stack `{name}`: {message}");
            self.push(syn::Error::new(made_at, message));
        } else if tokens.is_empty() {
            self.error_at(span, message);
        } else {
            self.error(tokens, message);
        }
    }

    /// Reports a fault at the name of the shared stack if it is in the stack.
    fn tell_origin(&self, span: Span, message: &dyn Display) -> bool {
        let Some(Origin { name, .. }) = self.origin.as_ref().filter(|o| o.is_own(span)) else {
            return false;
        };
        let message = format!("in the stack `{name}`: {message}");
        // Two layers may have the same fault: at one place it is one.
        let is_told = |error: &syn::Error| error.to_string() == message;
        if !self.errors.borrow().iter().any(is_told) {
            // At the name itself, as `$crate` in the stack has another hygiene.
            self.push(syn::Error::new(name.span(), message));
        }
        true
    }

    /// Formats the message about a fault: it names the shared stack if the fault is in an option that
    /// was put into it.
    fn told(&self, span: Span, message: impl Display) -> String {
        match &self.origin {
            Some(origin) if origin.is_beside(span) => {
                format!("put into the stack `{}`: {message}", origin.name)
            }
            _ => message.to_string(),
        }
    }

    fn push(&self, error: syn::Error) {
        self.errors.borrow_mut().push(error);
    }

    /// Whether no fault was found so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.errors.borrow().is_empty()
    }

    /// Returns one `compile_error!` per fault, in the order in which they were found; `None` if
    /// there is no fault.
    pub(crate) fn finish(&self) -> Option<TokenStream> {
        self.errors
            .take()
            .into_iter()
            .reduce(|mut all, error| {
                all.combine(error);
                all
            })
            .map(|all| all.to_compile_error())
    }

    /// Takes the messages out for a test, each with the bytes of the source that it is about.
    #[cfg(test)]
    pub(crate) fn faults(&self) -> Vec<(std::ops::Range<usize>, String)> {
        let errors = self.errors.take();
        errors
            .iter()
            .map(|error| (error.span().byte_range(), error.to_string()))
            .collect()
    }
}

/// Fails a test that leaves a fault unread. Unread, it would let a wrong stack expand.
#[cfg(test)]
impl Drop for Diag {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let unread: Vec<_> = self.errors.take().iter().map(ToString::to_string).collect();
            assert!(unread.is_empty(), "faults that nobody read: {unread:#?}");
        }
    }
}

pub(crate) use resil_language::messages::help;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_come_out_at_once() {
        let diag = Diag::new();
        assert!(diag.finish().is_none());
        diag.error_at(Span::call_site(), "one");
        diag.error(quote::quote!(a b), help("two", "write `c`"));
        let all = diag.finish().expect("two faults").to_string();
        assert!(
            all.contains("\"one\"") && all.contains("\"two\\nhelp: write `c`\""),
            "{all}"
        );
        assert!(diag.finish().is_none());
    }

    #[test]
    #[should_panic(expected = "faults that nobody read")]
    fn a_fault_that_nobody_reads_panics() {
        Diag::new().error_at(Span::call_site(), "one");
    }
}
