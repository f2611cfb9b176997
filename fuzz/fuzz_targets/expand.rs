//! Runs any stack on any item through the macro crate, which must never panic.
//!
//! `cargo +nightly fuzz run expand fuzz/corpus/expand fuzz/seeds/expand` in the root; the seeds have a
//! stack of each policy. The input is text: attributes separated by ` ;; ` on
//! the first line (`retry(max = 5) ;; timeout(1s)`), the item below it. At most 4 KiB and 128 levels
//! of nesting: deeper input overflows the parser's stack.
//!
//! A proc-macro crate exports only its macros, so its modules are included by their paths.

#![no_main]
#![allow(dead_code, unexpected_cfgs, unused_imports, unreachable_pub)]

extern crate proc_macro;

#[path = "../../resil-macros/src/apply/mod.rs"]
mod apply;
#[path = "../../resil-macros/src/check.rs"]
mod check;
#[path = "../../resil-macros/src/classify/mod.rs"]
mod classify;
#[path = "../../resil-macros/src/described.rs"]
mod described;
#[path = "../../resil-macros/src/diag.rs"]
mod diag;
#[path = "../../resil-macros/src/document/mod.rs"]
mod document;
#[path = "../../resil-macros/src/emit/mod.rs"]
mod emit;
#[path = "../../resil-macros/src/expand/mod.rs"]
mod expand;
#[path = "../../resil-macros/src/facts.rs"]
mod facts;
#[path = "../../resil-macros/src/features.rs"]
mod features;
#[path = "../../resil-macros/src/input.rs"]
mod input;
#[path = "../../resil-macros/src/krate.rs"]
mod krate;
#[path = "../../resil-macros/src/parse/mod.rs"]
mod parse;
#[path = "../../resil-macros/src/pipeline.rs"]
mod pipeline;
#[path = "../../resil-macros/src/policy/mod.rs"]
mod policy;
#[path = "../../resil-macros/src/return_type.rs"]
mod return_type;
#[path = "../../resil-macros/src/shape/mod.rs"]
mod shape;
#[path = "../../resil-macros/src/splice/mod.rs"]
mod splice;
#[path = "../../resil-macros/src/stack.rs"]
mod stack;
#[path = "../../resil-macros/src/tokens/mod.rs"]
mod tokens;

use std::str::FromStr;

use libfuzzer_sys::fuzz_target;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};

fuzz_target!(|text: &str| {
    if text.len() > 4096 || nesting(text) > 128 {
        return;
    }
    let Some((stack, item)) = text.split_once('\n') else { return };
    let Ok(mut item) = TokenStream::from_str(item) else { return };
    if let Ok(derived) = TokenStream::from_str(stack) {
        classify::derive(derived.clone());
        apply::define(&derived);
    }
    for layer in stack.split(" ;; ") {
        let (name, args) = layer.split_once('(').unwrap_or((layer, ""));
        if policy::find(name).is_none() && name != stack::APPLY {
            return;
        }
        let Ok(args) = TokenStream::from_str(args.strip_suffix(')').unwrap_or(args)) else { return };
        item = stack::defer(Ident::new(name, Span::call_site()), args, item);
    }
    run_pending(item);
});

/// Takes the private attribute off and runs it, as rustc does last.
fn run_pending(item: TokenStream) {
    let mut before = TokenStream::new();
    let mut trees = item.into_iter().peekable();
    while let Some(tree) = trees.next() {
        if let (TokenTree::Punct(p), Some(TokenTree::Group(g))) = (&tree, trees.peek())
            && p.as_char() == '#'
            && g.stream().to_string().contains("__private")
        {
            let args = g.stream().into_iter().find_map(|t| match t {
                TokenTree::Group(args) => Some(args.stream()),
                _ => None,
            });
            trees.next();
            let rest: TokenStream = before.into_iter().chain(trees).collect();
            let out = pipeline::expand(args.unwrap_or_default(), &rest);
            assert!(!out.is_empty(), "a stack on an item leaves something");
            return;
        }
        before.extend([tree]);
    }
}

fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
