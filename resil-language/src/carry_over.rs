//! Carries a value over to the option that it was probably meant for.

use crate::duration::{self, with_units};
use crate::names::{snake, unit};
use crate::number::{Found, Number, is_endless};
use crate::table::{Kind, Opt};

/// Returns the option with the value that was written beside another name, as far as it fits. A count
/// becomes `added` more. `whole` is the value as it is shown.
pub fn carry_over(
    option: &Opt,
    name: &str,
    (found, whole): (&Found<'_>, &str),
    added: u32,
) -> Vec<String> {
    let values = match found {
        Found::Empty => vec![option.example.to_owned()],
        Found::Text(text) if matches!(option.kind, Kind::Duration | Kind::Delay) => {
            unquoted_duration(text, option)
        }
        Found::Text(text) if is_unquoted(option.kind) => vec![(*text).to_owned()],
        Found::Number(found) if !found.negative => of_number(option, name, found, added),
        // Other libraries use a negative number for “no end”.
        Found::Number(_) if option.kind == Kind::Max => vec!["unlimited".to_owned()],
        Found::Word(word) if option.kind == Kind::Max && is_endless(word) => {
            vec!["unlimited".to_owned()]
        }
        Found::Number(found) | Found::Percent(found)
            if found.negative && is_unquoted(option.kind) =>
        {
            vec![option.example.to_owned()]
        }
        _ => vec![whole.to_owned()],
    };
    values.iter().map(|value| option.write(value)).collect()
}

fn of_number(option: &Opt, name: &str, number: &Number, added: u32) -> Vec<String> {
    match option.kind {
        Kind::Duration | Kind::Delay if number.value() == Some(0.0) => {
            vec![option.example.to_owned()]
        }
        Kind::Duration | Kind::Delay if number.suffix.is_empty() => match unit(&snake(name)) {
            Some(unit) => vec![format!("{}{unit}", number.text)],
            None => with_units(&number.text, option.example),
        },
        Kind::Ratio | Kind::RatioOrOff if number.suffix.is_empty() && !number.fractional => {
            vec![format!("{}%", number.text)]
        }
        Kind::Max | Kind::Count => match number.digits.parse::<u32>() {
            Ok(count) if number.suffix.is_empty() => vec![count.saturating_add(added).to_string()],
            _ => vec![option.example.to_owned()],
        },
        _ => vec![number.text.clone()],
    }
}

/// Takes a duration out of its quotes: `"100ms"` → `100ms`.
fn unquoted_duration(text: &str, option: &Opt) -> Vec<String> {
    let text: String = text.split_whitespace().collect();
    match duration::read_like(&text, option.example) {
        Ok(_) => vec![text],
        Err(fault) if text.starts_with(|c: char| c.is_ascii_digit()) && !fault.write.is_empty() => {
            fault.write
        }
        Err(_) => vec![option.example.to_owned()],
    }
}

/// Whether other libraries write values of this kind in quotes.
pub fn is_unquoted(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Count
            | Kind::Duration
            | Kind::Delay
            | Kind::RatioOrOff
            | Kind::Max
            | Kind::Ratio
            | Kind::Number
            | Kind::Window
            | Kind::Words(_)
            | Kind::Jitter
    )
}
