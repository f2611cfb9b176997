//! Whatever stack stands on whatever item: the expansion never panics, what it accepts parses as an
//! item again, and what it refuses has the item as it was written behind the errors.
//!
//! 20,000 cases here; `RESIL_CASES=1000000` for more. The same property under coverage guidance is
//! in `fuzz/`.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::policy::tests::random::Random;
use crate::policy::tests::stacks;
use crate::{annotated, stack};

const ITEMS: [&str; 22] = [
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

/// Leaves out, doubles, swaps or hides some token, at any depth.
fn spoil(random: &mut Random, tokens: TokenStream) -> TokenStream {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    if trees.is_empty() {
        return random.stream(2, 4);
    }
    let at = random.below(trees.len());
    match random.below(7) {
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
        5 => trees.insert(at, random.tree(4)),
        _ => {
            let inner = trees[at].clone().into();
            trees[at] = Group::new(proc_macro2::Delimiter::None, inner).into();
        }
    }
    trees.into_iter().collect()
}

/// All attributes of `layers` on `item`, in the order in which rustc expands them.
fn expand(layers: &[(String, TokenStream)], item: &TokenStream) -> TokenStream {
    let mut item = item.clone();
    for (name, args) in layers {
        item = stack::defer(name, args.clone(), item);
    }
    // The private attribute is the last of those that were written; take it off and run it.
    let mut before = TokenStream::new();
    let mut trees = item.into_iter().peekable();
    while let Some(tree) = trees.next() {
        if let (TokenTree::Punct(p), Some(TokenTree::Group(g))) = (&tree, trees.peek()) {
            let text = g.stream().to_string();
            if p.as_char() == '#' && text.contains("__private") && text.contains("stack") {
                let args = g.stream().into_iter().find_map(|t| match t {
                    TokenTree::Group(args) => Some(args.stream()),
                    _ => None,
                });
                trees.next();
                let rest: TokenStream = before.into_iter().chain(trees).collect();
                return annotated::expand(args.unwrap_or_default(), &rest);
            }
        }
        before.extend([tree]);
    }
    before
}

fn cases() -> usize {
    std::env::var("RESIL_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(20_000)
}

#[test]
fn any_stack_on_any_item() {
    let mut random = Random(0xA076_1D64_78BD_642F);
    let texts: Vec<&str> = stacks().collect();
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..cases() {
        let text = random.one_of(&texts);
        let layers: Vec<(String, TokenStream)> = text
            .split(" ;; ")
            .map(|layer| {
                let name = layer.split('(').next().unwrap_or("retry").to_owned();
                let args = if random.below(3) == 0 {
                    random.spoilt(layer)
                } else {
                    let args = layer
                        .split_once('(')
                        .map_or("", |(_, a)| a.strip_suffix(')').unwrap_or(a));
                    args.parse().unwrap_or_default()
                };
                (name, args)
            })
            .collect();
        let mut item: TokenStream = random.one_of(&ITEMS).parse().expect("tokens");
        for _ in 0..random.below(3) {
            item = spoil(&mut random, item);
        }
        let out = expand(&layers, &item);
        if out.to_string().contains("compile_error") {
            refused += 1;
        } else {
            accepted += 1;
            let parsed: syn::Result<syn::ImplItemFn> = syn::parse2(quote!(#out));
            if let Err(e) = parsed {
                // What rustc itself would refuse in the body or the signature is its to refuse.
                let plain: syn::Result<syn::ImplItemFn> = syn::parse2(item.to_token_stream());
                assert!(plain.is_err(), "{e}\n{text}\n{item}\n=> {out}");
            }
        }
    }
    assert!(
        accepted > 100 && refused > 100,
        "{accepted} accepted, {refused} refused"
    );
}
