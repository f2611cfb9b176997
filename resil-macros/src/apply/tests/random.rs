//! Random stacks on random items: a shared stack is accepted where the attributes written out are, and
//! expands to the same code; it is refused where they are, with the same messages.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;

use super::uses::faults_of_tokens;
use super::{FAULTS, ident, messages, run};
use crate::apply::define;
use crate::policy::POLICIES;
use crate::policy::tests::random::Random;
use crate::policy::tests::stacks;
use crate::random_items::{FITTING, ITEMS, STACKS, attributes, cases, expand, hide, many};
use crate::stack::APPLY;

#[test]
fn a_shared_stack_is_the_attributes_written_out() {
    let cases = cases() / 10;
    let [accepted, refused] = many(cases, one);
    assert!(
        accepted > cases / 20 && refused > cases / 20,
        "{accepted} accepted, {refused} refused"
    );
}

fn one(random: &mut Random) -> [usize; 2] {
    let Some((layers, item, source)) = some(random) else {
        return [0, 0];
    };
    let attributes = layers.iter().map(|(name, args)| quote!(#[#name(#args)]));
    let (told, defined) = messages(define(&quote!(PAY = #(#attributes)*;)));
    let (mut written, code) = messages(expand(layers, &item));

    let arguments: TokenStream = "PAY".parse().expect("tokens");
    let called = expand(vec![(ident(APPLY), arguments)], &item);
    let is_call = called.to_string().contains("resolve_stack");
    let resolved = if is_call {
        expand(Vec::new(), &run(&defined, called))
    } else {
        called
    };
    let (applied, applied_code) = messages(resolved);

    if !told.is_empty() {
        assert!(
            applied.is_empty() || !is_call,
            "told twice: {applied:?}\n{source}"
        );
        assert!(!written.is_empty(), "refused alone: {told:?}\n{source}");
        return [0, 1];
    }
    let bare = |message: String| {
        let bare = message
            .strip_prefix("in the stack `PAY`: ")
            .map(str::to_owned);
        // Of the function itself: there the attribute is named that stands on it.
        let bare = bare.unwrap_or(message);
        POLICIES.iter().fold(bare, |text, policy| {
            let name = policy.name;
            let beside = format!("`{name}(..)` beside the stack `PAY`");
            text.replace(&beside, &format!("`#[{name}(..)]`"))
                .replace(&format!("#[{name}]"), "#[apply]")
        })
    };
    let mut applied: Vec<String> = applied.into_iter().map(bare).collect();
    written = written.into_iter().map(bare).collect();
    written.sort();
    applied.sort();
    // At the name of the stack one fault of two layers is told once.
    written.dedup();
    applied.dedup();
    assert_eq!(applied, written, "{source}");
    assert_eq!(applied_code.to_string(), code.to_string(), "{source}");
    if written.is_empty() { [1, 0] } else { [0, 1] }
}

type Layers = Vec<(Ident, TokenStream)>;

/// Makes up some layers and an item; `None` if the lexer refuses them.
fn some(random: &mut Random) -> Option<(Layers, TokenStream, String)> {
    let text = if random.below(3) == 0 {
        random.one_of(stacks())
    } else {
        random.one_of(&STACKS)
    };
    let mut source = random.layers(text, 6);
    let item = if random.below(4) == 0 {
        random.one_of(&ITEMS)
    } else {
        random.one_of(&FITTING)
    };
    source.extend(["item ", item]);
    let (layers, item) = attributes(source.parse().ok()?);
    let layers = layers.into_iter().map(|(name, args)| {
        let args = if random.below(3) == 0 {
            hide(random, args)
        } else {
            args
        };
        (name, args)
    });
    let layers: Layers = layers.collect();
    // The macro of a stack gives `$` a meaning, which only rustc knows.
    let is_plain = !layers.iter().any(|(_, args)| has_dollar(args.clone()));
    is_plain.then_some((layers, item, source))
}

fn has_dollar(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => has_dollar(group.stream()),
        TokenTree::Punct(punct) => punct.as_char() == '$',
        _ => false,
    })
}

/// What is written wrong is told, and what is left of a definition is Rust.
#[test]
fn spoilt_definitions_and_references_never_panic() {
    let cases = cases() / 10;
    let [accepted, refused] = many(cases, one_spoilt);
    assert!(
        accepted > cases / 100 && refused > cases / 10,
        "{accepted} accepted, {refused} refused"
    );
}

fn one_spoilt(random: &mut Random) -> [usize; 2] {
    let lines: Vec<&str> = FAULTS
        .lines()
        .filter(|line| !line.starts_with(' '))
        .collect();
    let line = random.one_of(&lines);
    let (kind, text) = line.split_once(": ").expect(line);
    let tokens = random.spoilt(&format!("x({text})"));
    let told = if kind == "stack" {
        let (told, code) = messages(define(&tokens));
        // Attributes of a definition are left to rustc.
        let is_rust = syn::parse2::<syn::File>(code.clone()).is_ok();
        assert!(is_rust, "{tokens}\n=> {code}");
        told
    } else {
        faults_of_tokens(tokens)
    };
    if told.is_empty() { [1, 0] } else { [0, 1] }
}
