//! The code that other attributes have put around a block. It is taken off, and put around another
//! block.

use proc_macro2::{Span, TokenStream, TokenTree};

use super::shapes::{Tokens, has_fake_return, holds, instrument_block, recorded_block, sole_brace};
use crate::tokens::{collect, group_like, is_brace};

/// Tokens with a hole. Each level, from the outside to the inside, has the index of the group that
/// the next one fills.
pub(super) struct Wrapper(pub(super) Vec<(Tokens, usize)>);

impl Wrapper {
    /// Splits the tokens into the code of their outer `#[instrument]` and the block inside it.
    /// Without an `#[instrument]`, returns the tokens as `Err`.
    ///
    /// The block stands behind a fake return, with `err` and `ret` one level deeper. Over
    /// `async_trait` or a hand-written future there is no fake return.
    pub(super) fn of_instrument(tokens: Tokens) -> Result<(Self, Tokens), Tokens> {
        let whole = tokens.clone();
        Self::peel(tokens).ok_or(whole)
    }

    /// Splits the body of a function that is not async into the code of its outer `#[instrument]` and
    /// the block inside it.
    pub(super) fn of_plain_instrument(tokens: &[TokenTree]) -> Option<(Self, Tokens)> {
        if !holds(tokens, "__tracing_attr_guard") {
            return None;
        }
        let mut frames = Vec::new();
        let mut inner = tokens.to_vec();
        while !has_fake_return(&inner) {
            let is_way =
                |t: &TokenTree| holds(std::slice::from_ref(t), "__tracing_attr_fake_return");
            let at = inner.iter().rposition(is_way)?;
            inner = enter(&mut frames, inner, at)?;
        }
        let inner = enter_behind_fake_return(&mut frames, inner)?;
        Some((Self(frames), inner))
    }

    fn peel(tokens: Tokens) -> Option<(Self, Tokens)> {
        let at = instrument_block(&tokens)?;
        let mut frames = Vec::new();
        let mut inner = enter(&mut frames, tokens, at)?;
        if !has_fake_return(&inner)
            && let Some(at) = recorded_block(&inner)
        {
            inner = enter(&mut frames, inner, at)?;
        }
        if has_fake_return(&inner) {
            inner = enter_behind_fake_return(&mut frames, inner)?;
        }
        Some((Self(frames), inner))
    }

    /// Returns the span of the braces around the hole.
    pub(super) fn hole(&self) -> Option<Span> {
        self.0.last().map(|(tokens, at)| tokens[*at].span())
    }

    /// Fills the hole.
    pub(super) fn around(self, mut content: TokenStream) -> TokenStream {
        for (mut tokens, at) in self.0.into_iter().rev() {
            if let TokenTree::Group(g) = &tokens[at] {
                tokens[at] = TokenTree::Group(group_like(g, content));
            }
            content = collect(&tokens);
        }
        content
    }
}

/// Returns the content of the group at `at`, and keeps the tokens around it in `frames`.
pub(super) fn enter(
    frames: &mut Vec<(Tokens, usize)>,
    tokens: Tokens,
    at: usize,
) -> Option<Tokens> {
    let TokenTree::Group(g) = &tokens[at] else {
        return None;
    };
    let inner = g.stream().into_iter().collect();
    frames.push((tokens, at));
    Some(inner)
}

/// Orders the `#[instrument]`s as they are written: those above a group of layers before those
/// below it. Of two neighbours tracing puts the later one outside, and that order is kept.
pub(super) fn in_written_order(mut wrappers: Vec<Wrapper>, below: &[usize]) -> Vec<Wrapper> {
    let all = wrappers.len();
    let mut ordered = Vec::with_capacity(all);
    for below in below.iter().chain([&0]) {
        // The innermost ones that are left were written above this group.
        let above = all.saturating_sub(*below).saturating_sub(ordered.len());
        ordered.append(&mut wrappers.split_off(wrappers.len() - above));
    }
    ordered
}

/// Enters the block behind a fake return. `instrument` has put one more pair of braces around it.
pub(super) fn enter_behind_fake_return(
    frames: &mut Vec<(Tokens, usize)>,
    tokens: Tokens,
) -> Option<Tokens> {
    let at = tokens.iter().rposition(is_brace)?;
    let inner = enter(frames, tokens, at)?;
    match sole_brace(&inner) {
        Some(at) => enter(frames, inner, at),
        None => Some(inner),
    }
}
