//! The options of an attribute as they are written, for people to read.

use proc_macro2::TokenStream;

use super::item::{Form, Item, item};
use super::table::{Kind, Spec};
use crate::tokens::{Segment, shown_whole, split_at_commas};

/// Returns the options of an attribute without a fault, each with its value as text. A flag has the value
/// `true`, one that chooses among several is the value of what it chooses, and a value without a name is
/// that of `nameless`.
pub(crate) fn written_options(
    args: TokenStream,
    spec: &Spec,
    nameless: &str,
) -> Vec<(String, String)> {
    let segments = split_at_commas(args).into_iter();
    let segments = segments.filter(|Segment { tokens, .. }| !tokens.is_empty());
    let options = segments.map(|Segment { tokens, .. }| match item(tokens.clone()) {
        Item::Named {
            ident,
            form: Form::Flag,
            ..
        } => {
            let name = ident.to_string();
            match spec.option(&name).map(|option| option.kind) {
                Some(Kind::Strategy) => ("strategy".to_owned(), name),
                Some(Kind::Jitter) => (name, "full".to_owned()),
                Some(_) => (name, "true".to_owned()),
                None => (nameless.to_owned(), shown_whole(&tokens)),
            }
        }
        Item::Named {
            ident,
            tokens: value,
            ..
        } if spec.option(&ident.to_string()).is_some() => (ident.to_string(), shown_whole(&value)),
        _ => (nameless.to_owned(), shown_whole(&tokens)),
    });
    options.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::find;

    #[test]
    fn each_option_has_a_name_and_a_value() {
        let written = |policy: &str, args: &str, nameless: &str| {
            let args = args.parse().expect("tokens");
            let options = written_options(args, find(policy).expect("a policy").options, nameless);
            let options = options
                .iter()
                .map(|(name, value)| format!("{name}: {value}"));
            options.collect::<Vec<_>>().join("; ")
        };
        for (policy, args, expected) in [
            ("retry", "", ""),
            (
                "retry",
                "linear, max = MAX, jitter,",
                "strategy: linear; max: MAX; jitter: full",
            ),
            (
                "retry",
                "jitter = 10%, on(Network(_) | Slow)",
                "jitter: 10%; on: Network(_) | Slow",
            ),
            (
                "retry",
                "budget(name = \"b\", capacity = 9)",
                "budget: name = \"b\", capacity = 9",
            ),
            (
                "circuit",
                "name = \"pay\", key = f(a, b)",
                "name: \"pay\"; key: f(a, b)",
            ),
            (
                "bulkhead",
                "adaptive, queue = 4",
                "adaptive: true; queue: 4",
            ),
            (
                "fallback",
                "last_ok, max_age = 5m",
                "last_ok: true; max_age: 5m",
            ),
        ] {
            assert_eq!(written(policy, args, ""), expected);
        }
        assert_eq!(written("timeout", "5s", "limit"), "limit: 5s");
        assert_eq!(written("timeout", "LIMIT", "limit"), "limit: LIMIT");
        assert_eq!(
            written("fallback", "|error| cached(error), on(Down)", "value"),
            "value: | error | cached(error); on: Down"
        );
        assert_eq!(written("fallback", "f(a)", "value"), "value: f(a)");
    }
}
