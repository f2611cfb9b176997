//! One implementation under the attribute and the value: random scripts of calls with keys, each in both
//! forms, in memory and on a store, with the same outcomes, events, attempts and times.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use resil::event::{self, Event};
use resil::{Deadline, Error};
use tokio::time::{Instant, sleep, sleep_until};

use super::forms::{Form, Running, forms};
use super::script::{Call, Fault, World, calls};

/// The time that each run has for itself: longer than a breaker is ever open.
const SLOT: Duration = Duration::from_secs(1_000);

/// The number of scripts. All forms take turns.
const SCRIPTS: u64 = 2_000;

thread_local! {
    /// The events of the run in progress, which are all told on its thread.
    static SEEN: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
}

#[test]
fn the_attribute_and_the_value_do_the_same() {
    let _subscription = event::subscribe(|event| {
        SEEN.with_borrow_mut(|seen| seen.push(event.clone()));
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let forms = forms();
    let mut marks = BTreeMap::new();
    runtime.block_on(async {
        let start = Instant::now();
        for (slot, seed) in (0_u32..).zip(0..SCRIPTS) {
            let form = &forms[usize::try_from(seed).unwrap() % forms.len()];
            let by_attribute = run(form, seed, 2 * seed, form.attribute).await;
            sleep_until(start + SLOT * (2 * slot + 1)).await;
            let by_value = run(form, seed, 2 * seed + 1, form.value).await;
            sleep_until(start + SLOT * (2 * slot + 2)).await;
            assert_eq!(by_attribute, by_value, "{} with seed {seed}", form.name);
            for word in by_attribute
                .iter()
                .flat_map(|line| line.split(|c: char| !c.is_alphabetic()))
            {
                *marks.entry(word.to_owned()).or_insert(0_u32) += 1;
            }
        }
    });
    // The scripts get everywhere.
    for mark in [
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
    ] {
        assert!(
            marks.get(mark).is_some_and(|n| *n > 10),
            "{mark}: {marks:?}"
        );
    }
}

/// Makes the calls of a script, and returns all that was seen.
async fn run(
    form: &Form,
    seed: u64,
    number: u64,
    start: impl Fn(Arc<Call>) -> Running,
) -> Vec<String> {
    SEEN.take();
    let world = Arc::new(World::new(number));
    let mut all = Vec::new();
    for call in calls(seed, &world) {
        let running = start(Arc::clone(&call));
        let task = Arc::clone(&call);
        let task = tokio::spawn(async move {
            sleep(Duration::from_millis(task.comes_at)).await;
            match task.deadline {
                None => running.await,
                Some(limit) => {
                    let deadline = Deadline::after(Duration::from_millis(limit));
                    deadline.scope(running).await
                }
            }
        });
        let abort = task.abort_handle();
        let give_up = call.dropped_after.map(|after| {
            let after = Duration::from_millis(call.comes_at + after);
            tokio::spawn(async move {
                sleep(after).await;
                abort.abort();
            })
        });
        let world = Arc::clone(&world);
        all.push(tokio::spawn(async move {
            let end = match task.await {
                Ok(out) => outcome(&out),
                Err(error) if error.is_panic() => "panic".to_owned(),
                Err(_) => "dropped".to_owned(),
            };
            world.note(&format!("{} {end}", call.number));
            drop(give_up);
        }));
    }
    for task in all {
        task.await.unwrap();
    }
    let mut numbers = BTreeMap::new();
    let events = SEEN.take();
    let mut seen = world.lines();
    let shown = events.iter().map(|event| shown(event, form, &mut numbers));
    seen.extend(shown);
    seen
}

fn outcome(out: &Result<u32, Fault>) -> String {
    match out {
        Ok(n) => format!("Good {n}"),
        Err(Fault::Resil(Error::Timeout {
            limit, inherited, ..
        })) => format!("Timeout {limit:?} {inherited}"),
        // How long it stays open is left to chance.
        Err(Fault::Resil(Error::CircuitOpen { .. })) => "open".to_owned(),
        Err(Fault::Resil(Error::Idempotency(error))) => format!("{error:?}"),
        Err(Fault::Resil(Error::BulkheadFull { limit, .. })) => format!("full {limit}"),
        Err(Fault::Resil(Error::RateLimited { retry_after, .. })) => {
            format!("limited {retry_after:?}")
        }
        Err(error) => format!("{error:?}"),
    }
}

/// The event, where both forms show the same for one thing: the name of the function, the call and the hash
/// of the key as numbers in the order in which they come, and no time that is left to chance.
fn shown(event: &Event, form: &Form, numbers: &mut BTreeMap<String, usize>) -> String {
    if let Event::CircuitChanged { from, to, .. } = event {
        return format!("CircuitChanged {from:?} {to:?}");
    }
    let text = named(&format!("{event:?}"), form);
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

/// The text, with `F` for the names of both forms. Functions of one path have their line added.
fn named(text: &str, form: &Form) -> String {
    let text = text.replace(form.stack, "F").replace(form.name, "F");
    let mut parts = text.split(ANNOTATED);
    let mut named = parts.next().unwrap_or_default().to_owned();
    for after in parts {
        named += "F";
        named += after.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
    }
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
