//! The kinds of values by themselves: what they accept and return.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "`Value::ratio` is a method of one lifetime, and a value of any is wanted"
)]

use std::time::Duration;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use super::const_value::Const;
use super::duration::show;
use super::value::{Place, Value};
use crate::policy::tests::with_cx;

use crate::tokens::{shown, split_at_commas};

/// Runs `read` on a value, and returns its result and the faults.
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

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("the lexer takes it")
}

/// As `macro_rules!` hands over `$e:expr`, once more within another macro.
fn in_none_groups(tokens: TokenStream) -> TokenStream {
    let inner = TokenTree::from(Group::new(Delimiter::None, tokens));
    TokenTree::from(Group::new(Delimiter::None, inner.into())).into()
}

/// Returns the tokens of a pattern.
fn pattern(tokens: TokenStream) -> TokenStream {
    let (pattern, faults) = with_value(tokens, |v| v.pattern());
    assert_eq!(faults, [""; 0]);
    pattern.expect("no fault, so a value").tokens
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
fn constants_in_patterns_get_their_reference() {
    let cases = [
        ("Network(_)", "Network(_)"),
        (
            "Network(_) | Http(s) if s.is_server_error()",
            "Network(_) | Http(s) if s.is_server_error()",
        ),
        ("e if e.is_connect()", "e if e.is_connect()"),
        ("StatusCode::BAD_GATEWAY", "&StatusCode::BAD_GATEWAY"),
        (
            "A | b::C | D { .. } | E(_)",
            "&A::<> | &b::C | D { .. } | E(_)",
        ),
        ("404 | -1 | \"x\" | true", "&404 | &-1 | &\"x\" | &true"),
        ("500..=599 | 1..5", "&(500..=599) | &(1..5)"),
        ("LOW..=HIGH", "&(LOW..=HIGH)"),
        ("<T as X>::Y", "&<T as X>::Y"),
        ("| A | B", "| &A::<> | &B::<>"),
        ("_", "_"),
        ("Some(e)", "Some(e)"),
        ("(A | B) | (C, D)", "(&A::<> | &B::<>) | (C, D)"),
        ("&A | ref e | [a, ..]", "&A | ref e | [a, ..]"),
        ("e @ Some(_)", "e @ Some(_)"),
        ("A if x | y", "&A::<> if x | y"),
        ("e if let Some(x) = e.y && x", "e if let Some(x) = e.y && x"),
        ("A,", "&A::<>"),
    ];
    for (text, expected) in cases {
        let read = pattern(tokens(text));
        assert_eq!(close(&read), close(&tokens(expected)), "{text}");
    }
    // `$p:pat` with alternatives of its own.
    let read = pattern(in_none_groups(tokens("A | B(_) | 5")));
    assert_eq!(close(&read), close(&tokens("&A::<> | B(_) | &5")));
    let group = in_none_groups(tokens("A | B"));
    let read = pattern(quote!(#group | C if x));
    assert_eq!(
        close(&read),
        close(&tokens("&A::<> | &B::<> | &C::<> if x"))
    );
}

/// Removes the spaces, which the printer sets by where a token came from.
fn close(tokens: &TokenStream) -> String {
    tokens.to_string().replace(' ', "")
}

#[test]
fn pieces_are_cut_at_top_level_commas_only() {
    let cut = |text: &str| -> Vec<String> {
        split_at_commas(tokens(text))
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
fn tokens_are_shown_as_one_writes_them() {
    for text in [
        "Duration::from_millis(50)",
        "order.id",
        "a.b().c[0]?",
        "f(a, b)",
        "x if (a)",
        "a + b",
        "50%",
        "A | B::C",
    ] {
        assert_eq!(shown(&tokens(text)), text.replace("c[0]", "c [0]"));
    }
    let long = shown(&tokens(&"a + ".repeat(50)));
    assert!(long.len() == 62 && long.ends_with(".."), "{long}");
}
