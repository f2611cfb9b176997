//! Expands random stacks on random items. The expansion never panics. An accepted stack parses as
//! an item again. A refused one has the item as it is written behind the errors, and each error has
//! a span of the input. The same for the derive.
//!
//! 100,000 cases here; `RESIL_CASES=1000000` for more. The same property under coverage guidance is
//! in `fuzz/`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::policy::tests::random::Random;
use crate::policy::tests::stacks;
use crate::{classify, pipeline, stack};

pub(crate) const ITEMS: [&str; 24] = [
    "async fn f(a: u8) -> Result<u8, E> { g(a).await }",
    "/// Docs.\npub(crate) async fn f<'a, T: Clone, const N: usize>(x: &'a mut T, (mut a, b): (u8, [u8; N])) -> Result<&'a T, E> where T: Send { a += 1; Ok(x) }",
    "async fn f(&mut self, mut x: Vec<u8>, request: Request) -> io::Result<()> { x.push(1); Ok(()) }",
    "async fn f(mut self: Box<Self>) -> anyhow::Result<impl Iterator<Item = u8>> { Ok(0..1) }",
    "fn f() -> Pin<Box<dyn Future<Output = Result<u8, E>> + Send + '_>> { Box::pin(async move { Ok(1) }) }",
    "fn f(&self, x: u8) -> Pin<Box<dyn Future<Output = Result<u8, E>>>> { Box::pin(async move { let __self = self; let mut x = x; let __ret: Result<u8, E> = { Ok(x) }; __ret }) }",
    "async fn f() -> Result<(), E> { let __tracing_attr_span = s; let __tracing_instrument_future = async move { { if false { let __tracing_attr_fake_return: Result<(), E> = loop {}; return __tracing_attr_fake_return; } { g().await } } }; __tracing_instrument_future.await }",
    "fn f() -> Result<(), E> { let body = async { Ok(()) }; return rt.block_on(body); }",
    "fn f() -> impl Future<Output = Result<u8, E>> { async move { Ok(1) } }",
    "fn f() -> BoxFuture<'static, Result<u8, E>> { async { Ok(1) }.boxed() }",
    "fn f() -> BoxFuture<'static, Result<u8, E>> { let f: Pin<Box<dyn A<B = C>>> = async { Ok(1) }; let f = f.in_current_span(); if a { b } { let s = s(); return (Box::pin(Instrument::instrument(f.boxed(), s))) as Pin<Box<dyn F>>; } }",
    "fn f() -> impl Stream<Item = Result<u8, E>> { stream::empty() }",
    "fn f() -> Result<u8, E> { Ok(1) }",
    "const fn f() -> u8 { 1 }",
    "unsafe extern \"C\" fn f(x: u8, ...) {}",
    "async fn f();",
    "default async fn f(#[cfg(x)] a: u8) -> Option<u8> { #![allow(unused)] None }",
    "struct S { a: u8 }",
    "impl T for S { async fn f() {} }",
    "#[inline] #[tokio::main] #[instrument(skip_all)] #[other::thing] async fn f() -> Result<(), E> { Ok(()) }",
    "async fn r#type(r#fn: u8) -> Result<r#impl, E> { 'a: loop { break 'a; } }",
    "async fn f(x: u8) -> Result<u8, E> {}",
    "mod m { }",
    "",
];

/// Items that most stacks accept.
pub(crate) const FITTING: [&str; 5] = [
    "async fn f(a: &A, x: X) -> Result<u8, E> { g(a, &x).await }",
    "#[inline] pub async fn f<'a, T: Send>(&self, a: &'a [T], x: X) -> Result<T, E> where T: Clone { 'l: loop { break 'l; } g(a, &x)? }",
    "async fn f(&mut self, a: A, x: &mut X) -> anyhow::Result<()> { self.g(a, x).await?; Ok(()) }",
    "fn f(&self, a: A, x: X) -> Pin<Box<dyn Future<Output = Result<u8, E>> + Send + '_>> { Box::pin(async move { let __self = self; let a = a; let x = x; let __ret: Result<u8, E> = { Ok(__self.g(a, x)) }; __ret }) }",
    "async fn f(a: A, x: X) -> Result<(), E> { let __tracing_attr_span = s; let __tracing_instrument_future = async move { { if false { let __tracing_attr_fake_return: Result<(), E> = loop {}; return __tracing_attr_fake_return; } { g(&a, &x).await } } }; __tracing_instrument_future.await }",
];

const ENUMS: [&str; 10] = [
    "#[derive(Debug)] enum E { #[transient] A, #[permanent] B(u8), #[neutral] C { x: u8 } }",
    "pub enum E<'a, T: Clone, const N: usize> where T: Send { #[throttled(retry_after = 0)] A(Duration, &'a [T; N]), #[classify(forward)] B(io::Error) }",
    "enum E { #[throttled(retry_after = wait)] A { wait: Option<Duration>, #[source] why: Box<dyn Error> }, #[throttled] B }",
    "#[classify(default = transient)] enum E { A, #[permanent] B }",
    "#[classify(default = permanent, crate = my::resil)] pub(crate) enum E { #[error(\"{0}\")] A(#[from] X), B }",
    "#[transient] struct S;",
    "#[classify(forward)] struct S<T>(T);",
    "#[throttled(retry_after = after)] struct S { after: Duration }",
    "union U { a: u8 }",
    "enum E {}",
];

/// Stacks that are accepted, beside those of `faults.txt`, most of which are refused.
pub(crate) const STACKS: [&str; 31] = [
    "retry",
    "retry(constant, max = 5, base = 1ms, jitter = none, budget = off)",
    "retry(max = 1, delays = [1s, 2s], on(A | B(_) if c), unless(C { .. }))",
    "retry(max = MAX, backoff = |n| own(n), retry_after = |e: &E| e.wait(), on_ok(Busy))",
    "retry(policy = POLICY, clone(a, x), within = 1m30s, nested = outer)",
    "retry(attempt = n, max = 2, constant, budget(name = \"pay\", capacity = 20, refill = REFILL))",
    "retry(attempt = r#try, max = 1, budget(name = \"pay\")) ;; timeout(1s)",
    "timeout(5s)",
    "timeout(limit.of(x)) ;; timeout(1s)",
    "circuit",
    "circuit(name = \"pay\", failure_rate = 50%, window = 30s, slow = 1s, key = x.host(), probes = 2)",
    "idempotent(key = (a, x.id), fingerprint = x, errors = store(A), on_abandon = indeterminate)",
    "idempotent(key = x) ;; circuit ;; timeout(9s) ;; retry(jitter) ;; timeout(1s)",
    "circuit(on(A), ignore(b if b.is_c()), on_ok(0 | 9)) ;; retry(fibonacci, cap = CAP)",
    "rate_limit(max = 100, per = 1s, burst = 20, wait = 100ms)",
    "retry ;; rate_limit(name = \"pay\", policy = POLICY, key = x.host(), cost = a.len()) ;; circuit",
    "rate_limit(max = 100, per = 1s, wait = WAIT, key = x.host(), store = x.limits, on_outage = closed) ;; circuit",
    "circuit ;; rate_limit(name = \"pay\", store = \"shared\", cost = a.len()) ;; timeout(1s)",
    "fallback(|error| cached(a, error).await?, on(A | B if c), unless(C))",
    "fallback(last_ok, key = x.id, max_age = AGE, max_keys = 9)",
    "fallback(Ok(1)) ;; idempotent(key = x) ;; circuit ;; retry",
    "timeout(const { LIMIT }, crate = my::resil) ;; retry",
    "hedge(after = p95(default = 50ms), max = 3, clone(a, x))",
    "hedge(after = AFTER, budget = 5%, on(A | B(_) if c), unless(C { .. })) ;; circuit ;; timeout(1s)",
    "idempotent(key = a) ;; timeout(9s) ;; retry(attempt = n) ;; hedge(policy = POLICY, max = MAX)",
    "circuit(name = \"pay\") ;; hedge(after = 50ms, budget = off) ;; retry(max = 2, clone(x))",
    "bulkhead(max = 16, queue = 64, wait = 100ms, key = x.host(), max_keys = 9)",
    "bulkhead(adaptive(min = 2, start = MIN, max = 90), name = \"pay\") ;; retry",
    "circuit ;; timeout(5s) ;; bulkhead(name = \"pay\") ;; timeout(1s)",
    "retry ;; bulkhead(policy = POLICY, queue = QUEUE) ;; idempotent(key = x)",
    "retry ;; idempotent(key = (\"k\", x), store = self.store, ttl = 7d, forget_ok(Pending))",
];

/// Removes, doubles, swaps or adds a token, at any depth.
fn spoil(random: &mut Random, tokens: TokenStream) -> TokenStream {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    if trees.is_empty() {
        return random.stream(2, 4);
    }
    let at = random.below(trees.len());
    match random.below(6) {
        0..3 => {
            if let TokenTree::Group(g) = &trees[at] {
                let inner = spoil(random, g.stream());
                trees[at] = Group::new(g.delimiter(), inner).into();
            } else {
                trees.remove(at);
            }
        }
        3 => trees.insert(at, trees[at].clone()),
        4 => {
            let other = random.below(trees.len());
            trees.swap(at, other);
        }
        _ => trees.insert(at, random.tree(4)),
    }
    trees.into_iter().collect()
}

/// Puts some token, at any depth, into the invisible group that a `macro_rules!` leaves around what
/// it was given; now and then into many brackets.
pub(crate) fn hide(random: &mut Random, tokens: TokenStream) -> TokenStream {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    if trees.is_empty() {
        return TokenStream::new();
    }
    let at = random.below(trees.len());
    let tree = trees[at].clone();
    trees[at] = match tree {
        TokenTree::Group(g) if random.below(3) > 0 => {
            let inner = hide(random, g.stream());
            group(g.delimiter(), inner, g.span())
        }
        tree => {
            let (delimiter, levels) = match random.below(100) {
                0 => (Delimiter::Parenthesis, random.below(120)),
                1 => (Delimiter::None, random.below(120)),
                _ => (Delimiter::None, 1),
            };
            (0..levels).fold(tree, |tree, _| {
                let span = tree.span();
                group(delimiter, tree.into(), span)
            })
        }
    };
    trees.into_iter().collect()
}

fn group(delimiter: Delimiter, stream: TokenStream, span: Span) -> TokenTree {
    let mut group = Group::new(delimiter, stream);
    group.set_span(span);
    group.into()
}

/// Splits a source into its attributes (name and arguments) and the item.
pub(crate) fn attributes(source: TokenStream) -> (Vec<(Ident, TokenStream)>, TokenStream) {
    let mut layers = Vec::new();
    let mut trees = source.into_iter().peekable();
    // The word `item` separates them from the item, which may begin with attributes of its own.
    while let Some(TokenTree::Ident(name)) = trees.next() {
        if name == "item" {
            break;
        }
        let Some(TokenTree::Group(args)) = trees.next() else {
            unreachable!("written as name(args)")
        };
        layers.push((name, args.stream()));
    }
    (layers, trees.collect())
}

/// Expands all attributes of `layers` on `item`, in rustc's order.
pub(crate) fn expand(layers: Vec<(Ident, TokenStream)>, item: &TokenStream) -> TokenStream {
    let mut item = item.clone();
    for (name, args) in layers {
        item = stack::defer(name, args, item);
    }
    // The private attribute is the last one: take it off and run it.
    let mut before = TokenStream::new();
    let mut trees = item.into_iter().peekable();
    while let Some(tree) = trees.next() {
        if let (TokenTree::Punct(p), Some(TokenTree::Group(g))) = (&tree, trees.peek()) {
            let text = g.stream().to_string();
            if p.as_char() == '#' && text.contains("__private ::") {
                let args = g.stream().into_iter().find_map(|t| match t {
                    TokenTree::Group(args) => Some(args.stream()),
                    _ => None,
                });
                trees.next();
                let rest: TokenStream = before.into_iter().chain(trees).collect();
                return pipeline::expand(args.unwrap_or_default(), &rest);
            }
        }
        before.extend([tree]);
    }
    before
}

/// Splits the output into the messages of its leading `::core::compile_error!{ ".." }`s, with their
/// spans, and the rest.
fn errors(out: TokenStream) -> (Vec<(String, [Span; 2])>, TokenStream) {
    let trees: Vec<TokenTree> = out.into_iter().collect();
    let mut at = 0;
    let mut errors = Vec::new();
    while let Some([first, .., TokenTree::Ident(word), bang, text]) = trees.get(at..at + 8)
        && word == "compile_error"
    {
        assert_eq!(bang.to_string(), "!");
        errors.push((text.to_string(), [first.span(), text.span()]));
        at += 8;
    }
    (errors, trees.into_iter().skip(at).collect())
}

/// Asserts that both ends of each error are tokens of the source.
fn assert_spans(errors: &[(String, [Span; 2])], source: &str) {
    for (text, spans) in errors {
        for span in spans {
            let range = span.byte_range();
            // A token that is not of the source has no position in it.
            assert!(
                !range.is_empty() && span.source_text().as_deref() == source.get(range.clone()),
                "{text} points at {range:?}, which is none of\n{source}"
            );
        }
    }
}

pub(crate) fn cases() -> usize {
    std::env::var("RESIL_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(100_000)
}

/// Runs `case` so often in all, on threads with seeds of their own, and with the stack size of the
/// thread on which rustc runs macros. Returns the sums of the cases' results.
pub(crate) fn many(cases: usize, case: fn(&mut Random) -> [usize; 2]) -> [usize; 2] {
    const SEEDS: usize = 8;
    let runs: Vec<_> = (1..=SEEDS as u64)
        .map(|seed| {
            std::thread::Builder::new()
                .stack_size(8 << 20)
                .spawn(move || {
                    let mut random = Random(0xA076_1D64_78BD_642F_u64.wrapping_mul(seed * 2 - 1));
                    let mut sums = [0, 0];
                    for n in 0..cases.div_ceil(SEEDS) {
                        let one = case(&mut random);
                        sums = [sums[0] + one[0], sums[1] + one[1]];
                        if n % 100 == 0 {
                            // Frees the sources of all spans.
                            proc_macro2::extra::invalidate_current_thread_spans();
                        }
                    }
                    sums
                })
                .expect("a thread")
        })
        .collect();
    runs.into_iter().fold([0, 0], |sums, run| {
        let one = run.join().expect("no panic");
        [sums[0] + one[0], sums[1] + one[1]]
    })
}

/// Lexes `source` and hides some of the tokens; `None` if the lexer refuses it.
fn tokens(random: &mut Random, source: &str) -> Option<TokenStream> {
    assert!(source.len() <= 4096, "{source}");
    let mut tokens: TokenStream = source.parse().ok()?;
    for _ in 0..random.below(3) {
        tokens = hide(random, tokens);
    }
    Some(tokens)
}

fn one_stack(random: &mut Random) -> [usize; 2] {
    let text = if random.below(2) == 0 {
        random.one_of(stacks())
    } else {
        random.one_of(&STACKS)
    };
    let mut source = random.layers(text, 3);
    let (item, faults) = if random.below(2) == 0 {
        (random.one_of(&ITEMS), 3)
    } else {
        (random.one_of(&FITTING), 2)
    };
    let mut item: TokenStream = item.parse().expect("tokens");
    for _ in 0..random.below(faults) {
        item = spoil(random, item);
    }
    source.extend(["item ", &item.to_string()]);
    let Ok(written) = source.parse::<TokenStream>() else {
        return [0, 0];
    };
    let (layers, item) = attributes(written);
    let layers = layers
        .into_iter()
        .map(|(name, args)| {
            (
                name,
                if random.below(3) == 0 {
                    hide(random, args)
                } else {
                    args
                },
            )
        })
        .collect();
    let item = if random.below(3) == 0 {
        hide(random, item)
    } else {
        item
    };

    let (errors, out) = errors(expand(layers, &item));
    if errors.is_empty() {
        let parsed: syn::Result<syn::ImplItemFn> = syn::parse2(quote!(#out));
        if let Err(e) = parsed {
            // Faults in the body or the signature are left to rustc.
            let plain: syn::Result<syn::ImplItemFn> = syn::parse2(item.to_token_stream());
            assert!(plain.is_err(), "{e}\n{source}\n=> {out}");
        }
        [1, 0]
    } else {
        assert_spans(&errors, &source);
        // Sorted, as `main` and `test` change places with other attributes, and without spaces,
        // which differ by printer.
        let letters = |tokens: &TokenStream| {
            let mut all: Vec<char> = tokens.to_string().chars().collect();
            all.retain(|c| !c.is_whitespace());
            all.sort_unstable();
            all.into_iter().collect::<String>()
        };
        assert_eq!(letters(&out), letters(&item), "{source}");
        [0, 1]
    }
}

fn one_derive(random: &mut Random) -> [usize; 2] {
    let mut item: TokenStream = random.one_of(&ENUMS).parse().expect("tokens");
    for _ in 0..random.below(4) {
        item = spoil(random, item);
    }
    let source = item.to_string();
    let Some(item) = tokens(random, &source) else {
        return [0, 0];
    };
    let is_item = syn::parse2::<syn::DeriveInput>(item.clone()).is_ok();
    let (errors, out) = errors(classify::derive(item));
    if !is_item {
        // rustc reports that before it runs a derive.
        [0, 0]
    } else if errors.is_empty() {
        let parsed: syn::Result<syn::File> = syn::parse2(out.clone());
        assert!(parsed.is_ok(), "{source}\n=> {out}");
        [1, 0]
    } else {
        assert_spans(&errors, &source);
        [0, 1]
    }
}

#[test]
fn any_stack_on_any_item() {
    let [accepted, refused] = many(cases(), one_stack);
    assert!(
        accepted > cases() / 20 && refused > cases() / 20,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn any_derive() {
    let [accepted, refused] = many(cases() / 10, one_derive);
    assert!(
        accepted > cases() / 100 && refused > cases() / 1_000,
        "{accepted} accepted, {refused} refused"
    );
}
