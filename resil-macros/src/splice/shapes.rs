//! The shapes that other attributes give to a function. They are private to their crates, so a test
//! pins each.

use proc_macro2::{Ident, TokenStream, TokenTree};

use crate::tokens::{collect, group_like, is_brace, is_ident, is_punct};

pub(super) type Tokens = Vec<TokenTree>;

/// Finds the block of `let __tracing_instrument_future = async move { .. }`.
pub(super) fn instrument_block(tokens: &[TokenTree]) -> Option<usize> {
    block_of_async_move(tokens, instrument_future(tokens)? + 3)
}

pub(super) fn instrument_future(tokens: &[TokenTree]) -> Option<usize> {
    tokens
        .windows(2)
        .position(|w| is_ident(&w[0], "let") && is_ident(&w[1], "__tracing_instrument_future"))
}

/// Counts the `#[instrument]`s at any depth.
pub(super) fn instruments(tokens: &[TokenTree]) -> usize {
    let deeper = tokens.iter().map(|t| match t {
        TokenTree::Group(g) => instruments(&g.stream().into_iter().collect::<Tokens>()),
        _ => 0,
    });
    usize::from(instrument_future(tokens).is_some()) + deeper.sum::<usize>()
}

/// Finds the block of the `async move { .. }.await` that `err` and `ret` of `#[instrument]` add.
pub(super) fn recorded_block(tokens: &[TokenTree]) -> Option<usize> {
    let starts = match tokens {
        [a, b, c, ..] if is_ident(a, "let") && is_punct(c, '=') => {
            (is_ident(b, "__match_scrutinee") || is_ident(b, "x")).then_some(3)
        }
        [a, ..] if is_ident(a, "match") => Some(1),
        _ => None,
    }?;
    let at = block_of_async_move(tokens, starts)?;
    let TokenTree::Group(g) = &tokens[at] else {
        return None;
    };
    let inner: Tokens = g.stream().into_iter().collect();
    // A `match async move { .. }.await` of the user's differs only in what follows it.
    let mut text = collect(&tokens[at..]).to_string();
    text.retain(|c| !c.is_whitespace());
    (text.contains("::tracing::event!") || has_fake_return(&inner)).then_some(at)
}

pub(super) fn has_fake_return(tokens: &[TokenTree]) -> bool {
    tokens.iter().any(|t| match t {
        TokenTree::Group(g) => {
            let mut inner = g.stream().into_iter();
            inner.next().is_some_and(|t| is_ident(&t, "let"))
                && inner
                    .next()
                    .is_some_and(|t| is_ident(&t, "__tracing_attr_fake_return"))
        }
        _ => false,
    })
}

/// The code of `async_trait`: `let`s of the arguments, and `let __ret: R = { BODY };`.
pub(super) struct Hoisting {
    /// The index of `let __ret`.
    pub(super) start: usize,
    /// The index of the body's braces.
    pub(super) block: usize,
    pub(super) ret: TokenStream,
}

pub(super) fn async_trait_block(tokens: &[TokenTree]) -> Option<Hoisting> {
    let start = tokens
        .windows(3)
        .position(|w| is_ident(&w[0], "let") && is_ident(&w[1], "__ret") && is_punct(&w[2], ':'))?;
    let rest = &tokens[start + 3..];
    let end = rest
        .windows(2)
        .position(|w| is_punct(&w[0], '=') && is_brace(&w[1]))?;
    Some(Hoisting {
        start,
        block: start + 3 + end + 1,
        ret: collect(&rest[..end]),
    })
}

/// Finds the name in `let __self = self;`, with the span of the body's `__self`.
pub(super) fn hoisted_self(tokens: &[TokenTree]) -> Option<Ident> {
    tokens.iter().find_map(|t| match t {
        TokenTree::Ident(i) if i == "__self" => Some(i.clone()),
        _ => None,
    })
}

/// Removes the `mut` of `let mut x = x;` for each `x` that is cloned, as the body changes the
/// clone.
pub(super) fn without_mut(tokens: Tokens, cloned: &[String]) -> Tokens {
    let mut out: Tokens = Vec::with_capacity(tokens.len());
    for token in tokens {
        let is_cloned = matches!(&token, TokenTree::Ident(i) if cloned.contains(&i.to_string()));
        if is_cloned && out.last().is_some_and(|t| is_ident(t, "mut")) {
            out.pop();
        }
        out.push(match token {
            TokenTree::Group(g) => {
                let inner = without_mut(g.stream().into_iter().collect(), cloned);
                TokenTree::Group(group_like(&g, collect(&inner)))
            }
            other => other,
        });
    }
    out
}

/// Finds the block in `let body = async { BODY };` with `block_on(body)` behind it.
pub(super) fn tokio_block(tokens: &[TokenTree]) -> Option<usize> {
    let at = tokens.windows(4).position(|w| {
        is_ident(&w[0], "let")
            && is_ident(&w[1], "body")
            && is_punct(&w[2], '=')
            && is_ident(&w[3], "async")
    })?;
    let block = at + 4;
    let runs = collect(&tokens[block..]).to_string().contains("block_on");
    (runs && tokens.get(block).is_some_and(is_brace)).then_some(block)
}

/// Finds the block of the `async move { .. }` that begins at `at`.
pub(super) fn block_of_async_move(tokens: &[TokenTree], at: usize) -> Option<usize> {
    let is = is_ident(tokens.get(at)?, "async") && is_ident(tokens.get(at + 1)?, "move");
    (is && is_brace(tokens.get(at + 2)?)).then_some(at + 2)
}

/// Returns the index of the only token, if it is a group in braces.
pub(super) fn sole_brace(tokens: &[TokenTree]) -> Option<usize> {
    matches!(tokens, [t] if is_brace(t)).then_some(0)
}

/// Whether the tokens hold an identifier of that name, at any depth.
pub(super) fn holds(tokens: &[TokenTree], name: &str) -> bool {
    tokens.iter().any(|t| match t {
        TokenTree::Group(g) => holds(&g.stream().into_iter().collect::<Tokens>(), name),
        other => is_ident(other, name),
    })
}
