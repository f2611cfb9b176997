//! The limit of a timeout: one duration, without a name.

use resil_language::messages::help;
use resil_language::number::Found;
use resil_language::slot::{Form, Slot};
use resil_language::tables::timeout::UNIT_NAMES;

use super::given::Given;
use super::value::Value;
use crate::timeout::TimeoutPolicy;

/// A typical limit.
const EXAMPLE: &str = "5s";

/// Reads the limit.
///
/// # Errors
///
/// The message of the attribute about another value.
pub(crate) fn read(given: &Given) -> Result<TimeoutPolicy, String> {
    if let Given::Table(options) = given {
        return Err(named(options));
    }
    let shown = given.shown();
    if shown.is_empty() || *given == Given::Flag(true) {
        let none = "`timeout` takes a duration, but none is given";
        return Err(help(none, "write `#[timeout(5s)]`"));
    }
    let value = Value {
        slot: Slot {
            name: "timeout",
            takes: "a duration",
            example: EXAMPLE,
            form: Form::Whole,
        },
        given,
        shown: &shown,
    };
    value.duration().map(TimeoutPolicy::new)
}

/// Returns the message about a limit that has a name.
fn named(options: &[(String, Given)]) -> String {
    let Some((name, value)) = options.first() else {
        let none = "`timeout` takes a duration, but none is given";
        return help(none, "write `#[timeout(5s)]`");
    };
    let unit = UNIT_NAMES.iter().find(|(known, _)| known == name);
    let shown = value.shown();
    let text = match (Found::of(&shown), unit) {
        (Found::Empty, _) => EXAMPLE.to_owned(),
        (Found::Number(number), Some((_, unit))) if number.suffix.is_empty() => {
            format!("{}{unit}", number.text)
        }
        (Found::Number(number), None) if number.suffix.is_empty() => {
            resil_language::duration::with_units(&number.text, EXAMPLE).swap_remove(0)
        }
        _ => shown,
    };
    help(
        format!("`timeout` takes its duration without a name, but `{name}` is one"),
        format!("write `#[timeout({text})]`"),
    )
}
