//! What an attribute refuses, configuration refuses in the same words: the attributes of `faults.txt` with
//! their messages, each also as configuration.

use std::collections::BTreeMap;

use resil::Stack;
use resil::idempotency::IdempotentPolicy;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::attribute::{options, parts, value_of};

const FAULTS: &str = include_str!("../../../resil-macros/src/policy/tests/faults.txt");

/// Each stack with its messages.
fn rows() -> Vec<(&'static str, Vec<String>)> {
    let mut rows: Vec<(&str, Vec<String>)> = Vec::new();
    for line in FAULTS.lines() {
        match (line.strip_prefix("    "), rows.last_mut()) {
            (None, _) => rows.push((line, Vec::new())),
            (Some(help), Some((_, messages))) if help.starts_with("help: ") => {
                let last = messages.last_mut().unwrap();
                *last = format!("{last}\n{help}");
            }
            (Some(message), Some((_, messages))) => messages.push(message.to_owned()),
            (Some(_), None) => unreachable!("a message belongs to a stack"),
        }
    }
    rows
}

/// Reads a value, and holds what is shown of it to be read as the same again.
fn read<T: DeserializeOwned + Serialize>(json: &str) -> Result<(), String> {
    let value: T = serde_json::from_str(json).map_err(|error| {
        let text = error.to_string();
        let told = text
            .rsplit_once(" at line ")
            .map(|(told, _)| told.to_owned());
        told.unwrap_or(text)
    })?;
    let shown = serde_json::to_string(&value).unwrap();
    let again: T = serde_json::from_str(&shown).unwrap_or_else(|e| panic!("{json}: {shown}: {e}"));
    assert_eq!(serde_json::to_string(&again).unwrap(), shown, "{json}");
    Ok(())
}

/// Reads an attribute that is no layer. `None` if it can't be written in configuration.
fn read_alone(attribute: &str) -> Option<Result<(), String>> {
    let (policy, args) = parts(attribute);
    // The key of a call is an expression; a policy by itself has none.
    let args = match args.strip_prefix("key = user") {
        Some(rest) => rest.trim_start_matches([',', ' ']),
        None => args,
    };
    let json = options(args)?;
    (policy == "idempotent").then(|| read::<IdempotentPolicy>(&json))
}

/// Reads a stack. What is said of the place in it is left out.
fn read_stack(attributes: &str) -> Option<Result<(), String>> {
    let mut layers = Vec::new();
    for attribute in attributes.split(" ;; ") {
        let (policy, args) = parts(attribute);
        let own = match policy {
            "timeout" if args.contains('=') => options(args)?,
            "timeout" => value_of(args)?,
            "retry" | "circuit" | "bulkhead" | "rate_limit" | "hedge" => options(args)?,
            _ => return None,
        };
        layers.push(format!("{{\"{policy}\": {own}}}"));
    }
    let json = format!(
        "{{\"name\": \"values.refused\", \"layers\": [{}]}}",
        layers.join(", ")
    );
    Some(read::<Stack>(&json).map_err(|error| {
        let lines = error.lines().map(|line| match line.split_once("): ") {
            Some((place, message)) if place.starts_with("stack `values.refused`, layer ") => {
                message
            }
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }))
}

/// Whether it says that something is an attribute's own.
fn is_apart(error: &str) -> bool {
    error.contains("which only an attribute can have")
        || error.contains("the state belongs to the name of the stack")
}

/// What configuration says is the messages of the attribute, or the first of them: rules between options
/// are looked at once the options are right. A list of all options is shorter, as some belong to
/// attributes; it also stands where the attribute proposes one of these.
fn agrees(error: &str, messages: &[String]) -> bool {
    if let Some((message, list)) = error.split_once("\nhelp: it has `") {
        return messages[0].starts_with(&format!("{message}\nhelp: ")) && !list.contains('\n');
    }
    (1..=messages.len()).any(|n| messages[..n].join("\n") == error)
}

/// Rows in which configuration differs on purpose.
const APART: &[(&str, &str)] = &[
    ("idempotent", NO_KEY),
    ("idempotent()", NO_KEY),
    ("idempotent(user)", NO_KEY),
    ("retry(base = 5ms jitter)", NO_COMMA),
    ("retry(max = 5 base = 1s)", NO_COMMA),
    ("retry(max = 5; base = 5ms)", NO_COMMA),
    ("retry(max = 5 delay = 1s)", NO_COMMA),
    ("retry(delays = [1m 30s, 5s])", NO_COMMA),
    ("retry(budget = shared)", "a word in a text is the name"),
    ("retry(max = 3 times)", NO_EXPRESSION),
    ("retry(delays = 1s..10s)", NO_EXPRESSION),
    (
        "hedge(after = 50ms, budget(cost = 5))",
        "the form with parentheses is the attribute's",
    ),
];

/// How many rows are compared at least.
const LEAST: &[(&str, usize)] = &[
    ("a stack", 25),
    ("bulkhead", 50),
    ("circuit", 80),
    ("hedge", 49),
    ("idempotent", 21),
    ("rate_limit", 24),
    ("retry", 150),
    ("timeout", 44),
];

const NO_KEY: &str = "the key of a call is an expression";
const NO_COMMA: &str = "configuration has no commas that can be missing";
const NO_EXPRESSION: &str = "configuration has no expressions";

#[test]
fn what_an_attribute_refuses_is_refused_in_the_same_words() {
    let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut faults, mut differ) = (0, Vec::new());
    for (attributes, messages) in rows() {
        if APART.iter().any(|(apart, _)| *apart == attributes) {
            continue;
        }
        let is_stack = attributes.contains(" ;; ");
        let is_layer = parts(attributes).0 != "idempotent";
        let read = if is_stack || is_layer {
            read_stack(attributes)
        } else {
            read_alone(attributes)
        };
        let said = match read {
            None => continue,
            Some(Ok(())) => String::new(),
            Some(Err(error)) if is_apart(&error) => continue,
            Some(Err(error)) => error,
        };
        let same = match messages.as_slice() {
            [] => said.is_empty(),
            messages => agrees(&said, messages),
        };
        if !same {
            let expected = messages.join("\n");
            differ.push(format!(
                "{attributes}\n-- the attribute:\n{expected}\n-- configuration:\n{said}\n"
            ));
        }
        let policy = if is_stack {
            "a stack"
        } else {
            parts(attributes).0
        };
        *compared.entry(policy).or_default() += 1;
        faults += usize::from(!messages.is_empty());
    }
    assert!(
        differ.is_empty(),
        "{} differ:\n{}",
        differ.len(),
        differ.join("\n")
    );
    for (policy, least) in LEAST {
        let rows = compared.get(policy).copied().unwrap_or_default();
        assert!(rows >= *least, "only {rows} rows of {policy}");
    }
    assert!(faults >= 400, "only {faults} rows are refused");
}
