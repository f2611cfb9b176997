//! The section of a stack. `worst.txt` has the last sentences; the lines above them are tested
//! here.

mod described;
mod words;

use proc_macro2::TokenStream;
use quote::quote;

use super::section;
use crate::input::Input;
use crate::policy::tests::{policies_of, with_cx};

const WORST: &str = include_str!("worst.txt");

/// Returns the section of a function under `stack`, outermost first, with `attrs` besides.
fn section_of(stack: &[&str], attrs: &TokenStream) -> String {
    section_on(stack, quote!(#attrs async fn f() {}))
}

/// Returns the section of `function` under `stack`.
pub(super) fn section_on(stack: &[&str], function: TokenStream) -> String {
    let (text, faults) = with_cx(|cx| {
        let (policies, facts) = policies_of(stack, cx);
        let input: Input = syn::parse2(function).expect("a function");
        let section = section(&input, &policies, &facts);
        if section.is_empty() {
            return String::new();
        }
        let attribute: syn::Attribute = syn::parse_quote!(#section);
        match &attribute.meta {
            syn::Meta::NameValue(doc) => match &doc.value {
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(text),
                    ..
                }) => text.value(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(faults, [""; 0], "{stack:?}");
    text
}

/// Returns the line of the one layer of `stack`, without its number.
fn line_of(stack: &str) -> String {
    let text = section_of(&[stack], &quote!(#[doc = "Documented."]));
    let line = text.lines().find_map(|line| line.strip_prefix("1. "));
    line.expect("a line").to_owned()
}

#[test]
fn the_worst_case_is_what_is_computed_by_hand() {
    let mut lines = WORST
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    let mut wrong = Vec::new();
    while let (Some(stack), Some(expected)) = (lines.next(), lines.next()) {
        let text = section_of(
            &stack.split(" ;; ").collect::<Vec<_>>(),
            &quote!(#[doc = "Documented."]),
        );
        let said = text.lines().last().unwrap_or_default();
        if said != expected.trim() {
            wrong.push(format!(
                "{stack}\n    expected {}\n    said     {said}\n",
                expected.trim()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn the_whole_section_stands_behind_the_docs() {
    assert_eq!(
        section_of(
            &["timeout(5s)", "retry", "timeout(LIMIT)"],
            &quote!(#[doc = "Documented."])
        ),
        "\n# Resilience\n\
         \nThe policies around the body, outermost first:\n\
         \n1. **timeout**: `5s`\
         \n2. **retry**: up to `3` runs; exponential waits from `100ms`, at most `20s`, with full jitter\
         \n3. **timeout**: `LIMIT`\n\
         \nWhether an error is retried is decided by `Classify` of its error type where it has one \
         (for `anyhow::Error`, `eyre::Report` and boxed errors: by the first error in the chain that \
         has one); else every error is retried.\n\
         \nAt worst 3 attempts and about 5s in all."
    );
}

/// A function without docs gets no section, so that `missing_docs` finds it.
#[test]
fn only_docs_are_docs() {
    for (attrs, documented) in [
        (quote!(), false),
        (quote!(#[doc(alias = "pay")]), false),
        (quote!(#[doc(hidden)]), false),
        (quote!(#[doc(alias = "pay")] #[must_use]), false),
        // rustc has replaced it by its content, or by nothing, before the macro runs.
        (quote!(#[cfg_attr(docsrs, doc = "Pays.")]), false),
        (quote!(#[doc = "Pays."]), true),
        (quote!(#[doc = include_str!("pay.md")]), true),
        (quote!(#[doc = concat!("Pays ", "once.")]), true),
        (quote!(#[doc(alias = "pay")] #[doc = "Pays."]), true),
    ] {
        let section = section_of(&["retry"], &attrs);
        assert_eq!(!section.is_empty(), documented, "{attrs}");
    }
}
