//! Pieces of generated code that stand in many places.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// Tokens that are copied one by one into the code around them.
///
/// A `TokenStream` lives in rustc. To interpolate one asks rustc three times: for the stream, for what was
/// written before it, and to join the two. Single tokens are sent there together, as the code around them ends.
#[derive(Clone, Default)]
pub(crate) struct Piece(Vec<TokenTree>);

impl Piece {
    /// Returns the span of the first token, or the call site's where there is none.
    pub(crate) fn first_span(&self) -> Span {
        self.0.first().map_or_else(Span::call_site, TokenTree::span)
    }

    /// Appends a name.
    pub(crate) fn name(&mut self, name: &str, span: Span) {
        self.0.push(Ident::new(name, span).into());
    }

    /// Appends `::`.
    pub(crate) fn colons(&mut self, span: Span) {
        self.mark(':', Spacing::Joint, span);
        self.mark(':', Spacing::Alone, span);
    }

    /// Appends a punctuation mark.
    pub(crate) fn mark(&mut self, mark: char, spacing: Spacing, span: Span) {
        let mut mark = Punct::new(mark, spacing);
        mark.set_span(span);
        self.0.push(mark.into());
    }

    /// Appends the arguments of a generic function, `types` and two that are inferred, and `()`.
    pub(crate) fn call_with(&mut self, types: &Self, span: Span) {
        self.colons(span);
        self.mark('<', Spacing::Alone, span);
        self.0.extend(types.0.iter().cloned());
        for _ in 0..2 {
            self.mark(',', Spacing::Alone, span);
            self.name("_", span);
        }
        self.mark('>', Spacing::Alone, span);
        let mut nothing = Group::new(Delimiter::Parenthesis, TokenStream::new());
        nothing.set_span(span);
        self.0.push(nothing.into());
    }
}

impl Extend<TokenTree> for Piece {
    fn extend<I: IntoIterator<Item = TokenTree>>(&mut self, trees: I) {
        self.0.extend(trees);
    }
}

impl FromIterator<TokenTree> for Piece {
    fn from_iter<I: IntoIterator<Item = TokenTree>>(trees: I) -> Self {
        Self(trees.into_iter().collect())
    }
}

impl ToTokens for Piece {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.0.iter().cloned());
    }
}
