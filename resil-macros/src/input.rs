//! The annotated function, as far as checks and expansion have to know it.
//!
//! The body stays raw tokens. It is never parsed, so that it may have any syntax that rustc
//! accepts.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, FnArg, GenericParam, Local, Pat, ReceiverKind, ReturnType, Signature, Token, Type,
    Visibility,
};

use crate::tokens::{inside, is_punct, open};

/// An annotated function.
pub(crate) struct Input {
    pub(crate) attrs: Vec<Attribute>,
    vis: Visibility,
    defaultness: Option<Ident>,
    pub(crate) sig: Signature,
    /// The braces with the body; `None` for a `;` in a trait.
    pub(crate) body: Option<Group>,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let defaultness = if input.peek(syn::Ident)
            && input.fork().parse::<Ident>().is_ok_and(|i| i == "default")
        {
            Some(input.parse()?)
        } else {
            None
        };
        let sig = input.parse()?;
        let body = match input.parse::<Option<Token![;]>>()? {
            Some(_) => None,
            None => Some(input.parse()?),
        };
        Ok(Self {
            attrs,
            vis,
            defaultness,
            sig,
            body,
        })
    }
}

impl Input {
    /// Returns the function with another body, and with `docs` behind its own docs. The arguments
    /// in `cloned` lose their `mut`, as the body changes the clones.
    pub(crate) fn with_body(
        &self,
        content: TokenStream,
        cloned: &[String],
        docs: &TokenStream,
    ) -> TokenStream {
        let Self {
            attrs,
            vis,
            defaultness,
            sig,
            body,
        } = self;
        let mut sig = sig.clone();
        for arg in &mut sig.inputs {
            if let FnArg::Typed(arg) = arg {
                drop_mut(&mut arg.pat, cloned);
            }
        }
        let body = body.as_ref().map(|braces| {
            let mut body = Group::new(braces.delimiter(), content);
            body.set_span(braces.span());
            body
        });
        quote!(#(#attrs)* #docs #vis #defaultness #sig #body)
    }

    /// Returns the names that the arguments bind, in their patterns or in the `let`s into which
    /// `async_trait` has hoisted the patterns.
    pub(crate) fn bindings(&self, hoisted: &[Local]) -> Vec<Binding> {
        let bind = |all: &mut Vec<Binding>, pat: &Pat, attrs: &[Attribute], unique: bool| {
            let whole = matches!(pat, Pat::Ident(_));
            bindings_of(pat, &mut |ident, mutable| {
                all.push(Binding {
                    ident,
                    mutable,
                    unique_reference: unique && whole,
                    cfgs: cfgs_of(attrs),
                });
            });
        };
        let (mut all, mut arguments) = (Vec::new(), Vec::new());
        for local in hoisted {
            bind(&mut all, &local.pat, &local.attrs, false);
        }
        for arg in &self.sig.inputs {
            if let FnArg::Typed(arg) = arg {
                let unique = match &*arg.ty {
                    Type::Reference(r) => r.mutability.is_some(),
                    _ => false,
                };
                bind(&mut arguments, &arg.pat, &arg.attrs, unique);
            }
        }
        // A hoisted argument is known by its `let`. Of two arguments with one name each build has one, by
        // their `#[cfg]`s.
        let locals = all.len();
        for argument in arguments {
            let is_again = all.iter().enumerate().any(|(at, other)| {
                other.ident == argument.ident && (at < locals || other.cfgs == argument.cfgs)
            });
            if !is_again {
                all.push(argument);
            }
        }
        // The name that `async_trait` gives to an argument with a pattern does not count.
        all.retain(|b| {
            let text = b.ident.to_string();
            text != "__self" && (hoisted.is_empty() || !text.starts_with("__arg"))
        });
        all
    }

    /// Returns the names of the function's type and const parameters.
    pub(crate) fn generics(&self) -> Vec<Ident> {
        self.sig
            .generics
            .params
            .iter()
            .filter_map(|p| match p {
                GenericParam::Type(t) => Some(t.ident.clone()),
                GenericParam::Const(c) => Some(c.ident.clone()),
                GenericParam::Lifetime(_) => None,
            })
            .collect()
    }

    /// Returns the `mut` of `mut self`.
    pub(crate) fn mut_self(&self) -> Option<Token![mut]> {
        self.sig.receiver().and_then(|r| r.mutability)
    }

    /// Whether the receiver is `&mut self`.
    pub(crate) fn receiver_is_unique(&self) -> bool {
        self.sig.receiver().is_some_and(|r| match &r.kind {
            ReceiverKind::Reference(_, _, mutability) => mutability.is_some(),
            ReceiverKind::Typed(_, ty) => {
                matches!(&**ty, Type::Reference(r) if r.mutability.is_some())
            }
            _ => false,
        })
    }

    /// Whether the receiver is `&self` or `&mut self`.
    pub(crate) fn receiver_is_reference(&self) -> bool {
        self.sig.receiver().is_some_and(|r| match &r.kind {
            ReceiverKind::Reference(..) => true,
            ReceiverKind::Typed(_, ty) => matches!(&**ty, Type::Reference(_)),
            _ => false,
        })
    }

    /// Returns the declared return type.
    pub(crate) fn output(&self) -> Option<&Type> {
        match &self.sig.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(ty),
        }
    }
}

/// A name that an argument binds.
pub(crate) struct Binding {
    pub(crate) ident: Ident,
    /// Its `mut`, if it has one.
    pub(crate) mutable: Option<Span>,
    /// Whether the argument is this name alone, of a type that is written `&mut ..`.
    pub(crate) unique_reference: bool,
    /// The `#[cfg]`s of the argument, which are copied to the code that is generated for it.
    pub(crate) cfgs: Vec<Attribute>,
}

fn cfgs_of(attrs: &[Attribute]) -> Vec<Attribute> {
    let cfgs = attrs.iter().filter(|a| a.path().is_ident("cfg"));
    cfgs.cloned().collect()
}

fn drop_mut(pat: &mut Pat, names: &[String]) {
    match pat {
        Pat::Ident(p) if names.contains(&p.ident.to_string()) => p.mutability = None,
        Pat::Paren(p) => drop_mut(&mut p.pat, names),
        Pat::Type(p) => drop_mut(&mut p.pat, names),
        Pat::Tuple(p) => p.elems.iter_mut().for_each(|p| drop_mut(p, names)),
        Pat::TupleStruct(p) => p.elems.iter_mut().for_each(|p| drop_mut(p, names)),
        Pat::Slice(p) => p.elems.iter_mut().for_each(|p| drop_mut(p, names)),
        Pat::Struct(p) => p
            .fields
            .iter_mut()
            .for_each(|f| drop_mut(&mut f.pat, names)),
        _ => {}
    }
}

/// Calls `found` for each name that a pattern binds, with its `mut`.
pub(crate) fn bindings_of(pat: &Pat, found: &mut impl FnMut(Ident, Option<Span>)) {
    match pat {
        Pat::Ident(p) => {
            // A name with a capital first letter is a constant or a unit struct, which binds
            // nothing.
            let binds = !p.ident.to_string().starts_with(char::is_uppercase);
            if binds || p.mutability.is_some() || p.by_ref.is_some() {
                found(p.ident.clone(), p.mutability.map(|m| m.span));
            }
            if let Some((_, sub)) = &p.subpat {
                bindings_of(sub, found);
            }
        }
        Pat::Paren(p) => bindings_of(&p.pat, found),
        Pat::Reference(p) => bindings_of(&p.pat, found),
        Pat::Type(p) => bindings_of(&p.pat, found),
        Pat::Tuple(p) => p.elems.iter().for_each(|p| bindings_of(p, found)),
        Pat::TupleStruct(p) => p.elems.iter().for_each(|p| bindings_of(p, found)),
        Pat::Slice(p) => p.elems.iter().for_each(|p| bindings_of(p, found)),
        Pat::Struct(p) => p.fields.iter().for_each(|f| bindings_of(&f.pat, found)),
        _ => {}
    }
}

/// Splits a body into its leading `#![..]` and the rest. A `macro_rules!` may have left invisible groups
/// around their tokens.
pub(crate) fn split_inner_attributes(body: TokenStream) -> (TokenStream, TokenStream) {
    let tokens: Vec<TokenTree> = body.clone().into_iter().collect();
    let mut at = 0;
    while let [pound, bang, brackets, ..] = &tokens[at..]
        && is_one(pound, '#')
        && is_one(bang, '!')
        && inside(&brackets.clone().into(), Delimiter::Bracket).is_some()
    {
        at += 3;
    }
    // As it came: tokens that are put together again are sent to rustc once more.
    if at == 0 {
        return (TokenStream::new(), body);
    }
    (
        tokens[..at].iter().cloned().collect(),
        tokens[at..].iter().cloned().collect(),
    )
}

/// Whether the token is that mark, perhaps in invisible groups.
fn is_one(tree: &TokenTree, mark: char) -> bool {
    let mut inner = open(tree.clone().into()).into_iter();
    inner.next().is_some_and(|tree| is_punct(&tree, mark)) && inner.next().is_none()
}
