//! Shared stacks without rustc: the macro of a stack is run by hand.

mod definitions;
mod random;
mod uses;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;

use super::resolve;

/// Runs the macro of the one stack in `defined`, as rustc does, on the call that `#[apply]` has
/// written. Returns what the macro hands on, resolved: the function with its pending attribute.
pub(crate) fn run(defined: &TokenStream, called: TokenStream) -> TokenStream {
    let layers = layers_of(defined.clone()).expect("the macro of a stack");
    let Some(TokenTree::Group(arguments)) = called.into_iter().last() else {
        panic!("no call");
    };
    let asked = arguments.stream().into_iter().nth(1);
    resolve(quote!(#layers #asked))
}

/// Finds the name and the layers, in their braces, in the macro of a stack.
fn layers_of(defined: TokenStream) -> Option<TokenTree> {
    let trees: Vec<TokenTree> = defined.into_iter().collect();
    let at = trees
        .iter()
        .position(|tree| tree.to_string() == "macro_rules")?;
    // `macro_rules! name { (pattern) => { $($to)*! { { layers } $asked } }; .. }`
    let rules = group(&trees[at + 3])?;
    let call = group(rules.get(3)?)?;
    group(call.last()?)?.into_iter().next()
}

fn group(tree: &TokenTree) -> Option<Vec<TokenTree>> {
    match tree {
        TokenTree::Group(group) => Some(group.stream().into_iter().collect()),
        _ => None,
    }
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// Returns the messages at the beginning of an expansion, and the rest of it.
fn messages(out: TokenStream) -> (Vec<String>, TokenStream) {
    let trees: Vec<TokenTree> = out.into_iter().collect();
    let mut messages = Vec::new();
    let mut rest = TokenStream::new();
    let mut at = 0;
    while at < trees.len() {
        let is_error = trees
            .get(at + 5)
            .is_some_and(|tree| tree.to_string() == "compile_error");
        if is_error && let Some(text) = trees.get(at + 7).and_then(group) {
            let text: TokenStream = text.into_iter().collect();
            let text: syn::LitStr = syn::parse2(text).expect("a text");
            messages.push(text.value());
            at += 8;
        } else {
            rest.extend([trees[at].clone()]);
            at += 1;
        }
    }
    (messages, rest)
}

const FAULTS: &str = include_str!("tests/faults.txt");

/// The messages of each line of `faults.txt`: of a `stack!`, or of an `#[apply]`. `RESIL_BLESS=1` rewrites
/// the file: then read the difference.
#[test]
fn every_fault_says_what_to_write() {
    let lines = FAULTS.lines().filter(|line| !line.starts_with(' '));
    let now: String = lines.map(said_to).collect();
    if std::env::var_os("RESIL_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/apply/tests/faults.txt");
        std::fs::write(path, &now).expect("the file can be written");
        return;
    }
    for (now, then) in now.lines().zip(FAULTS.lines()) {
        assert_eq!(now, then);
    }
    assert_eq!(now.lines().count(), FAULTS.lines().count());
}

fn said_to(line: &str) -> String {
    let said = match line.split_once(": ") {
        Some(("stack", definitions)) => definitions::faults_of(definitions),
        Some(("apply", arguments)) => uses::faults_of(arguments),
        _ => return format!("{line}\n"),
    };
    for message in &said {
        let (what, help) = message.split_once("\nhelp: ").expect(line);
        assert!(what.contains('`') || what.contains("comma"), "{message}");
        assert!(!help.is_empty() && !help.contains('\n'), "{message}");
    }
    let said = said.iter().flat_map(|message| message.lines());
    let said = said.map(|line| format!("    {line}\n"));
    format!("{line}\n{}", said.collect::<Vec<_>>().concat())
}
