//! Faults as a user meets them: an attribute in, the messages out.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

use super::*;
use crate::check::{Layer, check_stack};

/// Parses and checks a stack written as attributes without `#[..]`, outermost first.
pub(crate) fn faults_of(stack: &[&str]) -> Vec<String> {
    let (_, messages) = read(stack);
    messages
}

pub(crate) fn read(stack: &[&str]) -> (Vec<Layer>, Vec<String>) {
    let diag = Diag::new();
    let ident = |name: &&str| Ident::new(name, Span::call_site());
    let params: Vec<Ident> = ["request", "limit", "user"].iter().map(ident).collect();
    let generics: Vec<Ident> = ["T", "N"].iter().map(ident).collect();
    let cx = Ctx {
        diag: &diag,
        params: &params,
        generics: &generics,
    };
    let layers: Vec<Layer> = stack
        .iter()
        .map(|text| {
            let tokens: TokenStream = text.parse().expect("the lexer takes it");
            let mut trees = tokens.into_iter();
            let name = trees.next().expect("a name").to_string();
            let args = match trees.next() {
                Some(TokenTree::Group(group)) => group.stream(),
                _ => TokenStream::new(),
            };
            layer(&name, args, &cx)
        })
        .collect();
    for layer in &layers {
        layer.check(&cx);
    }
    check_stack(&layers, &cx);
    let messages = diag.messages();
    (layers, messages)
}

pub(crate) fn layer(name: &str, args: TokenStream, cx: &Ctx<'_>) -> Layer {
    let span = Span::call_site();
    match name {
        "timeout" => Layer::Timeout(Timeout::parse(args, span, cx)),
        "retry" => Layer::Retry(Retry::parse(args, span, cx)),
        "circuit" => Layer::Circuit(Circuit::parse(args, span, cx)),
        _ => Layer::Idempotent(Idempotent::parse(args, span, cx)),
    }
}

#[test]
fn show_me() {
    for line in include_str!("/tmp/wt_parse_cases.txt").lines() {
        if line.is_empty() {
            continue;
        }
        let stack: Vec<&str> = line.split(" ;; ").collect();
        println!("{line}");
        for m in faults_of(&stack) {
            println!("    {}", m.replace('\n', "\n    "));
        }
    }
}
