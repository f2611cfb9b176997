//! What others have put around a block, taken off it and put around another.

use proc_macro2::{Span, TokenStream, TokenTree};

use super::shapes::{Tokens, has_fake_return, instrument_block, recorded_block, sole_brace};
use crate::tokens::{collect, group_like, is_brace};

/// Tokens with a hole: from the outside to the inside, where the next ones stand.
pub(super) struct Wrapper(pub(super) Vec<(Tokens, usize)>);

impl Wrapper {
    /// What the outer `#[instrument]` of a block made of it, and what that was; the tokens as they
    /// are where there is none.
    ///
    /// Inside of it the block stands behind a fake return, with `err` and `ret` one level deeper
    /// still; over `async_trait` or a hand-written future it is the whole.
    pub(super) fn of_instrument(tokens: Tokens) -> Result<(Self, Tokens), Tokens> {
        let whole = tokens.clone();
        Self::peel(tokens).ok_or(whole)
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

    /// The span of the braces around the hole.
    pub(super) fn hole(&self) -> Option<Span> {
        self.0.last().map(|(tokens, at)| tokens[*at].span())
    }

    /// The tokens with `content` in the hole.
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

/// The content of the group at `at`; what it was in is kept in `frames`.
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

/// Outermost first, those above a run of layers before those below it. tracing puts the later one
/// of two outside; so it stays for those that no layer parts.
pub(super) fn in_written_order(mut wrappers: Vec<Wrapper>, below: &[usize]) -> Vec<Wrapper> {
    let all = wrappers.len();
    let mut ordered = Vec::with_capacity(all);
    for below in below.iter().chain([&0]) {
        // Those written above it that are still to come: the innermost ones.
        let above = all.saturating_sub(*below).saturating_sub(ordered.len());
        ordered.append(&mut wrappers.split_off(wrappers.len() - above));
    }
    ordered
}

/// `instrument` wraps the body in one more pair of braces than it had.
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
