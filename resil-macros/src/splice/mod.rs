//! Splice: the user's block inside what other attributes have made of the function.
//!
//! Whatever ran before us has wrapped the body. The block is searched inside the shapes that
//! `async_trait`, `tracing::instrument` and `tokio::main`/`test` leave, and inside the future that a
//! hand-written function ends with; layers are put around that block, or around what an
//! `#[instrument]` made of it. All that was hoisted stays outside, and so does what is made of the
//! block: its box, its `.instrument(span)`.

mod rerun;
mod shapes;
mod tail;
mod wrapper;

use proc_macro2::{Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::{Local, Stmt};

use self::rerun::without_moves;
use self::shapes::{
    Tokens, async_trait_block, has_fake_return, hoisted_self, holds, tokio_block, without_mut,
};
use self::tail::{Step, Tail};
use self::wrapper::{Wrapper, enter, enter_behind_fake_return, in_written_order};
use crate::tokens::{collect, group_like, is_brace, is_ident, is_punct};

/// The async block of a function, and what others have put around it and into it.
pub(crate) struct Block {
    /// From the function's braces to the block.
    outer: Wrapper,
    kind: BodyKind,
    /// A `return` that leaves the function before the future that it ends with, and with it all layers.
    early_return: Option<Ident>,
    /// What each `#[instrument]` made, outermost first.
    instruments: Vec<Wrapper>,
    /// What is in all of them: the user's own block, where `async_trait` has not hoisted.
    core: Tokens,
}

/// What a run of layers is put around.
pub(crate) struct BodySite {
    /// The content of the braces.
    pub(crate) body: TokenStream,
    pub(crate) braces: Span,
    /// The type of its value, where the shape says it.
    pub(crate) ret: Option<TokenStream>,
    /// The block makes a future whose type is the function's, and not its value.
    pub(crate) is_boxed: bool,
    /// `__self` of `async_trait`.
    pub(crate) self_ident: Option<Ident>,
}

/// Whose block it is: each shape stands in some of them only, and what looks like it elsewhere is
/// the user's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BodyKind {
    /// An `async fn`, or the block that the runtime's attribute made of one.
    Async,
    /// The block in a future that the function returns: `Box::pin(async move { .. })`.
    Boxed,
}

/// How layers are put around a block.
pub(crate) struct Wrapping<'a> {
    /// Of each run of layers, outermost first: how many `#[instrument]`s stand below it.
    pub(crate) instruments_below: &'a [usize],
    /// It will run more than once: what an `#[instrument]` made of it may move nothing.
    pub(crate) runs_again: bool,
    /// Arguments that are cloned for each attempt: what is hoisted of them needs no `mut`.
    pub(crate) cloned: &'a [String],
    /// The function's own.
    pub(crate) braces: Span,
}

/// The block in `content` (of the function's braces); `None` if the function is not async and it is
/// in none of the known shapes.
pub(crate) fn locate(content: TokenStream, is_async: bool) -> Option<Block> {
    let mut frames = Vec::new();
    let mut core: Tokens = content.into_iter().collect();
    let mut kind = BodyKind::Async;
    let mut early_return = None;
    if !is_async {
        // `instrument` over a function whose `async` was taken before its turn: the block, behind a
        // fake return, is somewhere inside closures and braces.
        while holds(&core, "__tracing_attr_guard") {
            while !has_fake_return(&core) {
                let at = core
                    .iter()
                    .rposition(|t| holds(std::slice::from_ref(t), "__tracing_attr_fake_return"))?;
                core = enter(&mut frames, core, at)?;
            }
            core = enter_behind_fake_return(&mut frames, core)?;
        }
        if let Some(at) = tokio_block(&core) {
            core = enter(&mut frames, core, at)?;
        } else {
            kind = BodyKind::Boxed;
            let Tail::Future(way) = Tail::of(core.clone()) else {
                return None;
            };
            for step in way {
                early_return = early_return.or_else(|| returns_around(&core, &step));
                core = enter(&mut frames, core, step.at)?;
            }
        }
    }
    let mut instruments = Vec::new();
    loop {
        match Wrapper::of_instrument(core) {
            Ok((wrapper, inner)) => {
                instruments.push(wrapper);
                core = inner;
            }
            Err(tokens) => {
                core = tokens;
                break;
            }
        }
    }
    Some(Block {
        outer: Wrapper(frames),
        kind,
        early_return,
        instruments,
        core,
    })
}

/// The method behind the `async` block of `content` that keeps the layers from it: it may change the
/// block's value.
pub(crate) fn behind_the_block(content: TokenStream) -> Option<Ident> {
    match Tail::of(content.into_iter().collect()) {
        Tail::Behind(method) => Some(method),
        Tail::Future(_) | Tail::Other => None,
    }
}

impl Block {
    /// The `let`s into which `async_trait` has hoisted arguments.
    pub(crate) fn hoisted(&self) -> Vec<Local> {
        let Some(block) = self.hoisting() else {
            return Vec::new();
        };
        let hoisted: TokenStream = self.core[..block.start].iter().cloned().collect();
        let statements = syn::parse::Parser::parse2(syn::Block::parse_within, hoisted);
        let locals = statements.unwrap_or_default().into_iter();
        locals
            .filter_map(|statement| match statement {
                Stmt::Local(local) => Some(local),
                _ => None,
            })
            .collect()
    }

    /// The function's own type is that of a future that the block makes.
    pub(crate) fn is_boxed(&self) -> bool {
        self.kind == BodyKind::Boxed
    }

    /// A `return` that leaves the function before the block, and with it all layers.
    pub(crate) fn early_return(&self) -> Option<&Ident> {
        self.early_return.as_ref()
    }

    fn hoisting(&self) -> Option<shapes::Hoisting> {
        match self.kind {
            BodyKind::Boxed => async_trait_block(&self.core),
            BodyKind::Async => None,
        }
    }

    /// The function's content with layers: `replace` puts a run of them, by its number, around what
    /// is found.
    pub(crate) fn wrap(
        self,
        wrapping: &Wrapping<'_>,
        replace: &mut dyn FnMut(usize, BodySite) -> TokenStream,
    ) -> TokenStream {
        let hoisting = self.hoisting();
        let innermost = self.instruments.last().unwrap_or(&self.outer);
        let braces = innermost.hole().unwrap_or(wrapping.braces);
        let boxed = self.kind == BodyKind::Boxed;
        let mut instruments = in_written_order(self.instruments, wrapping.instruments_below);
        // Of others that are called `instrument` nothing is found.
        let found = instruments.len();
        let mut runs = wrapping
            .instruments_below
            .iter()
            .map(|n| (*n).min(found))
            .enumerate()
            .rev();
        let mut runs = runs.by_ref().peekable();

        let mut content = match runs.next_if(|(_, below)| *below == 0) {
            Some((run, _)) => match hoisting {
                Some(hoisting) => around_hoisted(self.core, hoisting, wrapping.cloned, |found| {
                    replace(run, found)
                }),
                None => replace(run, BodySite::block(collect(&self.core), braces, boxed)),
            },
            None => collect(&self.core),
        };
        for below in 0.. {
            while let Some((run, _)) = runs.next_if(|(_, n)| *n == below) {
                if wrapping.runs_again && below > 0 {
                    content = without_moves(content.into_iter().collect());
                }
                content = replace(run, BodySite::block(content, braces, boxed));
            }
            match instruments.pop() {
                Some(wrapper) => content = wrapper.around(content),
                None => break,
            }
        }
        self.outer.around(content)
    }
}

/// Layers around `async_trait`'s block, behind what it has hoisted.
fn around_hoisted(
    mut core: Tokens,
    hoisting: shapes::Hoisting,
    cloned: &[String],
    replace: impl FnOnce(BodySite) -> TokenStream,
) -> TokenStream {
    let TokenTree::Group(block) = &core[hoisting.block] else {
        return collect(&core);
    };
    let new = replace(BodySite {
        body: block.stream(),
        braces: block.span(),
        ret: Some(hoisting.ret),
        is_boxed: false,
        self_ident: hoisted_self(&core),
    });
    core[hoisting.block] = TokenTree::Group(group_like(block, new));
    let rest = core.split_off(hoisting.start);
    let hoisted = without_mut(core, cloned);
    hoisted.into_iter().chain(rest).collect()
}

impl BodySite {
    fn block(body: TokenStream, braces: Span, boxed: bool) -> Self {
        Self {
            body,
            braces,
            ret: None,
            is_boxed: boxed,
            self_ident: None,
        }
    }
}

/// A `return` beside the way to the block, which passes by all layers.
fn returns_around(tokens: &[TokenTree], step: &Step) -> Option<Ident> {
    let mut tokens = tokens.to_vec();
    if let Some(answer) = step.answer {
        tokens[answer] = Punct::new(';', Spacing::Alone).into();
    }
    returns(&tokens[..step.at]).or_else(|| returns(&tokens[step.at + 1..]))
}

/// A `return` that is not a closure's, an async block's or an inner function's.
fn returns(tokens: &[TokenTree]) -> Option<Ident> {
    let mut in_fn = false;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) if word == "return" => return Some(word.clone()),
            TokenTree::Ident(word) if word == "fn" => in_fn = true,
            TokenTree::Group(_) if in_fn => in_fn = !is_brace(token),
            TokenTree::Group(g) => {
                let before = at.checked_sub(1).map(|at| &tokens[at]);
                let own = before.is_some_and(|t| {
                    is_ident(t, "async") || is_ident(t, "move") || is_punct(t, '|')
                }) || is_typed_closure(&tokens[..at]);
                let inner: Tokens = g.stream().into_iter().collect();
                if let Some(word) = returns(&inner).filter(|_| !own) {
                    return Some(word);
                }
            }
            _ => {}
        }
    }
    None
}

/// `|x| -> T`, with the braces of the closure to follow.
fn is_typed_closure(tokens: &[TokenTree]) -> bool {
    let bar = tokens.iter().rposition(|t| is_punct(t, '|'));
    let typed = |ty: &[TokenTree]| {
        let ends = |t: &TokenTree| is_brace(t) || is_punct(t, ';');
        matches!(ty, [minus, greater, ..] if is_punct(minus, '-') && is_punct(greater, '>'))
            && !ty.iter().any(ends)
    };
    bar.is_some_and(|bar| typed(&tokens[bar + 1..]))
}
