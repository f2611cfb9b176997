//! Finds the user's block inside the code that other attributes have made of the function, and puts
//! layers around it.
//!
//! Attributes that were expanded before have wrapped the body. The block is looked for inside the
//! shapes that `async_trait`, `tracing::instrument` and `tokio::main`/`test` leave, and inside the
//! future that a hand-written function ends with. Layers go around that block, or around the code
//! that an `#[instrument]` made of it. Hoisted arguments stay outside, and so do the box of the
//! block and its `.instrument(span)`.

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

/// The async block of a function, and the code that other attributes have put around it.
pub(crate) struct Block {
    /// The code from the function's braces to the block.
    outer: Wrapper,
    kind: BodyKind,
    /// A `return` that leaves the function before the future that it ends with, and so bypasses all
    /// layers.
    early_return: Option<Ident>,
    /// The code of each `#[instrument]`, outermost first.
    instruments: Vec<Wrapper>,
    /// The code inside all of them: the user's own block, unless `async_trait` has hoisted
    /// arguments before it.
    core: Tokens,
}

/// The code that a group of layers wraps: the user's block, or the future that an `#[instrument]`
/// made.
pub(crate) struct BodySite {
    /// The content of the braces.
    pub(crate) body: TokenStream,
    pub(crate) braces: Span,
    /// The type of the block's value, if the shape tells it.
    pub(crate) ret: Option<TokenStream>,
    /// The function returns a future that the block makes, and not the block's value.
    pub(crate) is_boxed: bool,
    /// `__self` of `async_trait`.
    pub(crate) self_ident: Option<Ident>,
}

/// The kind of function that the block is in. Each shape occurs in some kinds only; code that looks
/// like it in another kind is the user's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BodyKind {
    /// An `async fn`, or the block that `#[tokio::main]` or `#[tokio::test]` made of one.
    Async,
    /// A function that returns a future with the block in it: `Box::pin(async move { .. })`.
    Boxed,
    /// A function that is not async, with the block as its body.
    Plain,
}

/// How the layers of a stack are put around a block.
pub(crate) struct Wrapping<'a> {
    /// For each group of layers, outermost first: the number of `#[instrument]`s below it.
    pub(crate) instruments_below: &'a [usize],
    /// Whether code that runs after the block may use the arguments. Then the code of an
    /// `#[instrument]` inside may move nothing.
    pub(crate) keeps_arguments: bool,
    /// What stands before `self` where such code takes it: `&*`.
    pub(crate) borrow_of_self: &'a TokenStream,
    /// The arguments that are cloned for each attempt: their hoisted variables need no `mut`.
    pub(crate) cloned: &'a [String],
    /// The function's own braces.
    pub(crate) braces: Span,
}

/// Finds the block in `content` (of the function's braces); `None` if the function is not async and
/// has none of the known shapes.
pub(crate) fn locate(content: TokenStream, is_async: bool) -> Option<Block> {
    let mut frames = Vec::new();
    let mut core: Tokens = content.into_iter().collect();
    let mut kind = BodyKind::Async;
    let mut early_return = None;
    if !is_async {
        // `instrument` was expanded on a function that had lost its `async` before. The block
        // stands behind a fake return, somewhere inside closures and braces.
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

/// Returns the method behind the `async` block of `content` that may change the block's value.
/// Because of such a method `locate` does not take the block.
pub(crate) fn behind_the_block(content: TokenStream) -> Option<Ident> {
    match Tail::of(content.into_iter().collect()) {
        Tail::Behind(method) => Some(method),
        Tail::Future(_) | Tail::Other => None,
    }
}

impl Block {
    /// Returns the block of a function that is not async: its body, inside the code that each
    /// `#[instrument]` made of it.
    pub(crate) fn plain(content: TokenStream) -> Self {
        let mut core: Tokens = content.into_iter().collect();
        let mut instruments = Vec::new();
        while let Some((wrapper, inner)) = Wrapper::of_plain_instrument(&core) {
            instruments.push(wrapper);
            core = inner;
        }
        Self {
            outer: Wrapper(Vec::new()),
            kind: BodyKind::Plain,
            early_return: None,
            instruments,
            core,
        }
    }

    /// Returns the `let`s into which `async_trait` has hoisted arguments.
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

    /// Whether the function returns a future that the block makes.
    pub(crate) fn is_boxed(&self) -> bool {
        self.kind == BodyKind::Boxed
    }

    /// Whether the function is not async, and returns no future.
    pub(crate) fn is_plain(&self) -> bool {
        self.kind == BodyKind::Plain
    }

    /// Returns a `return` that leaves the function before the block, and so bypasses all layers.
    pub(crate) fn early_return(&self) -> Option<&Ident> {
        self.early_return.as_ref()
    }

    fn hoisting(&self) -> Option<shapes::Hoisting> {
        match self.kind {
            BodyKind::Boxed => async_trait_block(&self.core),
            BodyKind::Async | BodyKind::Plain => None,
        }
    }

    /// Returns the function's content with layers. `replace` gets the index of a group of layers
    /// and a site, and returns the site's code with the group around it.
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
        // An attribute of another crate that is called `instrument` is not found.
        let found = instruments.len();
        let mut groups = wrapping
            .instruments_below
            .iter()
            .map(|n| (*n).min(found))
            .enumerate()
            .rev();
        let mut groups = groups.by_ref().peekable();

        let mut content = match groups.next_if(|(_, below)| *below == 0) {
            Some((group, _)) => match hoisting {
                Some(hoisting) => around_hoisted(self.core, hoisting, wrapping.cloned, |site| {
                    replace(group, site)
                }),
                None => replace(group, BodySite::block(collect(&self.core), braces, boxed)),
            },
            None => collect(&self.core),
        };
        for below in 0.. {
            while let Some((group, _)) = groups.next_if(|(_, n)| *n == below) {
                if wrapping.keeps_arguments && below > 0 {
                    content = without_moves(content.into_iter().collect(), wrapping.borrow_of_self);
                }
                content = replace(group, BodySite::block(content, braces, boxed));
            }
            match instruments.pop() {
                Some(wrapper) => content = wrapper.around(content),
                None => break,
            }
        }
        self.outer.around(content)
    }
}

/// Puts layers around the block of `async_trait`, behind its hoisted arguments.
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

/// Finds a `return` in the tokens beside the group that leads to the block. It bypasses all layers.
fn returns_around(tokens: &[TokenTree], step: &Step) -> Option<Ident> {
    let mut tokens = tokens.to_vec();
    if let Some(return_at) = step.return_at {
        tokens[return_at] = Punct::new(';', Spacing::Alone).into();
    }
    returns(&tokens[..step.at]).or_else(|| returns(&tokens[step.at + 1..]))
}

/// Finds a `return` that belongs to no closure, async block or inner function.
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

/// Whether the tokens end with `|x| -> T`, so that a closure's braces follow.
fn is_typed_closure(tokens: &[TokenTree]) -> bool {
    let bar = tokens.iter().rposition(|t| is_punct(t, '|'));
    let typed = |ty: &[TokenTree]| {
        let ends = |t: &TokenTree| is_brace(t) || is_punct(t, ';');
        matches!(ty, [minus, greater, ..] if is_punct(minus, '-') && is_punct(greater, '>'))
            && !ty.iter().any(ends)
    };
    bar.is_some_and(|bar| typed(&tokens[bar + 1..]))
}
