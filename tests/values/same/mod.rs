//! One implementation under attributes and values: 10,000 random stacks and scripts, each in both forms,
//! with the same outcomes, events, attempts and times.
//!
//! Functions are compiled, so their stacks come from a table: 33 orders of layers, each with 8 sets of
//! numbers, and the limits of the timeouts drawn for each script.

mod script;
mod settings;
mod shapes;

use std::collections::BTreeMap;
use std::sync::Arc;

use resil::event::{CallId, Event};

use self::script::calls;
#[cfg(feature = "hedge")]
use self::shapes::hedged_forms;
use self::shapes::{Form, Running, forms};
use crate::in_both_forms::{By, Log, compare, get_everywhere, named, play};

/// The number of scripts. All stacks take turns.
const SCRIPTS: u64 = 10_000;

#[test]
fn attributes_and_values_do_the_same() {
    let mut forms = forms();
    assert_eq!(forms.len(), 25 * 8);
    #[cfg(feature = "hedge")]
    {
        forms.extend(hedged_forms());
        assert_eq!(forms.len(), 33 * 8);
    }
    let form = |seed: u64| &forms[usize::try_from(seed).unwrap() % forms.len()];
    let label = |seed| {
        format!(
            "{:?} with seed {seed}: {}",
            form(seed).layers,
            form(seed).name
        )
    };
    let seen = compare(SCRIPTS, label, async |seed, by| {
        run(form(seed), seed, by).await
    });
    // The scripts get everywhere.
    let words = seen
        .iter()
        .map(|line| line.split(' ').nth(2).unwrap_or_default());
    let marks = [
        "Good",
        "Network",
        "Declined",
        "Gone",
        "panic",
        "dropped",
        "Timeout",
        "open",
        "full",
        "limited",
        "sees",
        "runs",
        "Retry",
        "stopped",
        "succeeded",
        "timed-out",
        "changed",
        "refused",
        "cancelled",
        #[cfg(feature = "hedge")]
        "hedged",
        #[cfg(feature = "hedge")]
        "won",
    ];
    get_everywhere(words, &marks, 20);
}

/// A seed whose limits the rules for a stack accept.
fn accepted(form: &Form, seed: u64) -> u64 {
    let log = Arc::new(Log::new());
    (0..1_000)
        .map(|n| seed + n * 1_000_000)
        .find(|&seed| form.value(&calls(seed, form.timeouts(), &log)[0]).is_some())
        .unwrap_or_else(|| panic!("{:?}", form.value(&calls(seed, form.timeouts(), &log)[0])))
}

/// Plays a script, and returns all that was seen.
async fn run(form: &Form, seed: u64, by: By) -> Vec<String> {
    let seed = accepted(form, seed);
    let log = Arc::new(Log::new());
    let calls = calls(seed, form.timeouts(), &log);
    let running = calls.into_iter().map(|call| {
        let running: Running = match by {
            By::Attribute => (form.attribute)(Arc::clone(&call)),
            By::Value => {
                let (stack, call) = (form.value(&call).unwrap(), Arc::clone(&call));
                Box::pin(async move { stack.run(|| script::body(&call)).await })
            }
        };
        (call.times, running)
    });
    let events = play(&log, running).await;
    let mut ids = BTreeMap::new();
    let mut seen = log.lines();
    seen.extend(events.iter().map(|event| shown(event, form, &mut ids)));
    seen
}

/// The event, where both forms show the same for one thing: the name of the function, and the id of the
/// call as the number of its first event.
#[expect(
    clippy::too_many_lines,
    reason = "a table: a line for each kind of event"
)]
fn shown(event: &Event, form: &Form, ids: &mut BTreeMap<CallId, usize>) -> String {
    let count = ids.len();
    let mut number = |id: &CallId| *ids.entry(*id).or_insert(count);
    let text = |error: &Option<Arc<str>>| match error {
        Some(text) if text.contains("open") => "open".to_owned(),
        error => of(&format!("{error:?}"), form),
    };
    let of = |name: &str| of(name, form);
    match event {
        Event::Retry {
            function,
            attempt,
            delay,
            error,
            call,
            ..
        } => format!(
            "event: {} Retry {attempt} {delay:?} {} {}",
            number(call),
            text(error),
            of(function)
        ),
        Event::RetryStopped {
            function,
            attempts,
            reason,
            error,
            call,
            ..
        } => {
            let word = if format!("{reason:?}") == "Cancelled" {
                "cancelled"
            } else {
                "stopped"
            };
            format!(
                "event: {} {word} {attempts} {reason:?} {} {}",
                number(call),
                text(error),
                of(function)
            )
        }
        Event::RetrySucceeded {
            function,
            attempts,
            call,
            ..
        } => format!(
            "event: {} succeeded {attempts} {}",
            number(call),
            of(function)
        ),
        Event::TimedOut {
            function,
            limit,
            call,
            ..
        } => format!(
            "event: {} timed-out {limit:?} {}",
            number(call),
            of(function)
        ),
        Event::CircuitChanged {
            name,
            from,
            to,
            call,
            ..
        } => format!(
            "event: {:?} changed {from:?} {to:?} {}",
            call.as_ref().map(&mut number),
            of(name)
        ),
        Event::CircuitRefused { name, call, .. } => format!(
            "event: {:?} refused circuit {}",
            call.as_ref().map(&mut number),
            of(name)
        ),
        Event::BulkheadRefused { name, call, .. } => format!(
            "event: {:?} refused bulkhead {}",
            call.as_ref().map(&mut number),
            of(name)
        ),
        Event::RateLimited { name, call, .. } => format!(
            "event: {:?} refused rate {}",
            call.as_ref().map(&mut number),
            of(name)
        ),
        Event::Hedged {
            function,
            copy,
            call,
            ..
        } => format!("event: {} hedged {copy} {}", number(call), of(function)),
        Event::HedgeWon {
            function,
            copy,
            call,
            ..
        } => format!("event: {} won {copy} {}", number(call), of(function)),
        other => panic!("{other:?}"),
    }
}

/// The text, with `F` for the names of both forms.
fn of(text: &str, form: &Form) -> String {
    named(text, &[form.name], ANNOTATED)
}

/// The path of the functions of all forms.
const ANNOTATED: &str = "values::same::shapes::annotated";
