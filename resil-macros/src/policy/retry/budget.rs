//! The option `budget` of `#[retry]`, which has options of its own.

use proc_macro2::Delimiter;
pub(crate) use resil_language::tables::retry::BUDGET;
use syn::LitStr;

use crate::parse::{Args, Const, Syntax, Value, describe, syntax_of};
use crate::tokens::inside;

#[derive(Clone, Debug)]
pub(crate) enum Budget {
    Off,
    Named(LitStr),
    /// A budget with numbers, the site's own or a named one.
    Own {
        name: Option<LitStr>,
        capacity: Option<Const<u32>>,
        cost: Option<Const<u32>>,
        refill: Option<Const<u32>>,
    },
}

/// Reads `off`, a name, or `(capacity = .., cost = ..)`.
pub(super) fn budget(value: &Value<'_>) -> Option<Budget> {
    match syntax_of(&value.tokens) {
        Syntax::Text(_) => return value.name_literal().map(Budget::Named),
        Syntax::Word(word) if word == "off" => return Some(Budget::Off),
        Syntax::Word(word) if value.cx.params.contains(&word) => {
            value.refuse(&format!("`{word}` is an argument of each call"));
            return None;
        }
        Syntax::Word(word) => {
            let text = word.to_string();
            let meant = match text.as_str() {
                "none" | "false" | "no" | "disabled" | "unlimited" => "off".to_owned(),
                _ => match BUDGET.option(&text) {
                    Some(option) => format!("({})", option.sample()),
                    None => format!("\"{text}\""),
                },
            };
            value.refuse_with(&format!("`{word}` is none of these"), &[meant]);
            return None;
        }
        _ => {}
    }
    let content = match inside(&value.tokens, Delimiter::Parenthesis) {
        Some(content) => content,
        None if value.is_in_parens() => value.tokens.clone(),
        None => {
            let capacity = match syntax_of(&value.tokens) {
                Syntax::Number(number) if number.negative => vec!["off".to_owned()],
                Syntax::Number(number) if number.suffix.is_empty() => {
                    vec![format!("(capacity = {})", number.text)]
                }
                _ => Vec::new(),
            };
            value.refuse_with(&describe(&value.tokens), &capacity);
            return None;
        }
    };
    if content.is_empty() {
        value.refuse("the parentheses are empty");
        return None;
    }
    let mut args = Args::read(&BUDGET, content, value.cx);
    let name = args.take("name").map(|value| value.name_literal());
    let is_named = args.mentioned("name").is_some();
    let numbers = ["capacity", "cost", "refill"];
    let has_numbers = numbers
        .iter()
        .any(|number| args.mentioned(number).is_some());
    let capacity = args.get("capacity", |value| {
        value.count_or(1, u32::MAX, value.example)
    });
    let cost = args.get("cost", |value| value.count(1, u32::MAX));
    let refill = args.get("refill", refill);
    args.done();
    let name = name.flatten();
    match name {
        Some(name) if !has_numbers => Some(Budget::Named(name)),
        // If the name has a fault, the budget is not taken for the site's own.
        None if is_named => None,
        name => Some(Budget::Own {
            name,
            capacity,
            cost,
            refill,
        }),
    }
}

/// Reads tokens per second: a whole number, without a unit of time.
fn refill(value: &Value<'_>) -> Option<Const<u32>> {
    if let Syntax::Word(word) = syntax_of(&value.tokens)
        && ["off", "none", "never", "no", "false"].contains(&word.to_string().as_str())
        && !value.cx.params.contains(&word)
    {
        value.refuse_with(&format!("`{word}` is a word"), &["0".to_owned()]);
        return None;
    }
    value.count(0, u32::MAX)
}
