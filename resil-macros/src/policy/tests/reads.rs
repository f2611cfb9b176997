//! What the attributes accept, and that their tables are right.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote;

use super::{faults_of, with_cx};
use crate::parse::{AliasTarget, Const, DurationValue};
use crate::policy::circuit::options::Circuit;
use crate::policy::idempotent::options::Idempotent;
use crate::policy::retry::options::Retry;
use crate::policy::timeout::options::Timeout;
use crate::policy::{OPTIONS, circuit, retry};

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("the lexer takes it")
}

fn retry_of(args: TokenStream) -> Retry {
    let (retry, faults) = with_cx(|cx| Retry::read(args, Span::call_site(), cx));
    assert_eq!(faults, [""; 0]);
    retry
}

#[test]
fn a_timeout_is_const_where_it_reads_so() {
    let limit = |text: &str| {
        let (timeout, faults) = with_cx(|cx| Timeout::read(tokens(text), Span::call_site(), cx));
        assert_eq!(faults, [""; 0], "{text}");
        timeout.ok().expect(text).limit
    };
    assert_eq!(limit("5s").literal(), Some(Duration::from_secs(5)));
    assert_eq!(
        limit("crate = resil, 5s,").literal(),
        Some(Duration::from_secs(5))
    );
    for text in [
        "LIMIT",
        "config::LIMIT",
        "Self::LIMIT",
        "const { f() }",
        "<T as X>::LIMIT",
    ] {
        assert!(matches!(limit(text), DurationValue::Const(_)), "{text}");
    }
    for text in [
        "limit",
        "self.limit",
        "Duration::from_secs(5)",
        "f(LIMIT)",
        "2 * LIMIT",
        "x.unwrap_or(LIMIT)",
        "{ 5 }",
    ] {
        assert!(matches!(limit(text), DurationValue::Runtime(_)), "{text}");
    }
}

#[test]
fn every_form_of_an_option_reads() {
    let retry = retry_of(
        quote!(linear, max(5), base(1s), jitter = 50%, within = LIMIT, clone(limit, request)),
    );
    assert_eq!(retry.strategy, retry::options::Strategy::Linear);
    assert!(retry.delays.is_none() && !retry.nested_outer);
    assert!(matches!(
        retry.max,
        Some(retry::options::Max::Count(Const::Literal { value: 5, .. }))
    ));
    assert!(matches!(
        retry.jitter,
        Some(retry::options::Jitter::Ratio(_))
    ));
    assert_eq!(retry.clone, ["limit", "request"]);

    let retry = retry_of(quote!(
        jitter,
        max = unlimited,
        nested(outer),
        budget("shared"),
        retry_after = |e, _| e.after
    ));
    assert!(matches!(retry.jitter, Some(retry::options::Jitter::Full)) && retry.nested_outer);
    assert!(matches!(retry.max, Some(retry::options::Max::Unlimited(_))));
    assert!(
        matches!(retry.budget, Some(retry::budget::Budget::Named(name)) if name.value() == "shared")
    );

    for own in [
        quote!(budget(capacity = 20, cost = 2)),
        quote!(budget = (cost = 2, capacity = 20)),
    ] {
        let budget = retry_of(own).budget;
        assert!(matches!(
            budget,
            Some(retry::budget::Budget::Own {
                capacity: Some(_),
                cost: Some(_),
                ..
            })
        ));
    }
    let retry = retry_of(quote!(delays = [0s, 1s, LONG]));
    assert_eq!(retry.delays.map(|delays| delays.len()), Some(3));
}

#[test]
fn a_key_is_split_in_its_parts() {
    for (args, expected) in [
        (quote!(key = order.id), 1),
        (quote!(key(order.id)), 1),
        (quote!(key = (user, "payment", params)), 3),
        (quote!(key(user, "payment")), 2),
        (quote!(key = (order.id)), 1),
        (quote!(key = (a, b).0), 1),
    ] {
        let text = args.to_string();
        let (idempotent, faults) = with_cx(|cx| Idempotent::read(args, Span::call_site(), cx));
        assert_eq!(faults, [""; 0], "{text}");
        assert_eq!(
            idempotent.ok().map(|read| read.key.len()),
            Some(expected),
            "{text}"
        );
    }
}

#[test]
fn a_window_is_told_by_its_unit() {
    let window = |text: &str| {
        let args: TokenStream = format!("failure_rate = 50%, window = {text}")
            .parse()
            .expect(text);
        let (circuit, faults) = with_cx(|cx| Circuit::read(args, Span::call_site(), cx));
        assert_eq!(faults, [""; 0], "{text}");
        circuit.window.expect(text)
    };
    assert!(matches!(window("100"), circuit::options::Window::Calls(_)));
    assert!(matches!(window("10s"), circuit::options::Window::Time(_)));
    assert!(matches!(
        window("WINDOW"),
        circuit::options::Window::Expr(Const::Item { .. })
    ));
    assert!(matches!(
        window("Self::WINDOW"),
        circuit::options::Window::Expr(Const::Inline { .. })
    ));
    assert!(matches!(
        window("Duration::from_secs(5)"),
        circuit::options::Window::Expr(_)
    ));
}

/// With a `policy` the options that are not written are unknown, so no rule judges their defaults.
#[test]
fn a_policy_to_start_from_is_a_const() {
    for (value, is_item) in [
        ("BASE", true),
        ("config::BASE", true),
        ("CircuitPolicy::new().failures(3)", true),
        ("Self::BASE", false),
        ("T::BASE", false),
        ("const { base() }", false),
    ] {
        let args = tokens(&format!("policy = {value}, min_calls = 500, open_max = 1s"));
        let (circuit, faults) = with_cx(|cx| Circuit::read(args, Span::call_site(), cx));
        assert_eq!(faults, [""; 0], "{value}");
        let is = matches!(circuit.policy, Some(Const::Item { .. }));
        assert_eq!(is, is_item, "{value}");
        assert!(circuit.policy.is_some_and(|p| p.literal().is_none()));
    }
}

/// Each default may be written out.
#[test]
fn a_default_may_be_written_out() {
    for stack in [
        "retry(exponential, max = 3, base = 100ms, factor = 2, cap = 20s, jitter = full)",
        "retry(jitter, budget = (capacity = 500, cost = 5))",
        "retry(delays = [1s], jitter = none)",
        "circuit(failures = 5, open_for = 30s, open_max = 300s, probes = 1)",
        "circuit(failure_rate = 50%, window = 100, min_calls = 100)",
        "circuit(failure_rate = 50%, window = 10s, min_calls = 20)",
        "circuit(slow = 2s, slow_rate = 100%, key = user, max_keys = 10_000)",
        "idempotent(key = user, ttl = 24h, lease = 30s, conflict = wait, version = 1)",
        "retry ;; idempotent(key = user, on_abandon = retry, errors = forget)",
        "hedge(after = 50ms, max = 2, budget = 10%)",
        "bulkhead(max = 16, queue = 0, key = user, max_keys = 10_000)",
        "bulkhead(adaptive(min = 1, start = 16, max = 1000))",
    ] {
        let stack: Vec<&str> = stack.split(" ;; ").collect();
        assert_eq!(faults_of(&stack), [""; 0], "{stack:?}");
    }
}

/// Messages propose the example of a row, so it must be accepted.
#[test]
fn every_example_of_the_tables_reads() {
    for spec in OPTIONS {
        for option in spec.options {
            let mut args = option.sample();
            match option.name {
                "window" | "min_calls" => args += ", failure_rate = 50%",
                "on_outage" => args += ", store = \"shared\"",
                "slow_rate" => args += ", slow = 2s",
                "max_keys" if spec.owner == "`#[bulkhead]`" => args += ", key = user, max = 16",
                "key" if spec.owner == "`#[bulkhead]`" => args += ", max = 16",
                "max_keys" => args += ", key = user",
                name if spec.owner == "`#[hedge]`" && name != "after" => args += ", after = 50ms",
                "queue" if spec.owner == "`#[bulkhead]`" => args += ", max = 16",
                "wait" if spec.owner == "`#[bulkhead]`" => args += ", max = 16, queue = 64",
                name if spec.owner == "`#[idempotent]`" && name != "key" => args += ", key = user",
                _ => {}
            }
            for (name, sample) in [("max", ", max = 100"), ("per", ", per = 1s")] {
                let is_alone = ["name", "policy", name].contains(&option.name);
                if spec.owner == "`#[rate_limit]`" && !is_alone {
                    args += sample;
                }
            }
            if spec.owner == "`#[fallback]`" {
                args = match option.name {
                    "last_ok" => args,
                    "on" | "unless" => format!("7, {args}"),
                    _ => format!("last_ok, {args}"),
                };
            }
            let policy = spec.owner.trim_matches(['`', '#', '[', ']']);
            let stack = format!("{policy}({args})");
            assert_eq!(faults_of(&[&stack]), [""; 0], "{stack}");
        }
    }
}

/// Each alias leads to an option of the table, and none is an option itself.
#[test]
fn every_name_from_elsewhere_leads_somewhere() {
    for spec in OPTIONS.iter().chain([&&retry::budget::BUDGET]) {
        let has = |name: &str| spec.options.iter().any(|option| option.name == name);
        let mut seen = Vec::new();
        for row in spec.aliases {
            match row.target {
                AliasTarget::Option(to, _) | AliasTarget::OneMore(to) => assert!(has(to), "{to}"),
                AliasTarget::CountOrRatio(count, ratio, _) => assert!(has(count) && has(ratio)),
                AliasTarget::Advice(text) => {
                    let says = text.contains("write") || text.starts_with("remove it");
                    assert!(says, "{text}");
                }
            }
            for name in row.names {
                assert!(!has(name), "{} has `{name}` itself", spec.owner);
                assert!(
                    !seen.contains(name),
                    "`{name}` is in two rows of {}",
                    spec.owner
                );
                seen.push(name);
            }
        }
    }
}
