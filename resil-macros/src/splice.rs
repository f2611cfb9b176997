//! Splice: the user's block inside what other attributes have made of the function.
//!
//! Whatever ran before us has wrapped the body. The block is searched inside the shapes that
//! `async_trait`, `tracing::instrument` and `tokio::main`/`test` leave, and inside a hand-written
//! `Box::pin(async move { .. })`; only that block is replaced, all that was hoisted stays outside
//! it. The shapes are private to their crates: a test pins each.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::quote;

use crate::tokens::braced_like;

/// The user's block, found.
pub(crate) struct Found {
    /// The content of the braces.
    pub(crate) body: TokenStream,
    /// The type of its value, where the shape says it.
    pub(crate) ret: Option<TokenStream>,
    /// `__self` of `async_trait`.
    pub(crate) self_ident: Option<Ident>,
    /// `mut`s of arguments that the shape has hoisted into `let`s.
    pub(crate) hoisted_mut: Vec<Ident>,
}

/// Which part of the function a run of layers is put around.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Around {
    /// The user's own block.
    Block,
    /// The whole of what an `#[instrument]` made of it: the one with `below` of them from it to the
    /// block, itself included. `again`: it will run more than once, so that its `async move`s may
    /// move nothing.
    Instrument { below: usize, again: bool },
}

/// `content` (of the function's braces) with `replace` applied to the block that is searched.
/// `None` if it is in none of the known shapes and not `plain` (an `async fn`'s own block).
pub(crate) fn splice(
    content: TokenStream,
    plain: bool,
    around: Around,
    cloned: &[String],
    replace: &mut dyn FnMut(Found) -> TokenStream,
) -> Option<TokenStream> {
    Splice {
        around,
        cloned,
        replace,
    }
    .descend(content.into_iter().collect(), plain)
}

struct Splice<'a> {
    around: Around,
    /// Arguments that are cloned for each attempt: what is hoisted of them needs no `mut`.
    cloned: &'a [String],
    replace: &'a mut dyn FnMut(Found) -> TokenStream,
}

type Tokens = Vec<TokenTree>;

impl Splice<'_> {
    fn descend(&mut self, mut tokens: Tokens, plain: bool) -> Option<TokenStream> {
        if let Some(at) = instrument_block(&tokens) {
            if let Around::Instrument { below, again } = self.around
                && instruments(&tokens) <= below
            {
                let body = if again {
                    without_moves(tokens)
                } else {
                    collect(tokens)
                };
                return Some((self.replace)(Found::block(body)));
            }
            return replace_group(tokens, at, |g| self.inside_instrument(g));
        }
        if let Some((at, ret)) = async_trait_block(&tokens) {
            let TokenTree::Group(g) = &tokens[at] else {
                return None;
            };
            let new = (self.replace)(Found {
                body: g.stream(),
                ret: Some(ret),
                self_ident: hoisted_self(&tokens),
                hoisted_mut: hoisted_muts(&tokens[..at]),
            });
            tokens[at] = TokenTree::Group(braced_like(g, new));
            let rest = tokens.split_off(at);
            let hoisted = without_mut(tokens, self.cloned);
            return Some(hoisted.into_iter().chain(rest).collect());
        }
        if let Some(at) = tokio_block(&tokens) {
            return replace_group(tokens, at, |g| self.descend(g, true));
        }
        if let Some(at) = boxed_tail(&tokens) {
            return replace_group(tokens, at, |call| {
                let block = call.iter().position(is_brace)?;
                replace_group(call, block, |g| self.descend(g, true))
            });
        }
        if let Some(at) = async_tail(&tokens).filter(|_| !plain) {
            return replace_group(tokens, at, |g| self.descend(g, true));
        }
        plain.then(|| (self.replace)(Found::block(collect(tokens))))
    }

    /// Inside of it the user's block stands behind a fake return, with `err` and `ret` one level
    /// deeper still; over `async_trait` or a hand-written future it is the whole.
    fn inside_instrument(&mut self, tokens: Tokens) -> Option<TokenStream> {
        if has_fake_return(&tokens) {
            let at = tokens.iter().rposition(is_brace)?;
            // `instrument` wraps the body in one more pair of braces than it had.
            return replace_group(tokens, at, |g| match sole_brace(&g) {
                Some(inner) => replace_group(g, inner, |g| self.descend(g, true)),
                None => self.descend(g, true),
            });
        }
        if let Some(at) = recorded_block(&tokens) {
            return replace_group(tokens, at, |g| self.inside_instrument(g));
        }
        self.descend(tokens, true)
    }
}

impl Found {
    fn block(body: TokenStream) -> Self {
        Self {
            body,
            ret: None,
            self_ident: None,
            hoisted_mut: Vec::new(),
        }
    }
}

/// `let __tracing_instrument_future = async move { .. }`: where its block is.
fn instrument_block(tokens: &[TokenTree]) -> Option<usize> {
    block_of_async_move(tokens, instrument_future(tokens)? + 3)
}

fn instrument_future(tokens: &[TokenTree]) -> Option<usize> {
    tokens
        .windows(2)
        .position(|w| is_ident(&w[0], "let") && is_ident(&w[1], "__tracing_instrument_future"))
}

/// How many `#[instrument]`s stand inside one another.
fn instruments(tokens: &[TokenTree]) -> usize {
    let deeper = tokens.iter().map(|t| match t {
        TokenTree::Group(g) => instruments(&g.stream().into_iter().collect::<Tokens>()),
        _ => 0,
    });
    usize::from(instrument_future(tokens).is_some()) + deeper.sum::<usize>()
}

/// `err` and `ret` put the block into `async move { .. }.await` of their own.
fn recorded_block(tokens: &[TokenTree]) -> Option<usize> {
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
    // The user's own `match async move { .. }.await` looks the same but for what follows it.
    let recorded = collect(tokens[at..].to_vec())
        .to_string()
        .contains(":: tracing :: event !");
    (recorded || has_fake_return(&inner)).then_some(at)
}

fn has_fake_return(tokens: &[TokenTree]) -> bool {
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

/// `let __ret: R = { BODY }`: where the body is, and R.
fn async_trait_block(tokens: &[TokenTree]) -> Option<(usize, TokenStream)> {
    let at = tokens
        .windows(3)
        .position(|w| is_ident(&w[0], "let") && is_ident(&w[1], "__ret") && is_punct(&w[2], ':'))?;
    let rest = &tokens[at + 3..];
    let end = rest
        .windows(2)
        .position(|w| is_punct(&w[0], '=') && is_brace(&w[1]))?;
    Some((at + 3 + end + 1, collect(rest[..end].to_vec())))
}

/// `let __self = self;`: the name, with the span that the body's `__self` has.
fn hoisted_self(tokens: &[TokenTree]) -> Option<Ident> {
    tokens.iter().find_map(|t| match t {
        TokenTree::Ident(i) if i == "__self" => Some(i.clone()),
        _ => None,
    })
}

/// The names in `let mut x = x;`.
fn hoisted_muts(tokens: &[TokenTree]) -> Vec<Ident> {
    tokens
        .windows(3)
        .filter(|w| is_ident(&w[0], "let") && is_ident(&w[1], "mut"))
        .filter_map(|w| match &w[2] {
            TokenTree::Ident(i) => Some(i.clone()),
            _ => None,
        })
        .collect()
}

/// `let mut x = x;` without its `mut`, for each `x` that is cloned: the clone is what changes.
fn without_mut(mut tokens: Tokens, cloned: &[String]) -> Tokens {
    let is_cloned =
        |t: &TokenTree| matches!(t, TokenTree::Ident(i) if cloned.contains(&i.to_string()));
    // From the end, so that what was removed does not move what is still to be looked at.
    for at in (2..tokens.len()).rev() {
        if is_ident(&tokens[at - 2], "let")
            && is_ident(&tokens[at - 1], "mut")
            && is_cloned(&tokens[at])
        {
            tokens.remove(at - 1);
        }
    }
    tokens
}

/// `let body = async { BODY };` with `block_on(body)` behind it.
fn tokio_block(tokens: &[TokenTree]) -> Option<usize> {
    let at = tokens.windows(4).position(|w| {
        is_ident(&w[0], "let")
            && is_ident(&w[1], "body")
            && is_punct(&w[2], '=')
            && is_ident(&w[3], "async")
    })?;
    let block = at + 4;
    let runs = collect(tokens[block..].to_vec())
        .to_string()
        .contains("block_on");
    (runs && tokens.get(block).is_some_and(is_brace)).then_some(block)
}

/// A tail `Box::pin(async move { .. })`: where its parentheses are.
fn boxed_tail(tokens: &[TokenTree]) -> Option<usize> {
    let [.., name, TokenTree::Group(call)] = tokens else {
        return None;
    };
    let mut inner = call.stream().into_iter();
    let pins = call.delimiter() == Delimiter::Parenthesis
        && is_ident(name, "pin")
        && inner.next().is_some_and(|t| is_ident(&t, "async"));
    pins.then_some(tokens.len() - 1)
}

/// A tail `async move { .. }`.
fn async_tail(tokens: &[TokenTree]) -> Option<usize> {
    match tokens {
        [.., a, b] if is_ident(a, "async") && is_brace(b) => Some(tokens.len() - 1),
        [.., a, m, b] if is_ident(a, "async") && is_ident(m, "move") && is_brace(b) => {
            Some(tokens.len() - 1)
        }
        _ => None,
    }
}

/// The block of the `async move { .. }` that begins at `at`.
fn block_of_async_move(tokens: &[TokenTree], at: usize) -> Option<usize> {
    let is = is_ident(tokens.get(at)?, "async") && is_ident(tokens.get(at + 1)?, "move");
    (is && is_brace(tokens.get(at + 2)?)).then_some(at + 2)
}

/// What `instrument` made, able to run again: its own `async move`s become `async`, and what
/// `async_trait` hoisted into them is borrowed. So for each one inside it.
fn without_moves(mut tokens: Tokens) -> TokenStream {
    if let Some(at) = instrument_block(&tokens) {
        map_group(&mut tokens[at], |mut inner| match recorded_block(&inner) {
            Some(deeper) => {
                map_group(&mut inner[deeper], borrowing);
                inner.remove(deeper - 1);
                collect(inner)
            }
            None => borrowing(inner),
        });
        tokens.remove(at - 1);
    }
    for token in &mut tokens {
        if instruments(std::slice::from_ref(token)) > 0 {
            map_group(token, without_moves);
        }
    }
    collect(tokens)
}

/// `async_trait`'s `let __self = self; let x = x;` for a block that runs again.
fn borrowing(tokens: Tokens) -> TokenStream {
    let Some((end, _)) = async_trait_block(&tokens) else {
        return collect(tokens);
    };
    let mut out = TokenStream::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at..] {
            [l, TokenTree::Ident(a), eq, TokenTree::Ident(b), semi, ..]
                if at < end && is_ident(l, "let") && is_punct(eq, '=') && is_punct(semi, ';') =>
            {
                if a == "__self" {
                    out.extend(quote!(let #a = &*#b;));
                } else if a != b {
                    out.extend(tokens[at..at + 5].iter().cloned());
                }
                at += 5;
            }
            [l, m, TokenTree::Ident(a), eq, TokenTree::Ident(b), semi, ..]
                if at < end
                    && is_ident(l, "let")
                    && is_ident(m, "mut")
                    && a == "__self"
                    && is_punct(eq, '=')
                    && is_punct(semi, ';') =>
            {
                out.extend(quote!(let #a = &mut *#b;));
                at += 6;
            }
            _ => {
                out.extend([tokens[at].clone()]);
                at += 1;
            }
        }
    }
    out
}

fn replace_group(
    mut tokens: Tokens,
    at: usize,
    replace: impl FnOnce(Tokens) -> Option<TokenStream>,
) -> Option<TokenStream> {
    let TokenTree::Group(g) = &tokens[at] else {
        return None;
    };
    let new: Group = braced_like(g, replace(g.stream().into_iter().collect())?);
    tokens[at] = TokenTree::Group(new);
    Some(collect(tokens))
}

fn map_group(token: &mut TokenTree, map: impl FnOnce(Tokens) -> TokenStream) {
    if let TokenTree::Group(g) = token {
        let new = map(g.stream().into_iter().collect());
        *token = TokenTree::Group(braced_like(g, new));
    }
}

/// The one brace group that is all there is.
fn sole_brace(tokens: &[TokenTree]) -> Option<usize> {
    matches!(tokens, [t] if is_brace(t)).then_some(0)
}

fn collect(tokens: Tokens) -> TokenStream {
    tokens.into_iter().collect()
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(i) if i == name)
}

fn is_punct(token: &TokenTree, c: char) -> bool {
    matches!(token, TokenTree::Punct(p) if p.as_char() == c)
}

fn is_brace(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace)
}
