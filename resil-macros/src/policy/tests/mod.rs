//! Faults as users meet them: attributes in, messages out.

pub(crate) mod random;
mod reads;
mod typed;

use std::ops::Range;
use std::sync::LazyLock;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

use super::*;
use crate::check::check_stack;
use crate::diag::Diag;
use crate::facts::Facts;
use crate::parse::ParseContext;

/// Each stack (outermost first, separated by ` ;; `) with its messages, indented. They differ from
/// those of a real compile only by the spaces inside the user's expressions.
const FAULTS: &str = include_str!("faults.txt");

/// `RESIL_BLESS=1` rewrites the file: then read the difference.
#[test]
fn every_fault_says_what_to_write() {
    let stacks = stacks();
    let now: String = stacks.iter().map(|stack| said_to(stack)).collect();
    if std::env::var_os("RESIL_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/policy/tests/faults.txt");
        std::fs::write(path, &now).expect("the file can be written");
        return;
    }
    for (now, then) in now.lines().zip(FAULTS.lines()) {
        assert_eq!(now, then);
    }
    assert_eq!(now.lines().count(), FAULTS.lines().count());
}

/// A message must also say what to write instead.
#[test]
fn every_fault_has_a_line_of_help() {
    for stack in stacks() {
        for message in faults_of(&stack.split(" ;; ").collect::<Vec<_>>()) {
            let (what, help) = message.split_once("\nhelp: ").expect(stack);
            assert!(what.contains('`') || what.contains("comma"), "{message}");
            assert!(!help.is_empty() && !help.contains('\n'), "{message}");
        }
    }
}

#[test]
fn faults_of_all_layers_come_together() {
    let faults = faults_of(&[
        "circuit(failures = 0)",
        "timeout(5)",
        "retry(max = 0, bse = 1s, cap = 5)",
    ]);
    assert_eq!(faults.len(), 5, "{faults:#?}");
}

pub(crate) fn stacks() -> &'static [&'static str] {
    static STACKS: LazyLock<Vec<&str>> = LazyLock::new(|| {
        FAULTS
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with(' '))
            .collect()
    });
    &STACKS
}

fn said_to(stack: &str) -> String {
    let faults = faults_of(&stack.split(" ;; ").collect::<Vec<_>>());
    let lines: Vec<&str> = faults.iter().flat_map(|fault| fault.lines()).collect();
    let lines = lines
        .iter()
        .map(|line| format!("    {line}\n"))
        .collect::<Vec<_>>()
        .concat();
    format!("{stack}\n{lines}")
}

/// Parses and checks a stack written without `#[..]`, outermost first.
pub(crate) fn faults_of(stack: &[&str]) -> Vec<String> {
    let faults = located_faults_of(&stack.join(" ;; "));
    faults.into_iter().map(|(_, message)| message).collect()
}

/// Returns the policies of such a stack, and their facts.
pub(crate) fn policies_of(
    stack: &[&str],
    cx: &ParseContext<'_>,
) -> (Vec<Box<dyn Policy>>, Vec<Facts>) {
    let stack = named(&stack.join(" ;; ")).into_iter();
    let parsed = stack.map(|(name, args)| parse(&name, args, cx));
    parsed
        .map(|parsed| (parsed.policy.expect("no fault"), parsed.facts))
        .unzip()
}

/// Returns the faults of a line, each message with the bytes that it is about.
fn located_faults_of(line: &str) -> Vec<(Range<usize>, String)> {
    checked(named(line))
}

/// Splits a line into the names of the attributes and their arguments.
fn named(line: &str) -> Vec<(Ident, TokenStream)> {
    let tokens: TokenStream = line.parse().expect("the lexer takes it");
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let is_end = |tree: &TokenTree| matches!(tree, TokenTree::Punct(p) if p.as_char() == ';');
    let stack = trees.split(is_end).filter_map(|layer| match layer {
        [TokenTree::Ident(name), args @ ..] => {
            let args = match args {
                [TokenTree::Group(group)] => group.stream(),
                _ => TokenStream::new(),
            };
            Some((name.clone(), args))
        }
        _ => None,
    });
    stack.collect()
}

fn faults_of_tokens(stack: Vec<(String, TokenStream)>) -> Vec<String> {
    let name = |text: &str| Ident::new(text, Span::call_site());
    let stack = stack.into_iter().map(|(text, args)| (name(&text), args));
    let faults = checked(stack.collect());
    faults.into_iter().map(|(_, message)| message).collect()
}

fn checked(stack: Vec<(Ident, TokenStream)>) -> Vec<(Range<usize>, String)> {
    let run = |cx: &ParseContext<'_>| {
        let mut facts = Vec::new();
        let mut policies = Vec::new();
        for (name, args) in stack {
            let parsed = parse(&name, args, cx);
            facts.push(parsed.facts);
            policies.extend(parsed.policy);
        }
        for policy in &policies {
            policy.check(cx);
        }
        check_stack(&facts, cx.diag);
    };
    let ((), faults) = with_located_faults(run);
    faults
}

/// Runs in a function with the arguments `request`, `limit`, `user` and the generics `T`, `N` that
/// returns a `Result<Receipt, pay::PayError>`. Returns the messages too.
pub(crate) fn with_cx<T>(run: impl FnOnce(&ParseContext<'_>) -> T) -> (T, Vec<String>) {
    let (result, faults) = with_located_faults(run);
    let messages = faults.into_iter().map(|(_, message)| message).collect();
    (result, messages)
}

fn with_located_faults<T>(
    run: impl FnOnce(&ParseContext<'_>) -> T,
) -> (T, Vec<(Range<usize>, String)>) {
    let diag = Diag::new();
    let ident = |name: &str| Ident::new(name, Span::call_site());
    let params = ["request", "limit", "user"].map(ident);
    let generics = ["T", "N"].map(ident);
    let cx = ParseContext {
        diag: &diag,
        attributes: OPTIONS,
        params: &params,
        knows_function: true,
        generics: &generics,
        error: Some(quote::quote!(pay::PayError)),
        success: Some(quote::quote!(Receipt)),
        ok_is_result: false,
    };
    let result = run(&cx);
    (result, diag.faults())
}

fn parse(name: &Ident, args: TokenStream, cx: &ParseContext<'_>) -> Parsed {
    let policy = find(&name.to_string()).expect("one of the policies");
    (policy.parse)(args, name.span(), cx)
}
