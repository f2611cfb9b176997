//! Snapshots of generated code: each policy alone, and two stacks.
//!
//! `RESIL_BLESS=1 cargo test -p resil-macros snapshots` writes them anew; read the diff.

use std::path::Path;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::apply::tests::run;
use crate::{apply, pipeline, policy, stack};

mod size;
mod with_features;

/// Expands the attributes of `item` as rustc would: the topmost first, the private one last.
fn expand(item: TokenStream) -> TokenStream {
    let mut item = item;
    while let Some((name, args, rest)) = take_attribute(&item) {
        item = if is_private(&name.to_string()) {
            pipeline::expand(args, &rest)
        } else {
            stack::defer(name, args, rest)
        };
    }
    item
}

/// Expands `#[apply]` on `item`, with the attributes of `item` in a shared stack.
fn expand_applied(mut item: TokenStream) -> TokenStream {
    let mut attributes = TokenStream::new();
    while let Some((name, args, rest)) = take_attribute(&item) {
        attributes.extend(quote!(#[#name(#args)]));
        item = rest;
    }
    let defined = apply::define(&quote!(pub PAY = #attributes;));
    let name = Ident::new(stack::APPLY, Span::call_site());
    let deferred = stack::defer(name, quote!(PAY), item);
    let (_, args, rest) = take_attribute(&deferred).expect("the private attribute");
    let called = pipeline::expand(args, &rest);
    expand(run(&defined, called))
}

/// Whether the private attribute has that name.
fn is_private(name: &str) -> bool {
    name == "stack" || name.starts_with("write_clone_of_the_moved_argument_in_")
}

/// Takes the first of our attributes off the item.
fn take_attribute(item: &TokenStream) -> Option<(Ident, TokenStream, TokenStream)> {
    let mut parsed: syn::ItemFn = syn::parse2(item.clone()).expect("an item");
    let is_ours = |name: &str| policy::find(name).is_some() || is_private(name);
    let at = parsed.attrs.iter().position(|a| {
        a.path()
            .segments
            .last()
            .is_some_and(|s| is_ours(&s.ident.to_string()))
    })?;
    let attr = parsed.attrs.remove(at);
    let name = attr.path().segments.last()?.ident.clone();
    let args = match attr.meta {
        syn::Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    };
    Some((name, args, quote!(#parsed)))
}

#[track_caller]
fn check(name: &str, item: TokenStream) {
    let tokens = expand(item.clone());
    assert_eq!(
        // Where functions are listed, the name of the stack is told.
        expand_applied(item)
            .to_string()
            .replace("shared_stack : \"PAY\"", "shared_stack : \"\""),
        tokens.to_string(),
        "{name}: a shared stack expands to what the attributes expand to"
    );
    size::check(name, &tokens);
    let file: syn::File = syn::parse2(tokens).expect("what is generated parses");
    let text = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/snapshots/{name}.expanded"));
    if std::env::var_os("RESIL_BLESS").is_some() {
        std::fs::write(&path, &text).expect("the snapshot can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{name} has changed: read the diff that RESIL_BLESS=1 makes\n{text}"
    );
}

#[test]
fn timeout() {
    check(
        "timeout",
        quote! {
            #[timeout(5s)]
            async fn fetch(url: &str) -> Result<Page, Error> {
                get(url).await
            }
        },
    );
}

#[test]
fn retry() {
    check(
        "retry",
        quote! {
            #[retry(exponential, max = 5, jitter = equal, on(Error::Network(_)), clone(body))]
            async fn send(to: &str, mut body: Vec<u8>) -> Result<(), Error> {
                post(to, body).await
            }
        },
    );
}

#[test]
fn circuit() {
    check(
        "circuit",
        quote! {
            #[circuit(name = "pay", failure_rate = 50%, window = 20, ignore(Error::Declined))]
            async fn pay(order: Order) -> Result<Receipt, Error> {
                provider::pay(order).await
            }
        },
    );
}

#[test]
fn bulkhead() {
    check(
        "bulkhead",
        quote! {
            #[bulkhead(max = 16, queue = 64, wait = 100ms)]
            async fn report(day: u32) -> Result<Report, Error> {
                render(day).await
            }
        },
    );
}

#[test]
fn an_adaptive_bulkhead_under_a_circuit() {
    check(
        "bulkhead_adaptive",
        quote! {
            #[circuit(name = "search")]
            #[bulkhead(name = "search", adaptive(max = 200), queue = 32, key = host)]
            #[timeout(1s)]
            async fn search(host: &str, words: &str) -> Result<Hits, Error> {
                ask(host, words).await
            }
        },
    );
}

#[test]
fn idempotent() {
    check(
        "idempotent",
        quote! {
            #[idempotent(key = (user, order.id), ttl = 1h)]
            async fn order(user: &str, order: &Order) -> Result<Receipt, Error> {
                place(user, order).await
            }
        },
    );
}

#[test]
fn rate_limit() {
    check(
        "rate_limit",
        quote! {
            #[rate_limit(name = "pay", max = 100, per = 1s, burst = 20, wait = 100ms, cost = order.items)]
            async fn pay(order: Order) -> Result<Receipt, Error> {
                provider::pay(order).await
            }
        },
    );
}

#[test]
fn a_rate_limit_in_a_store() {
    check(
        "rate_limit_store",
        quote! {
            #[rate_limit(max = 100, per = 1s, wait = 100ms, key = order.shop, store = self.limits, on_outage = closed)]
            async fn pay(order: Order) -> Result<Receipt, Error> {
                provider::pay(order).await
            }
        },
    );
}

#[test]
fn a_rate_limit_between_other_layers() {
    check(
        "rate_limit_stack",
        quote! {
            #[circuit]
            #[retry]
            #[rate_limit(max = 100, per = 1s, key = order.shop)]
            #[timeout(800ms)]
            async fn pay(order: &Order) -> Result<Receipt, Error> {
                provider::pay(order).await
            }
        },
    );
}

#[test]
fn hedge() {
    check(
        "hedge",
        quote! {
            #[hedge(after = p95(default = 50ms), max = 3, on(Error::Network(_)))]
            #[circuit(name = "price")]
            async fn price(item: &str, shop: String) -> Result<u64, Error> {
                ask(item, &shop).await
            }
        },
    );
}

#[test]
fn the_usual_stack() {
    check(
        "stack",
        quote! {
            /// Charges an order.
            #[idempotent(key = order.id)]
            #[circuit(name = "pay")]
            #[timeout(5s)]
            #[retry(exponential, max = 5, jitter)]
            #[timeout(800ms)]
            async fn charge(order: &Order) -> Result<Receipt, PayError> {
                post(order).await
            }
        },
    );
}

#[test]
fn a_stack_that_runs_nothing_twice() {
    check(
        "stack_without_retry",
        quote! {
            #[circuit]
            #[timeout(limit)]
            async fn send(limit: Duration, message: Message) -> Result<(), Error> {
                deliver(message).await
            }
        },
    );
}

#[test]
fn fallback() {
    check(
        "fallback",
        quote! {
            #[fallback(|error| cached(id, error).await, unless(Error::NotFound))]
            async fn price(id: u64) -> Result<Price, Error> {
                ask(id).await
            }
        },
    );
}

#[test]
fn fallback_to_the_last_value() {
    check(
        "fallback_last_ok",
        quote! {
            #[fallback(last_ok, max_age = 5m, key = id)]
            async fn price(id: u64) -> Result<Price, Error> {
                ask(id).await
            }
        },
    );
}

#[test]
fn a_function_that_is_not_async() {
    check(
        "blocking",
        quote! {
            #[fallback(Ok(Receipt::queued(order)))]
            #[idempotent(key = order.id)]
            #[circuit(name = "pay")]
            #[retry(max = 5)]
            fn charge(order: &Order) -> Result<Receipt, PayError> {
                post(order)
            }
        },
    );
}

#[test]
fn places_and_turns_of_a_function_that_is_not_async() {
    check(
        "blocking_places",
        quote! {
            #[rate_limit(name = "pay", max = 100, per = 1s, wait = 50ms, cost = order.items)]
            #[bulkhead(max = 16, queue = 64, wait = 100ms, key = order.tenant)]
            fn charge(order: &Order) -> Result<Receipt, PayError> {
                post(order)
            }
        },
    );
}
