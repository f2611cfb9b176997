//! Values as text: as an attribute has them.

use crate::settings::Given;

/// Reads a value that is written as in an attribute: `3`, `10s`, `full`, `[1s, 2s]`,
/// `(capacity = 100, cost = 5)`. A bare word of an attribute is `true`.
pub(super) fn given(text: &str) -> Given {
    let text = text.trim();
    match text {
        "true" => return Given::Flag(true),
        "false" => return Given::Flag(false),
        _ => {}
    }
    if let Some(inside) = between(text, '[', ']') {
        return Given::List(parts(inside).map(given).collect());
    }
    if let Some(inside) = between(text, '(', ')') {
        let option = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, "true"));
            (name.trim().to_owned(), given(value))
        };
        return Given::Table(parts(inside).map(option).collect());
    }
    let bare = between(text, '"', '"').unwrap_or(text);
    Given::Text(bare.to_owned())
}

fn between(text: &str, open: char, close: char) -> Option<&str> {
    let inside = text.strip_prefix(open)?.strip_suffix(close)?;
    Some(inside)
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(',').map(str::trim);
    parts.filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_an_attribute_has_them() {
        for (text, shown) in [
            ("3", "3"),
            (" 10s ", "10s"),
            ("\"10s\"", "10s"),
            ("true", "true"),
            ("[1s, 2s]", "[1s, 2s]"),
            ("(capacity=100, cost = 5)", "(capacity = 100, cost = 5)"),
        ] {
            assert_eq!(given(text).shown(), shown);
        }
        assert_eq!(given("true"), Given::Flag(true));
        assert_eq!(given("[]"), Given::List(Vec::new()));
    }
}
