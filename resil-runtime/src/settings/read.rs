//! Policies read from their options, with all rules.

use resil_language::messages;
use resil_language::number::Found;
use resil_language::table::Guess;

use super::Named;
use super::given::Given;
use super::table::Written;
use crate::stack::check_policy;

/// Reads a policy by itself.
///
/// # Errors
///
/// All faults, in the words of the attribute.
pub(super) fn policy<P: Named>(given: &Given) -> Result<(P, Written), Vec<String>> {
    let options = match given {
        Given::Table(options) => options.as_slice(),
        // The bare attribute.
        Given::Flag(true) => &[],
        _ => return Err(vec![nameless::<P>(given)]),
    };
    let (policy, written, mut faults) = P::TABLE.read(P::BASE, options);
    if faults.is_empty() {
        faults = (P::TABLE.rules)(&policy, &written);
    }
    if faults.is_empty()
        && let Some(layer) = policy.layer()
        && let Some(fault) = check_policy(&layer)
    {
        faults.push(fault.told(&|name| written.has(name)));
    }
    if faults.is_empty() {
        Ok((policy, written))
    } else {
        Err(faults)
    }
}

/// Returns the message about a value in place of options: `retry = 3`.
fn nameless<P: Named>(given: &Given) -> String {
    let (spec, shown) = (P::TABLE.spec, given.shown());
    let guess = match Found::of(&shown) {
        Found::Number(number) if number.suffix.is_empty() => Guess::Number,
        Found::Number(_) => Guess::Duration,
        Found::Percent(_) => Guess::Percent,
        _ => Guess::Expr,
    };
    let mut nameless = spec.nameless.iter();
    let option = nameless
        .find(|(kind, _)| *kind == guess)
        .and_then(|(_, name)| spec.option(name))
        .filter(|option| P::TABLE.has(option.name));
    let texts = option.map(|option| [option.write(&shown)]);
    let texts = texts.as_ref().map(<[String; 1]>::as_slice);
    messages::nameless(spec, &shown, texts)
}

/// Returns the options that show what is in force, and that are read back as the same policy.
pub(super) fn written<P: Named>(policy: &P) -> Given {
    /// What has no effect without a `key` or a `store`.
    const OF_ATTRIBUTES: [&str; 2] = ["max_keys", "on_outage"];

    let options = P::TABLE.write(policy).into_iter();
    let options = options.filter(|(name, _)| !OF_ATTRIBUTES.contains(name));
    Given::Table(
        options
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}
