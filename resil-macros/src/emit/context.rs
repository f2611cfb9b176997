//! The context of one stack's generated code: the parts that its layers share, and the facts that a
//! layer may ask for about the others.

use std::ops::Range;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::inner::{Inner, clone_of};
use super::underscore::underscored;
use crate::described::Described;
use crate::diag::Origin;
use crate::facts::Facts;
use crate::features;
use crate::input::{Binding, Input};
use crate::return_type::{error_span, success_span};
use crate::tokens::{Piece, group_like, mixed};

/// A stack and the function that it stands on.
pub(crate) struct StackContext<'a> {
    /// The path of resil.
    pub(crate) krate: &'a CratePath,
    pub(crate) input: &'a Input,
    /// Whether the layers wrap an `async` block. In a function that is not async they block the thread.
    pub(crate) is_async: bool,
    pub(crate) bindings: &'a [Binding],
    /// The facts of each layer, outermost first.
    pub(crate) facts: &'a [Facts],
    /// The layers in groups of neighbours, outermost first.
    pub(crate) groups: &'a [LayerGroup],
    /// What the catalog says of it, where functions are listed.
    pub(crate) described: Option<Described>,
    /// The shared stack that has brought layers.
    pub(crate) origin: Option<Origin>,
}

/// The path of resil, as tokens that stand in front of each name of generated code.
pub(crate) struct CratePath(Vec<(TokenTree, bool)>);

impl CratePath {
    pub(crate) fn new(path: TokenStream) -> Self {
        let tokens = path.into_iter().map(|token| {
            // It belongs to its own macro.
            let foreign = matches!(&token, TokenTree::Ident(i) if i == "$crate");
            (token, foreign)
        });
        Self(tokens.collect())
    }
}

/// Layers that no `#[instrument]` separates: they wrap one and the same block.
pub(crate) struct LayerGroup {
    pub(crate) layers: Range<usize>,
    /// The number of `#[instrument]`s that stand below them.
    pub(crate) instruments: usize,
}

/// The context in which one layer is expanded.
pub(crate) struct EmitContext<'a> {
    pub(crate) stack: &'a StackContext<'a>,
    /// The index of the group that the layer belongs to.
    pub(crate) group: usize,
    /// The index of the layer.
    pub(crate) layer: usize,
    /// The return type, as it can be named inside the function.
    pub(crate) ret: Piece,
    /// The place for faults of the success type.
    success_span: Span,
    /// What [`conversions`](Self::conversions) writes: all uses are the very same tokens.
    conversions: Piece,
    /// The name of `self` in the body, where `async_trait` has renamed it.
    pub(crate) self_ident: Option<Ident>,
}

impl StackContext<'_> {
    /// Whether the body may run more than once.
    pub(crate) fn runs_again(&self) -> bool {
        self.facts.iter().any(Facts::runs_again)
    }

    /// Whether code that runs after the body may use the arguments: another attempt, or a fallback.
    pub(crate) fn keeps_arguments(&self) -> bool {
        self.runs_again() || self.facts.iter().any(|layer| layer.uses_arguments_after)
    }

    /// Writes what stands before `self` where the body takes it, while other code may use the arguments
    /// after it. An owned `self` is moved, unless the body runs again.
    pub(crate) fn borrow_of_self(&self) -> TokenStream {
        if self.input.receiver_is_unique() {
            quote!(&mut *)
        } else if self.runs_again() || self.input.receiver_is_reference() {
            quote!(&*)
        } else {
            TokenStream::new()
        }
    }

    /// Returns the names of the arguments that are cloned for each attempt.
    pub(crate) fn cloned(&self) -> Vec<String> {
        let clones = self.facts.iter().flat_map(|layer| &layer.clones);
        clones.map(ToString::to_string).collect()
    }

    /// Whether a layer has to know whether an attempt was polled and how it ended.
    pub(crate) fn watches_attempts(&self) -> bool {
        self.facts.iter().any(|layer| layer.watches_attempts)
    }

    /// Whether the stack is one layer, which may pass on what the body returned.
    pub(crate) fn is_one_layer(&self) -> bool {
        self.facts.len() == 1
    }

    /// Whether what the layers share is a variable that they borrow: the future of a call that is seen has no
    /// room for references then. Where an `async move` block may name it, it is a reference.
    pub(crate) fn owns_shared(&self) -> bool {
        features::observes() && self.keeps_arguments()
    }

    /// Whether the layers have something to tell each other: how an attempt ended, or, in the
    /// events of several layers, which call it is. Timeouts alone have not, as only one of them
    /// fires.
    pub(crate) fn has_call_state(&self) -> bool {
        let tells = |layer: &Facts| layer.repeats.is_some() || layer.recovers;
        let needed = self.facts.iter().any(|layer| layer.needs_call_state);
        features::observes() || needed || self.facts.len() > 1 && self.facts.iter().any(tells)
    }
}

impl<'a> EmitContext<'a> {
    /// Returns the context of the group's block, inside all of its layers.
    pub(crate) fn new(
        stack: &'a StackContext<'a>,
        group: usize,
        ret: &Type,
        self_ident: Option<Ident>,
    ) -> Self {
        let mut cx = Self {
            stack,
            group,
            layer: stack.groups[group].layers.end,
            success_span: success_span(ret),
            ret: ret.to_token_stream().into_iter().collect(),
            conversions: Piece::default(),
            self_ident,
        };
        let can_refuse = cx.group_facts().iter().any(|layer| layer.can_refuse);
        // If no layer can refuse, nothing is required of the error type.
        let gate = if can_refuse {
            "conversions"
        } else {
            "conversions_bare"
        };
        cx.conversions = cx.gate(gate, error_span(ret));
        cx
    }

    /// Returns the facts of the layers around this one, outermost first.
    pub(crate) fn above(&self) -> &'a [Facts] {
        &self.stack.facts[..self.layer]
    }

    /// Returns the facts of the layers inside this one, outermost first.
    pub(crate) fn below(&self) -> &'a [Facts] {
        &self.stack.facts[self.layer + 1..]
    }

    /// Returns the arguments of which each run of the block of this group has a clone of its own: those
    /// that a layer of this group names, or one further out if this group runs its block again.
    pub(crate) fn group_clones(&self) -> Vec<Ident> {
        let layers = self.stack.groups[self.group].layers.clone();
        let named = |facts: &Facts| facts.runs_again() || !facts.clones.is_empty();
        if !self.group_facts().iter().any(named) {
            return Vec::new();
        }
        let mut all: Vec<Ident> = Vec::new();
        for name in self.stack.facts[..layers.end]
            .iter()
            .flat_map(|layer| &layer.clones)
        {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        all
    }

    /// Writes the clones that each run of the code inside this layer begins with. Of several layers that
    /// run it again the innermost one clones for all: what one further out has cloned would be shared
    /// by the runs of this one.
    pub(crate) fn clone_statements(&self) -> TokenStream {
        let layers = self.stack.groups[self.group].layers.clone();
        let mut inside = self.stack.facts[self.layer + 1..layers.end].iter();
        if inside.any(|layer| layer.runs_again() || !layer.clones.is_empty()) {
            return TokenStream::new();
        }
        let clones = self.group_clones().into_iter().map(|name| {
            let local = clone_of(&name);
            let at = mixed(name.span());
            let silent = underscored(&name, at);
            quote_spanned!(at=> #silent let #local = ::core::clone::Clone::clone(&#name);)
        });
        clones.collect()
    }

    /// Returns the facts of the layers of this group, outermost first.
    pub(crate) fn group_facts(&self) -> &'a [Facts] {
        &self.stack.facts[self.stack.groups[self.group].layers.clone()]
    }

    /// Whether this group wraps the user's own block, and no `#[instrument]` is below it.
    pub(crate) fn is_innermost_group(&self) -> bool {
        self.group + 1 == self.stack.groups.len()
    }

    /// Writes a name of `__private`, spanned at `span`.
    pub(crate) fn private(&self, name: &str, span: Span) -> Piece {
        self.path(name, mixed(span))
    }

    fn path(&self, name: &str, span: Span) -> Piece {
        // `quote_spanned!` leaves interpolated tokens where they were. All of them are moved into one
        // expansion, or rustc shows the whole attribute for errors in them; but a `$crate` belongs to
        // its own macro.
        let krate = self.stack.krate.0.iter().cloned().map(|(mut t, foreign)| {
            t.set_span(if foreign {
                t.span().located_at(span)
            } else {
                span
            });
            t
        });
        let mut path: Piece = krate.collect();
        path.colons(span);
        path.name("__private", span);
        path.colons(span);
        path.name(name, span);
        path
    }

    /// Writes the conversions between the function's `Result` and the outcomes of layers. They are
    /// the gate for types: all bounds on the user's types are theirs. All uses are the very same
    /// tokens, so that rustc reports a missing impl once.
    pub(crate) fn conversions(&self) -> &Piece {
        &self.conversions
    }

    /// Writes a gate for outcomes that are recorded. It reports faults of the success type.
    pub(crate) fn recorded(&self, gate: &str) -> Piece {
        self.gate(gate, self.success_span)
    }

    /// Writes the call of a gate: a function of `__private` that states bounds on the return type.
    /// It is spanned like the user's own token, so that rustc mentions no macro.
    fn gate(&self, name: &str, span: Span) -> Piece {
        let mut gate = self.path(name, span);
        gate.call_with(&self.ret, span);
        gate
    }

    /// Writes `move`, if no code after the body uses the arguments: then the body may move them.
    pub(crate) fn capture(&self, span: Span) -> TokenStream {
        if self.stack.keeps_arguments() {
            TokenStream::new()
        } else {
            quote_spanned!(mixed(span)=> move)
        }
    }

    /// Writes the user's expression, with `self` renamed as `async_trait` has renamed it in the
    /// body.
    pub(crate) fn with_self(&self, tokens: &TokenStream) -> TokenStream {
        match &self.self_ident {
            Some(this) => rename_self(tokens.clone(), this),
            None => tokens.clone(),
        }
    }

    /// Writes [`with_self`](Self::with_self) for a statement on entry. Such statements run in the
    /// outermost group. If this group is another one, an `#[instrument]` stands between the two,
    /// and above it `self` is not renamed.
    pub(crate) fn with_self_on_entry(&self, tokens: &TokenStream) -> TokenStream {
        if self.group == 0 {
            self.with_self(tokens)
        } else {
            tokens.clone()
        }
    }

    /// Writes `future` with its `.await` in an async function, and `blocking`, an expression of the same
    /// type that blocks the thread, in one that is not.
    pub(crate) fn awaits(
        &self,
        future: &TokenStream,
        blocking: &TokenStream,
        span: Span,
    ) -> TokenStream {
        if self.stack.is_async {
            quote_spanned!(mixed(span)=> #future.await)
        } else {
            blocking.clone()
        }
    }

    /// Writes a closure that makes the call `call`, in a function that is not async. If the body moves
    /// an argument, rustc reports this closure as an error of the private attribute, whose name says
    /// what to write.
    pub(crate) fn calling(call: &TokenStream, span: Span) -> TokenStream {
        let own = Span::mixed_site().located_at(span);
        quote_spanned!(own=> || #call)
    }

    /// Writes `inner` as a closure, for a layer that calls it: what [`future`](Self::future) is in a
    /// function that is not async.
    pub(crate) fn closure(&self, inner: Inner, span: Span) -> TokenStream {
        let (capture, value) = (self.capture(span), inner.awaited(span));
        quote_spanned!(mixed(span)=> #capture || #value)
    }

    /// Writes `inner` as a future, for a layer that polls it.
    pub(crate) fn future(&self, inner: Inner, span: Span) -> TokenStream {
        match inner {
            Inner::Future(tokens) => tokens,
            Inner::Mapped {
                future, outcome, ..
            } => {
                let map = self.private("map_output", span);
                quote_spanned!(mixed(span)=> #map(#future, |__resil_r| #outcome))
            }
            inner @ (Inner::Value(_) | Inner::Returned(_) | Inner::Called { .. }) => {
                let (capture, tokens) = (self.capture(span), inner.awaited(span));
                quote_spanned!(mixed(span)=> async #capture { #tokens })
            }
        }
    }
}

fn rename_self(tokens: TokenStream, this: &Ident) -> TokenStream {
    tokens
        .into_iter()
        .map(|t| match t {
            TokenTree::Ident(i) if i == "self" => TokenTree::Ident(Ident::new(
                &this.to_string(),
                this.span().located_at(i.span()),
            )),
            TokenTree::Group(g) => TokenTree::Group(group_like(&g, rename_self(g.stream(), this))),
            other => other,
        })
        .collect()
}
