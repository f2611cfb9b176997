//! Definitions of stacks.

use proc_macro2::TokenStream;

use super::{layers_of, messages};
use crate::apply::define;

fn defined(definitions: &str) -> (Vec<String>, TokenStream) {
    messages(define(&definitions.parse().expect("tokens")))
}

pub(super) fn faults_of(definitions: &str) -> Vec<String> {
    defined(definitions).0
}

fn code(definitions: &str) -> String {
    let (faults, code) = defined(definitions);
    assert_eq!(faults, [""; 0]);
    code.to_string()
}

#[test]
fn only_a_pub_stack_leaves_the_crate() {
    for (vis, exported) in [
        ("pub", true),
        ("pub(crate)", false),
        ("pub(in crate::a)", false),
        ("", false),
    ] {
        let code = code(&format!("{vis} PAY = #[retry];"));
        assert_eq!(code.contains("macro_export"), exported, "{code}");
    }
}

#[test]
fn a_stack_with_a_fault_is_defined_without_layers() {
    let (faults, code) = defined("PAY = #[retry(max = 0)]; GET = #[retry];");
    assert_eq!(faults.len(), 1, "{faults:?}");
    let names = ["as PAY ;", "as GET ;"];
    assert!(
        names.iter().all(|name| code.to_string().contains(name)),
        "{code}"
    );
    let faulty = layers_of(code).expect("a macro").to_string();
    assert_eq!(faulty, "{ PAY }");
}

#[test]
fn each_stack_has_a_macro_of_its_own() {
    let (one, other) = (code("PAY = #[retry];"), code("PAY = #[retry];"));
    let name = |code: &str| {
        let name = code.split("macro_rules ! ").nth(1).expect("a macro");
        name.split(' ').next().expect("a name").to_owned()
    };
    assert_ne!(name(&one), name(&other));
    assert!(name(&one).starts_with("__resil_PAY_"), "{one}");
}

#[test]
fn its_docs_have_the_stack_in_words() {
    let code = code(
        "/// How we pay.\n pub PAY = #[circuit(name = \"pay\")] #[timeout(5s)] #[retry(max = 4)];",
    );
    let docs: Vec<&str> = code.split("doc = ").skip(1).collect();
    assert!(docs[0].contains("How we pay."), "{code}");
    for words in [
        "# Resilience",
        "The policies of `#[resil::apply(PAY)]`, outermost first:",
        "1. ",
        "2. ",
        "3. ",
        "`5s`",
        "4 attempts",
    ] {
        assert!(docs[1].contains(words), "`{words}` is missing: {}", docs[1]);
    }
}

#[test]
fn attributes_of_the_definition_stay() {
    let code = code("#[cfg(unix)] #[deprecated] PAY = #[retry];");
    assert_eq!(code.matches("# [cfg (unix)]").count(), 2, "{code}");
    assert_eq!(code.matches("# [deprecated]").count(), 1, "{code}");
}
