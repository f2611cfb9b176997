//! Uses of stacks.

use proc_macro2::TokenStream;
use quote::quote;

use super::{ident, messages, run};
use crate::apply::define;
use crate::stack::APPLY;
use crate::{pipeline, stack};

const PAY: &str = "PAY = #[circuit(name = \"pay\")] #[timeout(5s)] \
                   #[retry(max = 4, cap = 1s, clone(body))] #[timeout(800ms)];";
const ITEM: &str = "async fn charge(order: &Order, body: Body) -> Result<Receipt, PayError> { post(order, body).await }";

/// Takes the private attribute off an item: its arguments, and the item.
fn private(item: TokenStream) -> (TokenStream, TokenStream) {
    let function: syn::ItemFn = syn::parse2(item).expect("a function");
    let (mut private, attrs): (Vec<_>, Vec<_>) = function.attrs.into_iter().partition(|attr| {
        attr.path()
            .segments
            .iter()
            .any(|segment| segment.ident == "__private")
    });
    let args = private.pop().map(|attr| match attr.meta {
        syn::Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    });
    let function = syn::ItemFn { attrs, ..function };
    (args.expect("the private attribute"), quote!(#function))
}

/// Expands `#[apply(arguments)]` on `item` with the stack `defined`.
fn expanded(defined: &str, arguments: &str, item: &str) -> TokenStream {
    expanded_tokens(defined, arguments.parse().expect("tokens"), item)
}

fn expanded_tokens(defined: &str, arguments: TokenStream, item: &str) -> TokenStream {
    let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
    let (_, defined) = messages(define(&parse(defined)));
    let deferred = stack::defer(ident(APPLY), arguments, parse(item));
    let (args, item) = private(deferred);
    let called = pipeline::expand(args, &item);
    if !called.to_string().contains("resolve_stack") {
        return called;
    }
    let resolved = run(&defined, called);
    if !resolved.to_string().contains("__private") {
        return resolved;
    }
    let (args, item) = private(resolved);
    pipeline::expand(args, &item)
}

pub(super) fn faults_of(arguments: &str) -> Vec<String> {
    faults_of_tokens(arguments.parse().expect("tokens"))
}

pub(super) fn faults_of_tokens(arguments: TokenStream) -> Vec<String> {
    messages(expanded_tokens(PAY, arguments, ITEM)).0
}

#[test]
fn a_stack_that_had_a_fault_says_nothing_more() {
    let out = expanded("PAY = #[retry(max = 0)];", "PAY", ITEM).to_string();
    assert_eq!(
        out,
        ITEM.parse::<TokenStream>().expect("tokens").to_string()
    );
}

#[test]
fn a_fault_leaves_the_function_as_it_is_written() {
    for arguments in ["", "PAY, timeout(1s)", "PAY, retry(max = 0)"] {
        let (faults, out) = messages(expanded(PAY, arguments, ITEM));
        assert_eq!(faults.len(), 1, "{faults:?}");
        let written: TokenStream = ITEM.parse().expect("tokens");
        assert_eq!(out.to_string(), written.to_string());
    }
}

/// A layer of a stack, the same layer beside its name, and the layer that comes of both.
const BESIDE: [(&str, &str, &str); 25] = [
    ("retry(max = 4)", "retry(max = 2)", "retry(max = 2)"),
    (
        "retry(max = 4, base = 1s)",
        "retry(max = 2,)",
        "retry(base = 1s, max = 2)",
    ),
    (
        "retry(constant, max = 4)",
        "retry(linear)",
        "retry(max = 4, linear)",
    ),
    (
        "retry(exponential, factor = 3)",
        "retry(fibonacci)",
        "retry(fibonacci)",
    ),
    (
        "retry(exponential, factor = 3)",
        "retry(exponential)",
        "retry(factor = 3, exponential)",
    ),
    (
        "retry(base = 1s, cap = 2s, linear)",
        "retry(delays = [1s])",
        "retry(delays = [1s])",
    ),
    (
        "retry(base = 1s, cap = 2s, linear)",
        "retry(backoff = b)",
        "retry(cap = 2s, backoff = b)",
    ),
    (
        "retry(backoff = b, cap = 2s)",
        "retry(base = 1s)",
        "retry(cap = 2s, base = 1s)",
    ),
    ("retry(delays = [1s])", "retry(cap = 1s)", "retry(cap = 1s)"),
    (
        "retry(jitter, max = 4)",
        "retry(jitter = none)",
        "retry(max = 4, jitter = none)",
    ),
    (
        "retry(on(A), max = 4)",
        "retry(unless(B))",
        "retry(max = 4, unless(B))",
    ),
    ("retry(on(A), unless(B))", "retry(on(C))", "retry(on(C))"),
    (
        "circuit(on(A), failures = 3)",
        "circuit(ignore(B))",
        "circuit(failures = 3, ignore(B))",
    ),
    (
        "circuit(failures = 3)",
        "circuit(failure_rate = 5%)",
        "circuit(failures = 3, failure_rate = 5%)",
    ),
    ("timeout(5s)", "timeout(limit)", "timeout(limit)"),
    ("fallback(8, on(A))", "fallback(9)", "fallback(9, on(A))"),
    ("fallback(8, on(A))", "fallback(9,)", "fallback(9, on(A))"),
    (
        "fallback(8)",
        "fallback(last_ok, key = id)",
        "fallback(last_ok, key = id)",
    ),
    (
        "fallback(last_ok, key = id, on(A))",
        "fallback(7)",
        "fallback(7, on(A))",
    ),
    (
        "fallback(last_ok, key = id)",
        "fallback(unless(A))",
        "fallback(last_ok, key = id, unless(A))",
    ),
    (
        "hedge(after = 1s, on(A))",
        "hedge(unless(B))",
        "hedge(after = 1s, unless(B))",
    ),
    (
        "bulkhead(max = 4, queue = 2)",
        "bulkhead(adaptive)",
        "bulkhead(queue = 2, adaptive)",
    ),
    (
        "bulkhead(adaptive, queue = 2)",
        "bulkhead(max = 4)",
        "bulkhead(queue = 2, max = 4)",
    ),
    (
        "rate_limit(max = 4, per = 1s)",
        "rate_limit(burst = 9)",
        "rate_limit(max = 4, per = 1s, burst = 9)",
    ),
    (
        "idempotent(key = id, ttl = 1h)",
        "idempotent(ttl = 2h)",
        "idempotent(key = id, ttl = 2h)",
    ),
];

#[test]
fn options_beside_the_name_take_the_places_of_others() {
    const ITEM: &str = "async fn f(id: u32, limit: Duration) -> Result<u32, E> { g(id).await }";
    for (defined, beside, written) in BESIDE {
        let applied = expanded(
            &format!("PAY = #[{defined}];"),
            &format!("PAY, {beside}"),
            ITEM,
        );
        let whole = expanded(&format!("PAY = #[{written}];"), "PAY", ITEM);
        let whole = whole.to_string();
        assert!(!whole.contains("compile_error"), "{written}: {whole}");
        assert_eq!(applied.to_string(), whole, "{defined} with {beside}");
    }
}

#[test]
fn a_layer_that_the_stack_lacks_goes_around_it() {
    let applied = expanded(
        PAY,
        "PAY, idempotent(key = order.id), fallback(later(order))",
        ITEM,
    );
    let whole = format!(
        "PAY = #[idempotent(key = order.id)] #[fallback(later(order))] {}",
        PAY.trim_start_matches("PAY = ")
    );
    let whole = expanded(&whole, "PAY", ITEM).to_string();
    assert!(!whole.contains("compile_error"), "{whole}");
    assert_eq!(applied.to_string(), whole);
}

#[test]
fn a_fault_of_the_function_says_what_to_write_beside_the_name() {
    const ITEM: &str = "async fn f(mut id: u32) -> Result<u32, E> { id += 1; g(id).await }";
    let (faults, _) = messages(expanded("PAY = #[retry(max = 4)];", "PAY", ITEM));
    assert!(
        faults[0].contains("write `clone(id)` in `retry(..)` beside the stack `PAY`"),
        "{faults:?}"
    );
    let (faults, _) = messages(expanded(
        "PAY = #[retry(max = 4)];",
        "PAY, retry(clone(id))",
        ITEM,
    ));
    assert_eq!(faults, [""; 0]);
}

#[test]
fn a_name_may_be_raw() {
    let out = expanded("r#type = #[retry(clone(body))];", "r#type", ITEM).to_string();
    assert!(out.contains("RetrySite"), "{out}");
    let (faults, _) = messages(expanded(
        "r#type = #[retry(clone(x))];",
        "self::r#type",
        ITEM,
    ));
    assert!(
        faults[0].starts_with("in the stack `r#type`: "),
        "{faults:?}"
    );
}
