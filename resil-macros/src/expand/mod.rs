//! Folds the layers around the body, inside to outside.
//!
//! The body is the only `async` block inside a retry loop: a layer that must poll is a combinator
//! over the future inside it, one that acts before and after is plain statements. So rustc's
//! errors stay at the user's own tokens and the future stays small.

pub(crate) mod constant;
mod matching;
mod types;

use std::cell::{Cell, RefCell};
use std::ops::Range;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use crate::input::{Binding, Input, error_span, split_inner_attributes, success_span};
use crate::policy::Layer;
use crate::splice::Found;
pub(crate) use crate::tokens::mixed;
use crate::tokens::{first_span, group_like};

/// What is inside a layer: an expression of type `Outcome<T, E, P>`, or a future of one.
pub(crate) enum Inner {
    /// A future.
    Future(TokenStream),
    /// An expression that may contain `.await`.
    Value(TokenStream),
}

impl Inner {
    /// As an expression, for a layer that acts before and after.
    pub(crate) fn value(self, span: Span) -> TokenStream {
        match self {
            Self::Value(tokens) => tokens,
            Self::Future(tokens) => quote_spanned!(mixed(span)=> #tokens.await),
        }
    }

    /// As a future, for a layer that polls.
    pub(crate) fn future(self, cx: &EmitContext<'_>, span: Span) -> TokenStream {
        match self {
            Self::Future(tokens) => tokens,
            Self::Value(tokens) => {
                let capture = cx.capture(span);
                quote_spanned!(mixed(span)=> async #capture { #tokens })
            }
        }
    }
}

/// One stack on one function.
pub(crate) struct Plan<'a> {
    pub(crate) krate: &'a TokenStream,
    pub(crate) input: &'a Input,
    pub(crate) bindings: &'a [Binding],
    /// Outermost first.
    pub(crate) layers: &'a [Layer],
    /// The runs of them that `#[instrument]`s part, outermost first.
    pub(crate) parts: &'a [Part],
    /// Statements before all layers, gathered while they are expanded.
    pub(crate) entry: RefCell<TokenStream>,
}

/// A run of layers around one block: the whole stack, or what stands between two `#[instrument]`s.
pub(crate) struct Part {
    pub(crate) layers: Range<usize>,
    /// So many `#[instrument]`s stand below it.
    pub(crate) instruments: usize,
}

/// What the layers of one part share.
pub(crate) struct EmitContext<'a> {
    plan: &'a Plan<'a>,
    /// Its number among the plan's parts.
    part: usize,
    /// The return type, nameable inside the function.
    ret: TokenStream,
    /// No layer can refuse: nothing is asked of the error type.
    bare: bool,
    /// Arguments that are cloned for each attempt.
    clones: Vec<Ident>,
    /// What the body calls the number of the attempt.
    attempt: Option<Ident>,
    /// What the body calls `self`, where that is not `self`.
    self_ident: Option<Ident>,
    /// A circuit stands above the layer that is being expanded: its permit is in scope.
    has_permit: Cell<bool>,
}

impl Plan<'_> {
    /// The body may run more than once.
    fn runs_again(&self) -> bool {
        self.layers.iter().any(Layer::runs_again)
    }

    /// A layer has to know how an attempt ended.
    fn is_watched(&self) -> bool {
        self.layers.iter().any(Layer::wants_mark)
    }

    /// Its layers have something to tell each other: how an attempt ended, or which call it is in the
    /// events of several of them. (Of two timeouts only one fires.)
    fn has_mark(&self) -> bool {
        let mut layers = self.layers.iter();
        self.is_watched() || layers.len() > 1 && layers.any(|l| matches!(l, Layer::Retry(_)))
    }

    /// Whether the user's own block is what `part` is around.
    fn is_innermost(&self, part: usize) -> bool {
        part + 1 == self.parts.len()
    }
}

impl EmitContext<'_> {
    /// A name out of `__private`, spanned at `span`.
    pub(crate) fn private(&self, name: &str, span: Span) -> TokenStream {
        self.path(name, mixed(span))
    }

    fn path(&self, name: &str, span: Span) -> TokenStream {
        let name = Ident::new(name, span);
        // `quote_spanned!` leaves what is interpolated where it was. All of one expansion, or rustc
        // shows the whole attribute for what is made of such tokens; but a `$crate` is its macro's.
        let krate: TokenStream = self
            .plan
            .krate
            .clone()
            .into_iter()
            .map(|mut t| {
                let foreign = matches!(&t, TokenTree::Ident(i) if i == "$crate");
                t.set_span(if foreign {
                    t.span().located_at(span)
                } else {
                    span
                });
                t
            })
            .collect();
        quote_spanned!(span=> #krate::__private::#name)
    }

    /// The gate for types: always the very same tokens, so that rustc reports a fault once.
    pub(crate) fn edge(&self) -> TokenStream {
        self.gate(if self.bare { "edge_bare" } else { "edge" })
    }

    /// The gate for what is recorded: faults of the success type.
    pub(crate) fn recorded(&self, gate: &str) -> TokenStream {
        self.gate_at(gate, success_span(&self.ret))
    }

    fn gate(&self, name: &str) -> TokenStream {
        self.gate_at(name, error_span(&self.ret))
    }

    /// A gate function of `__private` on the return type, which it names alone: so it may stand
    /// there as the user's own token, and rustc speaks of no macro.
    fn gate_at(&self, name: &str, span: Span) -> TokenStream {
        let gate = self.path(name, span);
        let ret = &self.ret;
        quote_spanned!(span=> #gate::<#ret, _, _>())
    }

    /// Adds a statement that runs on entry, before all layers.
    pub(crate) fn on_entry(&self, statement: &TokenStream) {
        self.plan.entry.borrow_mut().extend(quote!(#statement));
    }

    /// `move`, where nothing runs twice: then what is inside may move the arguments.
    fn capture(&self, span: Span) -> TokenStream {
        if self.plan.runs_again() {
            TokenStream::new()
        } else {
            quote_spanned!(mixed(span)=> move)
        }
    }

    /// The user's expression, with `self` as the body knows it: `async_trait` has renamed it there.
    pub(crate) fn this(&self, tokens: &TokenStream) -> TokenStream {
        match &self.self_ident {
            Some(this) => rename_self(tokens.clone(), this),
            None => tokens.clone(),
        }
    }

    /// [`this`](Self::this), for what is on entry: the outermost part need not be this one, and
    /// above an `#[instrument]` nothing has renamed `self`.
    pub(crate) fn this_on_entry(&self, tokens: &TokenStream) -> TokenStream {
        if self.part == 0 {
            self.this(tokens)
        } else {
            tokens.clone()
        }
    }

    /// The static that says where the attributes stand.
    pub(crate) fn site(span: Span) -> TokenStream {
        quote_spanned!(mixed(span)=> &__RESIL_SITE)
    }

    /// `Some(&mark)` where the stack has one.
    pub(crate) fn mark_option(&self, span: Span) -> TokenStream {
        if self.plan.has_mark() {
            quote_spanned!(mixed(span)=> ::core::option::Option::Some(__resil_mark))
        } else {
            quote_spanned!(mixed(span)=> ::core::option::Option::None)
        }
    }

    /// `inner` as an expression, for a layer below `above` that acts before and after. It is awaited
    /// under the permit of a circuit, unless what polls this layer does so already.
    pub(crate) fn value(&self, inner: Inner, above: &[Layer], span: Span) -> TokenStream {
        match inner {
            Inner::Future(future) if self.polls_for_circuit(above) => {
                let under_permit = self.private("under_permit", span);
                quote_spanned!(mixed(span)=> #under_permit(__resil_under, #future).await)
            }
            inner => inner.value(span),
        }
    }

    /// Whether an `.await` of a layer below `above` is one of the circuit's own block: nothing that
    /// is polled as a whole stands in between.
    fn polls_for_circuit(&self, above: &[Layer]) -> bool {
        let part = above.get(self.plan.parts[self.part].layers.start..);
        let mut between = part.unwrap_or_default().iter().rev();
        let first = between.find(|l| !matches!(l, Layer::Retry(_)));
        matches!(first, Some(Layer::Circuit(_)))
    }

    /// `question`, an expression that asks code of the user's about an outcome: a circuit around it
    /// has to know that a panic is one of the call.
    pub(crate) fn asking(&self, question: TokenStream, span: Span) -> TokenStream {
        if self.has_permit.get() {
            return quote_spanned!(mixed(span)=> __resil_under.asking(|| #question));
        }
        let mut layers = self.plan.layers.iter();
        if layers.any(|l| matches!(l, Layer::Circuit(_))) {
            quote_spanned!(mixed(span)=> __resil_mark.asking(|| #question))
        } else {
            question
        }
    }

    /// The clones that each attempt begins with.
    pub(crate) fn clone_statements(&self) -> TokenStream {
        self.clones
            .iter()
            .map(|name| {
                let local = clone_of(name);
                quote_spanned!(mixed(name.span())=> let #local = ::core::clone::Clone::clone(&#name);)
            })
            .collect()
    }

    /// The user's block as the innermost future.
    fn body(&self, found: &Found, rebind_self: Option<&TokenStream>) -> Inner {
        let span = first_span(&found.body);
        let at = mixed(span);
        let (_, body) = split_inner_attributes(found.body.clone());
        let capture = self.capture(span);
        let ret = &self.ret;
        // Of the declared type, so that `?` and inference are pinned to it; never executed.
        let ret_span = first_span(ret);
        let never = self.private("never", ret_span);
        let dead_return = quote_spanned! {mixed(ret_span)=>
            if false {
                return #never::<#ret>();
            }
        };
        let rebind = self.rebind();
        // With the user's own braces: their edition says when the value's temporaries are dropped.
        // Not alone in them, or they would look as if they were too many.
        let mut block = Group::new(Delimiter::Brace, quote!(#dead_return #body));
        block.set_span(found.braces);
        let block = if self.clones.is_empty() {
            block.to_token_stream()
        } else {
            // As the arguments of a function do, the clones outlive them in each edition.
            quote_spanned!(at=> match () { () => #block })
        };
        // What the body moves, rustc reports at this block, as an error of the attribute that it
        // stems from: by its name the private one says what to write.
        let own = Span::mixed_site().located_at(span);
        let mut future = quote_spanned!(own=> async #capture { #rebind_self #rebind #block });
        if self.layers().iter().any(|l| matches!(l, Layer::Retry(_))) {
            let attempt = self.private("attempt", span);
            future = quote_spanned!(at=> #attempt(&__RESIL_RETRY, #future));
        }
        if self.plan.is_watched() && self.plan.is_innermost(self.part) {
            let watch = self.private("watch", span);
            future = quote_spanned!(at=> #watch(#future, __resil_mark));
        }
        let (then, edge) = (self.private("then", span), self.edge());
        let lift = if self.plan.is_innermost(self.part) {
            let lift = self.private("lift", span);
            quote_spanned!(at=> #lift(__resil_r, #edge))
        } else {
            // What a layer below the `#[instrument]` raised has passed through it as `E`.
            let lift = self.private("lift_carried", span);
            quote_spanned!(at=> #lift(__resil_r, #edge, __resil_carry))
        };
        Inner::Future(quote_spanned!(at=> #then(#future, |__resil_r| #lift)))
    }

    fn layers(&self) -> &[Layer] {
        &self.plan.layers[self.plan.parts[self.part].layers.clone()]
    }

    /// What gives each attempt names of its own: its number, clones of arguments, and reborrows of
    /// `&mut` ones.
    fn rebind(&self) -> TokenStream {
        let mut out = TokenStream::new();
        if let Some(name) = &self.attempt {
            // The user's own token, so that the body finds it, and lints speak of it there.
            out.extend(quote_spanned!(mixed(name.span())=> let #name: ::core::primitive::u32 = __resil_attempt;));
        }
        if !self.plan.runs_again() && self.clones.is_empty() {
            return out;
        }
        for Binding {
            ident,
            mutable,
            unique_reference,
            cfgs,
        } in self.plan.bindings
        {
            let at = mixed(ident.span());
            if self.clones.contains(ident) {
                let local = clone_of(ident);
                let mutable = mutable.map(|span| quote_spanned!(span=> mut));
                out.extend(quote_spanned!(at=> #(#cfgs)* let #mutable #ident = #local;));
            } else if *unique_reference && self.plan.runs_again() {
                out.extend(quote_spanned!(at=> #(#cfgs)* let #ident = &mut *#ident;));
            }
        }
        out
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

fn clone_of(name: &Ident) -> Ident {
    format_ident!("__resil_clone_{}", name, span = mixed(name.span()))
}

/// An `Option` in generated code.
pub(crate) fn option(value: Option<&impl ToTokens>, at: Span) -> TokenStream {
    value.map_or_else(
        || quote_spanned!(at=> ::core::option::Option::None),
        |value| quote_spanned!(at=> ::core::option::Option::Some(#value)),
    )
}

/// The statements and the value that take the place of a block: the layers of `part` around it.
/// The inner part has to be folded first.
pub(crate) fn fold(plan: &Plan<'_>, part: usize, ret: TokenStream, found: &Found) -> TokenStream {
    let range = plan.parts[part].layers.clone();
    let layers = &plan.layers[range.clone()];
    let retry = layers.iter().find_map(|l| match l {
        Layer::Retry(retry) => Some(retry),
        _ => None,
    });
    let cx = EmitContext {
        plan,
        part,
        ret,
        bare: layers.iter().all(|l| matches!(l, Layer::Retry(_))),
        clones: retry.map(|r| r.clone.clone()).unwrap_or_default(),
        attempt: retry.and_then(|r| r.attempt.clone()),
        self_ident: found.self_ident.clone(),
        has_permit: Cell::new(false),
    };
    let (inner_attributes, _) = split_inner_attributes(found.body.clone());
    let rebind_self = match &found.self_ident {
        Some(this) if plan.runs_again() && plan.input.receiver_is_unique() => {
            Some(quote_spanned!(mixed(this.span())=> let #this = &mut *#this;))
        }
        _ => None,
    };
    let mut inner = cx.body(found, rebind_self.as_ref());
    for i in range.rev() {
        let (above, below) = (&plan.layers[..i], &plan.layers[i + 1..]);
        let mut around = above.iter();
        cx.has_permit
            .set(around.any(|l| matches!(l, Layer::Circuit(_))));
        inner = plan.layers[i].expand(inner, above, below, &cx);
    }
    let span = layers.first().map_or_else(Span::call_site, Layer::span);
    let at = mixed(span);
    let value = inner.value(span);
    // What is on entry stands in the outermost part.
    let entry = (part == 0).then(|| {
        let (site, entry) = (cx.site_statics(), plan.entry.take());
        quote!(#site #entry)
    });
    let edge = cx.edge();
    let finish = if part == 0 {
        let finish = cx.private("finish", span);
        quote_spanned!(at=> #finish(__resil_out, #edge))
    } else {
        let finish = cx.private("finish_carrying", span);
        quote_spanned!(at=> #finish(__resil_out, #edge, __resil_carry))
    };
    quote_spanned! {at=>
        #inner_attributes
        #entry
        let __resil_out = #value;
        #finish
    }
}

impl EmitContext<'_> {
    /// What every stack has: its site, and what its layers share where one of them asks for it.
    fn site_statics(&self) -> TokenStream {
        let name = &self.plan.input.sig.ident;
        let at = mixed(name.span());
        let site = self.private("Site", name.span());
        let text = name.to_string();
        let text = text.strip_prefix("r#").unwrap_or(&text);
        let mark = self.plan.has_mark().then(|| {
            let mark = self.private("Mark", name.span());
            quote_spanned!(at=> let __resil_mark = &#mark::new();)
        });
        let carry = (self.plan.parts.len() > 1).then(|| {
            let carry = self.private("Carry", name.span());
            quote_spanned!(at=> let __resil_carry = &#carry::new();)
        });
        quote_spanned! {at=>
            static __RESIL_SITE: #site = #site::new(
                ::core::concat!(::core::module_path!(), "::", #text),
                ::core::line!(),
            );
            #mark
            #carry
        }
    }
}
