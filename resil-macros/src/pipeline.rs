//! The pipeline as a whole: from the stack and the function to the expanded function.
//!
//! Each phase has a type of its own, so that only what was checked can be expanded:
//! [`Function`] → [`ParsedStack`] → [`CheckedStack`] → tokens.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Type;

use crate::check::check_stack;
use crate::diag::Diag;
use crate::emit::{CratePath, Entry, LayerGroup, StackContext};
use crate::facts::Facts;
use crate::input::{Binding, Input};
use crate::parse::ParseContext;
use crate::policy::{OPTIONS, Parsed, Policy};
use crate::return_type::{arguments_of, error_of_alias, parsed_outcome_type, returns_future};
use crate::splice::{Block, Wrapping, locate};
use crate::stack::{Stack, StackEntry};
use crate::tokens::HygieneScope;
use crate::{apply, document, expand, features, shape};

/// Expands the function with its layers. On any fault, returns the function as it is written,
/// behind all messages.
pub(crate) fn expand(stack: TokenStream, item: &TokenStream) -> TokenStream {
    let stack = Stack::read(stack);
    if let Some(called) = apply::call(&stack, item) {
        return called;
    }
    let _hygiene = HygieneScope::enter(stack.site);
    let diag = Diag::of(stack.origin());
    let expanded = try_expand(&stack, item, &diag);
    let errors = diag.finish();
    expanded.unwrap_or_else(|| quote!(#errors #item))
}

/// Expands the function with its layers; `None` if there is a fault.
fn try_expand(stack: &Stack, item: &TokenStream, diag: &Diag) -> Option<TokenStream> {
    let function = Function::read(stack, item, diag)?;
    shape::check_names(stack, item, diag);
    let parsed = ParsedStack::parse(stack, &function, diag);
    let checked = parsed.check(stack, &function, diag)?;
    checked.expand(stack, function)
}

/// The annotated function, and the block in it that the layers wrap.
struct Function {
    input: Input,
    block: Option<Block>,
    bindings: Vec<Binding>,
}

impl Function {
    fn read(stack: &Stack, item: &TokenStream, diag: &Diag) -> Option<Self> {
        let Ok(input) = syn::parse2::<Input>(item.clone()) else {
            shape::not_a_function(stack, item, diag);
            return None;
        };
        let is_async = input.sig.asyncness.is_some();
        let body = input.body.as_ref();
        let block = body.and_then(|body| {
            let found = locate(body.stream(), is_async);
            let is_plain = || !is_async && shape::is_plain(stack, &input, body);
            found.or_else(|| is_plain().then(|| Block::plain(body.stream())))
        });
        let hoisted = block.as_ref().map(Block::hoisted).unwrap_or_default();
        let bindings = input.bindings(&hoisted);
        Some(Self {
            input,
            block,
            bindings,
        })
    }

    /// Returns the success and the error of the function's `Result`, as far as the declaration
    /// names them.
    fn declared_types(&self) -> (Option<Type>, Option<TokenStream>) {
        let output = self.input.output();
        let is_future = self.input.sig.asyncness.is_none() && output.is_some_and(returns_future);
        let Some(ret) = parsed_outcome_type(output, is_future) else {
            return (None, None);
        };
        let types = arguments_of(&ret).unwrap_or_default();
        let mut types = types.into_iter();
        let (success, error) = (types.next().cloned(), types.next());
        let error = error.map(|ty| quote!(#ty));
        (success, error.or_else(|| error_of_alias(&ret)))
    }
}

/// The layers of a stack, read but not checked. Each of them, and the stack as a whole, may have
/// faults.
struct ParsedStack {
    /// Outermost first, like the fields below.
    facts: Vec<Facts>,
    /// `None` for a layer that can't be expanded.
    policies: Vec<Option<Box<dyn Policy>>>,
    groups: Vec<LayerGroup>,
}

impl ParsedStack {
    fn parse(stack: &Stack, function: &Function, diag: &Diag) -> Self {
        let params: Vec<Ident> = function.bindings.iter().map(|b| b.ident.clone()).collect();
        let (success, error) = function.declared_types();
        let cx = ParseContext {
            diag,
            attributes: OPTIONS,
            params: &params,
            knows_function: true,
            generics: &function.input.generics(),
            ok_is_result: success.as_ref().is_some_and(is_result),
            success: success.map(|ty| quote!(#ty)),
            error,
        };
        let mut parsed = Self {
            facts: Vec::new(),
            policies: Vec::new(),
            groups: Vec::new(),
        };
        let mut instruments = stack.instruments();
        for entry in &stack.entries {
            match entry {
                StackEntry::Layer(layer) => {
                    if let Some(layer) = layer.parse(&cx) {
                        parsed.push(layer, instruments);
                    }
                }
                StackEntry::Instrument => instruments -= 1,
                StackEntry::Apply(_) | StackEntry::Applied(_) => {}
            }
        }
        stack.check_crate_paths(diag);
        for policy in parsed.policies.iter().flatten() {
            policy.check(&cx);
        }
        parsed
    }

    /// Adds a layer below which that number of `#[instrument]`s stand.
    fn push(&mut self, layer: Parsed, instruments: usize) {
        let at = self.facts.len();
        self.facts.push(layer.facts);
        self.policies.push(layer.policy);
        match self.groups.last_mut() {
            Some(group) if group.instruments == instruments => group.layers.end = at + 1,
            _ => self.groups.push(LayerGroup {
                layers: at..at + 1,
                instruments,
            }),
        }
    }

    /// Checks the rules over the whole stack and the shape of the function. `None` if there is a fault,
    /// there or in one of the layers.
    fn check(self, stack: &Stack, function: &Function, diag: &Diag) -> Option<CheckedStack> {
        check_stack(&self.facts, diag);
        shape::check(
            &function.input,
            function.block.as_ref(),
            &function.bindings,
            &self.facts,
            stack,
            diag,
        );
        let policies: Option<Vec<_>> = self.policies.into_iter().collect();
        Some(CheckedStack {
            facts: self.facts,
            policies: policies.filter(|_| diag.is_empty())?,
            groups: self.groups,
        })
    }
}

/// A stack without a fault.
struct CheckedStack {
    /// Outermost first, like the fields below.
    facts: Vec<Facts>,
    policies: Vec<Box<dyn Policy>>,
    groups: Vec<LayerGroup>,
}

impl CheckedStack {
    /// Writes the function with its layers. `None` if there is no block to wrap, which the checks
    /// have reported.
    fn expand(self, stack: &Stack, function: Function) -> Option<TokenStream> {
        let Function {
            input,
            block,
            bindings,
        } = function;
        let described = features::lists_functions()
            .then(|| document::described(stack, &input, &self.policies, &self.facts));
        let krate = CratePath::new(stack.krate());
        let cx = StackContext {
            krate: &krate,
            input: &input,
            is_async: block.as_ref().is_none_or(|block| !block.is_plain()),
            bindings: &bindings,
            facts: &self.facts,
            groups: &self.groups,
            described,
            origin: stack.origin(),
        };
        let instruments: Vec<usize> = self.groups.iter().map(|group| group.instruments).collect();
        let body = input.body.as_ref();
        let wrapping = Wrapping {
            instruments_below: &instruments,
            keeps_arguments: cx.keeps_arguments(),
            borrow_of_self: &cx.borrow_of_self(),
            cloned: &cx.cloned(),
            braces: body.map_or_else(Span::call_site, proc_macro2::Group::span),
        };
        let mut entry = Entry::default();
        let content = block?.wrap(&wrapping, &mut |group, site| {
            // Tokens that are no type are reported by rustc.
            let ret = match site.ret.clone() {
                Some(ret) => syn::parse2(ret).ok(),
                None => parsed_outcome_type(input.output(), site.is_boxed),
            };
            let ret = ret.unwrap_or_else(|| syn::parse_quote!(_));
            let inside = std::mem::take(&mut entry);
            let folded = expand::fold(&self.policies, &cx, group, &ret, &site, inside);
            entry = folded.entry;
            folded.content
        });
        let docs = document::section(&input, &self.policies, &self.facts);
        Some(input.with_body(content, &cx.cloned(), &docs))
    }
}

/// Whether the success is a `Result` by its name.
fn is_result(ty: &Type) -> bool {
    match ty {
        Type::Path(ty) => {
            let last = ty.path.segments.last();
            last.is_some_and(|last| last.ident.to_string().ends_with("Result"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::{Group, TokenTree};

    use super::*;

    /// Expands `#[retry] #[stranger] async fn` as the private macro gets it after `stranger` has
    /// replaced the function by `fetch`.
    fn said_of(fetch: &TokenStream) -> String {
        let deferred = crate::stack::defer(
            Ident::new("retry", Span::call_site()),
            TokenStream::new(),
            quote!(
                #[some::stranger(x)]
                async fn fetch() -> Result<u32, String> {
                    Ok(1)
                }
            ),
        );
        let pending = deferred
            .into_iter()
            .filter_map(|t| match t {
                TokenTree::Group(g) => Some(g.stream()),
                _ => None,
            })
            .find(|attribute| attribute.to_string().contains("__private"))
            .expect("a pending attribute");
        let content = pending
            .into_iter()
            .filter_map(|t| match t {
                TokenTree::Group(g) => Some(Group::stream(&g)),
                _ => None,
            })
            .last()
            .expect("its content");
        expand(content, fetch).to_string()
    }

    #[test]
    fn who_took_async_away_is_named() {
        let taken = quote!(
            fn fetch() -> Result<u32, String> {
                block_on(async { Ok(1) })
            }
        );
        let said = said_of(&taken);
        assert!(
            said.contains("`#[stranger]` below `#[retry]` takes `async` away from `fetch`"),
            "{said}"
        );
        assert!(said.ends_with(&taken.to_string()), "as written: {said}");
        assert_eq!(said.matches("compile_error").count(), 1, "{said}");
    }

    /// Nobody has seen the `async fn`, but the `async` in the body was not written by the user.
    #[test]
    fn an_attribute_above_that_took_async_away_is_suspected() {
        let deferred = |body: TokenStream| {
            let item: TokenStream = "fn fetch() -> Result<u32, String>".parse().expect("tokens");
            let stack = "stranger() retry()".parse().expect("tokens");
            expand(stack, &quote!(#item { #body })).to_string()
        };
        let said = deferred(quote!(block_on(async { Ok(1) })));
        assert!(
            said.contains("an attribute above took `async` away"),
            "{said}"
        );
        let of_the_user = "block_on(async { Ok(1) })".parse().expect("tokens");
        let said = deferred(of_the_user);
        assert!(!said.contains("compile_error"), "{said}");
    }

    /// Each attempt runs the code that an unknown attribute made of the body.
    #[test]
    fn what_a_stranger_made_of_the_body_is_inside_the_policies() {
        let rewritten = quote!(
            async fn fetch() -> Result<u32, String> {
                before();
                let out = async move { Ok(2) }.await;
                after(out)
            }
        );
        let said = said_of(&rewritten);
        let loops = said.find("loop {").expect("a loop around the body");
        let body = &said[loops..said.find(". pause ()").expect("its delays")];
        for made in ["before ()", "async move { Ok (2) }", "after (out)"] {
            assert_eq!(said.matches(made).count(), 1, "{said}");
            assert!(body.contains(made), "`{made}` is outside: {said}");
        }
    }

    #[test]
    fn who_left_async_there_is_not() {
        let left = quote!(
            async fn fetch() -> Result<u32, String> {
                Ok(2)
            }
        );
        let said = said_of(&left);
        assert!(!said.contains("compile_error"), "{said}");
    }
}
