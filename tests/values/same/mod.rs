//! One implementation under attributes and values: 10,000 random stacks and scripts, each in both forms,
//! with the same outcomes, events, attempts and times.
//!
//! Functions are compiled, so their stacks come from a table: 33 orders of layers, each with 8 sets of
//! numbers, and the limits of the timeouts drawn for each script.

mod script;
mod settings;
mod shapes;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use resil::event::{self, CallId, Event};
use resil::{Deadline, Error};
use tokio::time::{Instant, sleep, sleep_until};

use self::script::{Call, Fault, Log, calls};
#[cfg(feature = "hedge")]
use self::shapes::hedged_forms;
use self::shapes::{Form, Running, forms};

/// The time that each run has for itself: longer than a breaker is ever open.
const SLOT: Duration = Duration::from_secs(1_000);

thread_local! {
    /// The events of the run in progress, which are all told on its thread.
    static SEEN: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
}

/// The number of scripts. All stacks take turns.
const SCRIPTS: u64 = 10_000;

#[test]
fn attributes_and_values_do_the_same() {
    let _subscription = event::subscribe(|event| {
        SEEN.with_borrow_mut(|seen| seen.push(event.clone()));
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let mut forms = forms();
    assert_eq!(forms.len(), 25 * 8);
    #[cfg(feature = "hedge")]
    {
        forms.extend(hedged_forms());
        assert_eq!(forms.len(), 33 * 8);
    }
    let forms = forms;
    let mut marks = BTreeMap::new();
    runtime.block_on(async {
        let start = Instant::now();
        for (slot, seed) in (0_u32..).zip(0..SCRIPTS) {
            let form = &forms[usize::try_from(seed).unwrap() % forms.len()];
            let seed = accepted(form, seed);
            let by_attribute = run(form, seed, |call| (form.attribute)(call)).await;
            sleep_until(start + SLOT * (2 * slot + 1)).await;
            let by_value = run(form, seed, |call| {
                let stack = form.value(&call).unwrap();
                Box::pin(async move { stack.run(|| script::body(&call)).await })
            })
            .await;
            sleep_until(start + SLOT * (2 * slot + 2)).await;
            assert_eq!(
                by_attribute, by_value,
                "{:?} with seed {seed}: {}",
                form.layers, form.name
            );
            for line in by_attribute {
                let word = line.split(' ').nth(2).unwrap_or_default().to_owned();
                *marks.entry(word).or_insert(0_u32) += 1;
            }
        }
    });
    // The scripts get everywhere.
    for mark in [
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
    ] {
        assert!(
            marks.get(mark).is_some_and(|n| *n > 20),
            "{mark}: {marks:?}"
        );
    }
}

/// A seed whose limits the rules for a stack accept.
fn accepted(form: &Form, seed: u64) -> u64 {
    let log = Arc::new(Log::new());
    (0..1_000)
        .map(|n| seed + n * 1_000_000)
        .find(|&seed| form.value(&calls(seed, form.timeouts(), &log)[0]).is_some())
        .unwrap_or_else(|| panic!("{:?}", form.value(&calls(seed, form.timeouts(), &log)[0])))
}

/// Makes the calls of a script, and returns all that was seen.
async fn run(form: &Form, seed: u64, start: impl Fn(Arc<Call>) -> Running) -> Vec<String> {
    SEEN.take();
    let log = Arc::new(Log::new());
    let mut all = Vec::new();
    for call in calls(seed, form.timeouts(), &log) {
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
        let log = Arc::clone(&log);
        all.push(tokio::spawn(async move {
            let end = match task.await {
                Ok(out) => outcome(&out),
                Err(error) if error.is_panic() => "panic".to_owned(),
                Err(_) => "dropped".to_owned(),
            };
            log.note(&format!("{} {end}", call.number));
            drop(give_up);
        }));
    }
    for task in all {
        task.await.unwrap();
    }
    let mut ids = BTreeMap::new();
    let events = SEEN.take();
    let mut seen = log.lines();
    seen.extend(events.iter().map(|event| shown(event, form, &mut ids)));
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
        Err(Fault::Resil(Error::BulkheadFull { limit, .. })) => format!("full {limit}"),
        Err(Fault::Resil(Error::RateLimited { retry_after, .. })) => {
            format!("limited {retry_after:?}")
        }
        Err(error) => format!("{error:?}"),
    }
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

/// The text, with `F` for the names of both forms. Functions of one path have their line added.
fn of(text: &str, form: &Form) -> String {
    let text = text.replace(form.name, "F");
    let Some((before, after)) = text.split_once(ANNOTATED) else {
        return text;
    };
    let after = after.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
    format!("{before}F{after}")
}

/// The path of the functions of all forms.
const ANNOTATED: &str = "values::same::shapes::annotated";
