//! What the catalog is told agrees with what the docs say.

use std::time::Duration;

use quote::quote;

use super::{WORST, line_of, section_of};
use crate::document::{Described, described};
use crate::input::Input;
use crate::parse::show;
use crate::policy::tests::{policies_of, with_cx};
use crate::policy::{code, without_code_spans};
use crate::stack::Stack;

fn described_of(stack: &[&str]) -> Described {
    let content = stack.iter().map(|layer| {
        let brackets = if layer.contains('(') { "" } else { "()" };
        format!("{layer}{brackets} ")
    });
    let content = content.collect::<String>().parse().expect("tokens");
    let (of, _) = with_cx(|cx| {
        let (policies, facts) = policies_of(stack, cx);
        let input: Input = syn::parse2(quote!(
            async fn f() {}
        ))
        .expect("a function");
        described(&Stack::read(content), &input, &policies, &facts)
    });
    of
}

/// The product of the numbers in `3 attempts of 2 copies each`; 0 if one of them is no number.
fn attempts_in_words(sentence: &str) -> u64 {
    let said = sentence.strip_prefix("At worst ").expect(sentence);
    let end = [", ", " and ", "."]
        .iter()
        .filter_map(|end| said.find(end))
        .min();
    let said = &said[..end.expect(sentence)];
    let counts = said.trim_end_matches(" each").split(" of ");
    let counts = counts.map(|count| match count.split(' ').next() {
        Some("one") => 1,
        Some(number) => number.parse().unwrap_or(0),
        None => 0,
    });
    counts.product()
}

#[test]
fn the_worst_case_in_numbers_is_the_one_in_words() {
    let mut lines = WORST
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    let (mut stacks, mut timed) = (0, 0);
    while let (Some(stack), Some(_)) = (lines.next(), lines.next()) {
        let layers: Vec<&str> = stack.split(" ;; ").collect();
        let of = described_of(&layers);
        let docs = section_of(&layers, &quote!(#[doc = "Documented."]));
        let sentence = docs.lines().last().expect("a sentence");
        assert_eq!(of.worst_case, without_code_spans(sentence), "{stack}");
        assert_eq!(
            of.attempts,
            attempts_in_words(sentence),
            "{stack}: {sentence}"
        );
        let about = sentence.split_once(" and about ").map(|(_, about)| about);
        let about = about.filter(|about| about.contains(" in all"));
        let about = about.filter(|_| !sentence.contains(", besides "));
        assert_eq!(of.times.is_some(), about.is_some(), "{stack}: {sentence}");
        if let (Some((own, asked)), Some(about)) = (of.times, about) {
            let in_all = about.starts_with(&format!("{} in all", up_to_a_milli(own)));
            assert!(in_all, "{stack}: {own:?} {sentence}");
            let longer = format!("({} where the failed side asks", up_to_a_milli(asked));
            assert_eq!(
                about.contains(&longer),
                asked != own,
                "{stack}: {asked:?} {sentence}"
            );
            timed += 1;
        }
        stacks += 1;
    }
    assert!(stacks > 20 && timed > 10, "{stacks} {timed}");
}

/// As the sentence writes it.
fn up_to_a_milli(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        return show(time);
    }
    show(Duration::from_millis(
        time.as_nanos()
            .div_ceil(1_000_000)
            .try_into()
            .expect("it fits"),
    ))
}

#[test]
fn the_words_are_those_of_the_docs_without_their_marks() {
    for layer in [
        "retry",
        "retry(max = 1)",
        "circuit(name = \"pay\")",
        "circuit(key = request.host, on(Network(_)))",
        "rate_limit(name = \"pay\", max = 9, per = 1s)",
        "idempotent(key = f(\"a``b\"))",
        "fallback(f('`'))",
        "timeout(LIMIT)",
    ] {
        let of = described_of(&[layer]);
        let [described] = of.layers.as_slice() else {
            panic!("{layer}: {}", of.layers.len())
        };
        let line = without_code_spans(&line_of(layer));
        let (name, says) = line.trim_start_matches("**").split_once("**").expect(&line);
        assert_eq!(described.policy.replace('_', " "), name);
        assert_eq!(described.words, says.trim_start_matches([':', ',', ' ']));
        assert!(!described.words.starts_with('`'), "{}", described.words);
    }
    let words = |layer: &str| described_of(&[layer]).layers.remove(0).words;
    assert_eq!(words("circuit(name = \"pay\")"), "pay");
    assert_eq!(words("timeout(LIMIT)"), "LIMIT");
    assert_eq!(
        words("circuit(key = request.host)"),
        "one for each request.host: opens for at least 30s after 5 failures in a row"
    );
}

#[test]
fn a_code_span_is_taken_back() {
    for text in ["a", "`", "`a", "a ``", "a ` b `` c", " a "] {
        assert_eq!(without_code_spans(&code(text)), text);
        let around = format!("x {} y {}", code(text), code("z"));
        assert_eq!(without_code_spans(&around), format!("x {text} y z"));
    }
    assert_eq!(without_code_spans("no end `a"), "no end `a");
}
