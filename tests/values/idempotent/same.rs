//! One implementation under the attribute and the value: random scripts of calls with keys, each in both
//! forms, in memory and on a store, with the same outcomes, events, attempts and times.

use std::collections::BTreeMap;
use std::sync::Arc;

use resil::event::Event;

use super::forms::{Form, forms};
use super::script::{World, calls};
use crate::in_both_forms::{By, compare, get_everywhere, named, play};

/// The number of scripts. All forms take turns.
const SCRIPTS: u64 = 2_000;

#[test]
fn the_attribute_and_the_value_do_the_same() {
    let forms = forms();
    let form = |seed: u64| &forms[usize::try_from(seed).unwrap() % forms.len()];
    let label = |seed| format!("{} with seed {seed}", form(seed).name);
    let seen = compare(SCRIPTS, label, async |seed, by| {
        run(form(seed), seed, by).await
    });
    // The scripts get everywhere.
    let words = seen
        .iter()
        .flat_map(|line| line.split(|c: char| !c.is_alphabetic()));
    let marks = [
        "Good",
        "Network",
        "Declined",
        "panic",
        "dropped",
        "Timeout",
        "Replayed",
        "Waiting",
        "InProgress",
        "KeyReused",
        "Indeterminate",
        "Released",
        "Abandoned",
        "CircuitRefused",
        "BulkheadRefused",
        "RateLimited",
        "RetryStopped",
        "RetrySucceeded",
        #[cfg(feature = "hedge")]
        "Hedged",
    ];
    get_everywhere(words, &marks, 10);
}

/// Plays a script, and returns all that was seen.
async fn run(form: &Form, seed: u64, by: By) -> Vec<String> {
    let (number, start) = match by {
        By::Attribute => (2 * seed, form.attribute),
        By::Value => (2 * seed + 1, form.value),
    };
    let world = Arc::new(World::new(number));
    let calls = calls(seed, &world);
    let running = calls
        .into_iter()
        .map(|call| (call.times, start(Arc::clone(&call))));
    let events = play(&world.log, running).await;
    let mut numbers = BTreeMap::new();
    let mut seen = world.log.lines();
    let shown = events.iter().map(|event| shown(event, form, &mut numbers));
    seen.extend(shown);
    seen
}

/// The event, where both forms show the same for one thing: the name of the function, the call and the hash
/// of the key as numbers in the order in which they come, and no time that is left to chance.
fn shown(event: &Event, form: &Form, numbers: &mut BTreeMap<String, usize>) -> String {
    if let Event::CircuitChanged { from, to, .. } = event {
        return format!("CircuitChanged {from:?} {to:?}");
    }
    let text = of(&format!("{event:?}"), form);
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some((at, label)) = ["call: ", "key: ", "error: "]
        .iter()
        .filter_map(|label| Some((rest.find(label)?, *label)))
        .min()
    {
        let (before, after) = rest.split_at(at + label.len());
        let end = after.find([',', '}']).unwrap_or(after.len());
        let (value, after) = after.split_at(end);
        let value = value.trim();
        shown += before;
        if label == "error: " {
            shown += if value.contains("open") {
                "open"
            } else {
                value
            };
        } else {
            let count = numbers.len();
            let number = *numbers.entry(format!("{label}{value}")).or_insert(count);
            shown += &number.to_string();
        }
        rest = after;
    }
    shown + rest
}

/// The text, with `F` for the names of both forms.
fn of(text: &str, form: &Form) -> String {
    let mut named = named(text, &[form.stack, form.name], ANNOTATED);
    // A policy by itself is shown by its place in the source.
    let Some(at) = named.find("tests/values/idempotent/forms.rs") else {
        return named;
    };
    let end = named[at..].find('"').map_or(named.len(), |end| at + end);
    named.replace_range(at..end, "F");
    named
}

/// The path of the functions of all forms.
const ANNOTATED: &str = "values::idempotent::forms::annotated";
