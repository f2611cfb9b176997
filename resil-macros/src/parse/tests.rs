//! The value kinds by themselves: what they accept, and what they make of it.

use std::time::Duration;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;

use super::*;
use crate::diag::Diag;
use crate::policy::{Circuit, Ctx, Idempotent, Retry, SPECS, Timeout, circuit, retry};

/// Runs `read` on a value of `max`'s place, and gives its answer and the faults.
fn with_value<T>(tokens: TokenStream, read: impl FnOnce(&Value<'_>) -> T) -> (T, Vec<String>) {
    with_cx(|cx| {
        let value = Value {
            cx,
            name: "base",
            takes: "a value".to_owned(),
            example: "100ms",
            place: Place::Element,
            tokens,
        };
        read(&value)
    })
}

fn with_cx<T>(run: impl FnOnce(&Ctx<'_>) -> T) -> (T, Vec<String>) {
    let diag = Diag::new();
    let params = [ident("limit"), ident("request")];
    let generics = [ident("T"), ident("N")];
    let cx = Ctx {
        diag: &diag,
        params: &params,
        generics: &generics,
    };
    let result = run(&cx);
    (result, diag.messages())
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("the lexer takes it")
}

/// As `macro_rules!` hands over `$e:expr`, once more within another macro.
fn in_none_groups(tokens: TokenStream) -> TokenStream {
    let inner = TokenTree::from(Group::new(Delimiter::None, tokens));
    TokenTree::from(Group::new(Delimiter::None, inner.into())).into()
}

fn retry_of(args: TokenStream) -> Retry {
    let (retry, faults) = with_cx(|cx| Retry::parse(args, Span::call_site(), cx));
    assert_eq!(faults, [""; 0]);
    retry
}

#[test]
fn durations_are_exact() {
    let cases = [
        ("1ns", Duration::from_nanos(1)),
        ("250us", Duration::from_micros(250)),
        ("500ms", Duration::from_millis(500)),
        ("5s", Duration::from_secs(5)),
        ("1_000ms", Duration::from_secs(1)),
        ("1.5s", Duration::from_millis(1500)),
        ("0.1s", Duration::from_millis(100)),
        ("0.000_000_001s", Duration::from_nanos(1)),
        ("1.5m", Duration::from_secs(90)),
        ("2m", Duration::from_secs(120)),
        ("1h", Duration::from_secs(3600)),
        ("7d", Duration::from_secs(604_800)),
        ("1m30s", Duration::from_secs(90)),
        ("1h1m1s1ms1us1ns", Duration::new(3661, 1_001_001)),
        ("0.5d", Duration::from_secs(43_200)),
        ("18446744073709551615s", Duration::from_secs(u64::MAX)),
    ];
    for (text, expected) in cases {
        for tokens in [tokens(text), in_none_groups(tokens(text))] {
            let (value, faults) = with_value(tokens, |v| v.duration());
            assert_eq!(faults, [""; 0], "{text}");
            assert_eq!(
                value.and_then(|value| value.literal().copied()),
                Some(expected),
                "{text}"
            );
        }
    }
}

#[test]
fn durations_are_shown_as_one_writes_them() {
    for text in [
        "1ns", "1.5us", "500ms", "1.5s", "59.999s", "1m", "1m30s", "1h", "24h", "7d", "1d1s1ns",
    ] {
        let (value, _) = with_value(tokens(text), |v| v.duration());
        let value = value
            .and_then(|value| value.literal().copied())
            .expect(text);
        let shown = show(value);
        assert_eq!(shown, if text == "24h" { "1d" } else { text });
    }
    assert_eq!(show(Duration::ZERO), "0s");
    assert_eq!(show(Duration::MAX).as_bytes().last(), Some(&b's'));
}

#[test]
fn counts_ratios_and_numbers_are_read() {
    for (text, expected) in [
        ("5", 5),
        ("1_000", 1000),
        ("0x10", 16),
        ("5u32", 5),
        ("4294967295", u32::MAX),
    ] {
        let (value, faults) = with_value(in_none_groups(tokens(text)), |v| v.count(1, u32::MAX));
        assert_eq!(
            (value.and_then(|v| v.literal().copied()), faults),
            (Some(expected), vec![]),
            "{text}"
        );
    }
    for (text, expected) in [
        ("50%", 0.5),
        ("12.5%", 0.125),
        ("100%", 1.0),
        ("0.5", 0.5),
        ("1.0", 1.0),
        ("0.25f64", 0.25),
    ] {
        let (value, faults) = with_value(tokens(text), |v| v.ratio());
        assert_eq!(
            (value.and_then(|v| v.literal().copied()), faults),
            (Some(expected), vec![]),
            "{text}"
        );
    }
    for (text, expected) in [("2", 2.0), ("1.5", 1.5), ("1e1", 10.0), ("3f64", 3.0)] {
        let (value, faults) = with_value(tokens(text), |v| v.number(1.0));
        assert_eq!(
            (value.and_then(|v| v.literal().copied()), faults),
            (Some(expected), vec![]),
            "{text}"
        );
    }
    // `$n:literal %` of a macro: only the number is in a group.
    let number = TokenTree::from(Group::new(Delimiter::None, tokens("50")));
    let (value, faults) = with_value(quote!(#number %), |v| v.ratio());
    assert_eq!(
        (value.and_then(|v| v.literal().copied()), faults),
        (Some(0.5), vec![])
    );
}

#[test]
fn const_expressions_go_where_rustc_can_check_them() {
    for text in [
        "MAX",
        "config::MAX",
        "crate::MAX",
        "self::config::MAX",
        "::a::MAX",
        "2 * MAX",
        "u32::MAX",
        "Duration::from_millis(50)",
        "std::time::Duration::from_secs(1)",
        "if A { 1 } else { 2 }",
        "S { limit: 5 }.field",
        "a.limit",
        "{ let limit = 5; limit }",
        "limit::MAX",
    ] {
        let (value, faults) = with_value(tokens(text), |v| v.const_expr::<()>());
        assert_eq!(faults, [""; 0], "{text}");
        assert!(matches!(value, Some(Const::Item { .. })), "{text}");
    }
    for text in [
        "T::MAX",
        "Self::LIMIT",
        "Foo::MAX",
        "const { 5 }",
        "N",
        "N * 2",
        "2 * (N as u32)",
        "<T as X>::MAX",
        "size_of::<T>()",
        "f(T::MAX)",
        "Config::DEFAULT.base",
    ] {
        let (value, faults) = with_value(tokens(text), |v| v.const_expr::<()>());
        assert_eq!(faults, [""; 0], "{text}");
        assert!(matches!(value, Some(Const::Inline { .. })), "{text}");
    }
    for text in [
        "limit",
        "limit + 1",
        "f(limit)",
        "self.limit",
        "const { limit }",
        "limit.max",
        "S { limit }",
    ] {
        let (value, faults) = with_value(tokens(text), |v| v.const_expr::<()>());
        assert!(
            value.is_none() && faults.len() == 1 && faults[0].contains("an argument"),
            "{text}: {faults:?}"
        );
    }
}

#[test]
fn a_timeout_is_const_where_it_reads_so() {
    let limit = |text: &str| {
        let (timeout, faults) = with_cx(|cx| Timeout::parse(tokens(text), Span::call_site(), cx));
        assert_eq!(faults, [""; 0], "{text}");
        timeout.limit.expect(text)
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
fn constants_in_patterns_get_their_reference() {
    let cases = [
        ("Network(_)", "Network(_)"),
        (
            "Network(_) | Http(s) if s.is_server_error()",
            "Network(_) | Http(s) if s.is_server_error()",
        ),
        ("e if e.is_connect()", "e if e.is_connect()"),
        ("StatusCode::BAD_GATEWAY", "&StatusCode::BAD_GATEWAY"),
        ("A | b::C | D { .. } | E(_)", "&A | &b::C | D { .. } | E(_)"),
        ("404 | -1 | \"x\" | true", "&404 | &-1 | &\"x\" | &true"),
        ("500..=599 | 1..5", "&(500..=599) | &(1..5)"),
        ("LOW..=HIGH", "&(LOW..=HIGH)"),
        ("<T as X>::Y", "&<T as X>::Y"),
        ("| A | B", "| &A | &B"),
        ("_", "_"),
        ("Some(e)", "Some(e)"),
        ("(A | B)", "(A | B)"),
        ("&A | ref e | [a, ..]", "&A | ref e | [a, ..]"),
        ("e @ Some(_)", "e @ Some(_)"),
        ("A if x | y", "&A if x | y"),
        ("e if let Some(x) = e.y && x", "e if let Some(x) = e.y && x"),
        ("A,", "&A"),
    ];
    for (text, expected) in cases {
        let retry = retry_of(quote_on(tokens(text)));
        let pattern = retry.on.expect(text).tokens;
        assert_eq!(close(&pattern), close(&tokens(expected)), "{text}");
    }
    // `$p:pat` with alternatives of its own.
    let retry = retry_of(quote_on(in_none_groups(tokens("A | B(_) | 5"))));
    assert_eq!(
        close(&retry.on.expect("read").tokens),
        close(&tokens("&A | B(_) | &5"))
    );
    let group = in_none_groups(tokens("A | B"));
    let retry = retry_of(quote_on(quote!(#group | C if x)));
    assert_eq!(
        close(&retry.on.expect("read").tokens),
        close(&tokens("&A | &B | &C if x"))
    );
}

/// Without spaces: how the printer sets them depends on where a token came from.
fn close(tokens: &TokenStream) -> String {
    tokens.to_string().replace(' ', "")
}

fn quote_on(pattern: TokenStream) -> TokenStream {
    quote!(on(#pattern))
}

#[test]
fn pieces_are_cut_at_top_level_commas_only() {
    let cut = |text: &str| -> Vec<String> {
        split::at_commas(tokens(text))
            .iter()
            .map(|piece| piece.tokens.to_string())
            .collect()
    };
    assert_eq!(cut(""), [""; 0]);
    assert_eq!(cut("a, b,").len(), 2);
    assert_eq!(cut("a, , b"), ["a", "", "b"]);
    for one in [
        "f(a, b)",
        "a = Foo::<A, B>::X",
        "a = <A as B<C, D>>::X",
        "a = |x, y| x",
        "a = move |x: F<A, B>| x",
        "a = Foo::<fn(A) -> B, C>::X",
    ] {
        assert_eq!(cut(one).len(), 1, "{one}");
    }
    for two in [
        "a < b, c > d",
        "a | b, c | d",
        "a << b, c >> d",
        "a = || x, b",
        "x = a as <T>::U, b",
    ] {
        assert_eq!(cut(two).len(), 2, "{two}");
    }
}

#[test]
fn every_form_of_an_option_reads() {
    let retry = retry_of(
        quote!(linear, max(5), base(1s), jitter = 50%, within = LIMIT, clone(limit, request)),
    );
    assert_eq!(retry.strategy, retry::Strategy::Linear);
    assert!(retry.strategy_written && retry.delays.is_none() && !retry.nested_outer);
    assert!(matches!(
        retry.max,
        Some(retry::Max::Count(Const::Literal { value: 5, .. }))
    ));
    assert!(matches!(retry.jitter, Some(retry::Jitter::Ratio(_))));
    assert_eq!(retry.clone, ["limit", "request"]);

    let retry = retry_of(quote!(
        jitter,
        max = unlimited,
        nested(outer),
        budget("shared"),
        retry_after = |e, _| e.after
    ));
    assert!(matches!(retry.jitter, Some(retry::Jitter::Full)) && retry.nested_outer);
    assert!(matches!(retry.max, Some(retry::Max::Unlimited(_))));
    assert!(matches!(retry.budget, Some(retry::Budget::Named(name)) if name.value() == "shared"));

    for own in [
        quote!(budget(capacity = 20, cost = 2)),
        quote!(budget = (cost = 2, capacity = 20)),
    ] {
        let budget = retry_of(own).budget;
        assert!(matches!(
            budget,
            Some(retry::Budget::Own {
                capacity: Some(_),
                cost: Some(_)
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
        let (idempotent, faults) = with_cx(|cx| Idempotent::parse(args, Span::call_site(), cx));
        assert_eq!(faults, [""; 0], "{text}");
        assert_eq!(
            idempotent.key.map(|parts| parts.len()),
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
        let (circuit, faults) = with_cx(|cx| Circuit::parse(args, Span::call_site(), cx));
        assert_eq!(faults, [""; 0], "{text}");
        circuit.window.expect(text)
    };
    assert!(matches!(window("100"), circuit::Window::Calls(_)));
    assert!(matches!(window("10s"), circuit::Window::Time(_)));
    assert!(matches!(
        window("WINDOW"),
        circuit::Window::Expr(Const::Item { .. })
    ));
    assert!(matches!(
        window("Self::WINDOW"),
        circuit::Window::Expr(Const::Inline { .. })
    ));
    assert!(matches!(
        window("Duration::from_secs(5)"),
        circuit::Window::Expr(_)
    ));
}

/// Each row's example is what a message tells to write: it must be taken.
#[test]
fn every_example_of_the_tables_reads() {
    for spec in SPECS {
        for option in spec.options.iter().filter(|option| option.built) {
            let mut args = option.sample();
            match option.name {
                "window" | "min_calls" => args += ", failure_rate = 50%",
                name if spec.policy == "`#[idempotent]`" && name != "key" => args += ", key = 5",
                _ => {}
            }
            let policy = spec.policy.trim_matches(['`', '#', '[', ']']);
            let stack = format!("{policy}({args})");
            assert_eq!(
                crate::policy::tests::faults_of(&[&stack]),
                [""; 0],
                "{stack}"
            );
        }
    }
}

/// What is known from elsewhere leads to an option that there is, and none is both.
#[test]
fn every_name_from_elsewhere_leads_somewhere() {
    for spec in SPECS.into_iter().chain([&retry::table::BUDGET]) {
        let has = |name: &str| spec.options.iter().any(|option| option.name == name);
        let mut seen = Vec::new();
        for row in spec.elsewhere {
            match row.here {
                Here::Named(to, _) | Here::OneMore(to) => assert!(has(to), "{to}"),
                Here::CountOrRatio(count, ratio, _) => assert!(has(count) && has(ratio)),
                Here::Say(text) => assert!(text.contains("write"), "{text}"),
            }
            for name in row.names {
                assert!(!has(name), "{} has `{name}` itself", spec.policy);
                assert!(
                    !seen.contains(name),
                    "`{name}` is in two rows of {}",
                    spec.policy
                );
                seen.push(name);
            }
        }
    }
}
