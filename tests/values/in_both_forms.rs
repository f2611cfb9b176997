//! Plays scripts of calls by the attribute and by the value, and compares all that is seen: outcomes, events,
//! attempts and times.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use resil::event::{self, Event};
use resil::{Deadline, Error};
use tokio::time::{Instant, sleep, sleep_until};

/// The time that each run has for itself: longer than a breaker is ever open.
const SLOT: Duration = Duration::from_secs(1_000);

thread_local! {
    /// The events of the run in progress, which are all told on its thread.
    static SEEN: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
}

/// By what a script is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Attribute,
    Value,
}

/// A call in one form.
pub(crate) type Running<F> = Pin<Box<dyn Future<Output = Result<u32, F>> + Send>>;

/// When a call comes, and how long its caller waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) comes_at: u64,
    /// The caller's own deadline.
    pub(crate) deadline: Option<u64>,
    /// When the caller drops the call.
    pub(crate) dropped_after: Option<u64>,
}

/// The error of a body, which may be a refusal.
pub(crate) trait Refusable: Debug + Send + 'static {
    fn refusal(&self) -> Option<&Error>;
}

/// What was seen, in order, with the time in milliseconds.
#[derive(Debug)]
pub(crate) struct Log {
    start: Instant,
    lines: Mutex<Vec<String>>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            lines: Mutex::default(),
        }
    }

    pub(crate) fn note(&self, line: &str) {
        let at = self.start.elapsed().as_millis();
        self.lines.lock().unwrap().push(format!("{at}: {line}"));
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

/// Plays the scripts of so many seeds in both forms, each in a time of its own. `run` returns what was seen,
/// `label` says what was played. Returns what was seen of the attributes.
pub(crate) fn compare(
    scripts: u64,
    label: impl Fn(u64) -> String,
    run: impl AsyncFn(u64, By) -> Vec<String>,
) -> Vec<String> {
    // Another test may play scripts of its own at the same time, on another thread.
    let here = thread::current().id();
    let _subscription = event::subscribe(move |event| {
        if thread::current().id() == here {
            SEEN.with_borrow_mut(|seen| seen.push(event.clone()));
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let mut all = Vec::new();
    runtime.block_on(async {
        let start = Instant::now();
        for (slot, seed) in (0_u32..).zip(0..scripts) {
            let by_attribute = run(seed, By::Attribute).await;
            sleep_until(start + SLOT * (2 * slot + 1)).await;
            let by_value = run(seed, By::Value).await;
            sleep_until(start + SLOT * (2 * slot + 2)).await;
            assert_eq!(by_attribute, by_value, "{}", label(seed));
            all.extend(by_attribute);
        }
    });
    all
}

/// Holds what was seen to the marks that scripts have to leave, each more than so many times.
pub(crate) fn get_everywhere<'w>(
    words: impl Iterator<Item = &'w str>,
    marks: &[&str],
    more_than: u32,
) {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_insert(0_u32) += 1;
    }
    for mark in marks {
        assert!(
            counts.get(mark).is_some_and(|n| *n > more_than),
            "{mark}: {counts:?}"
        );
    }
}

/// Makes calls as they come, notes how each ends, and returns the events.
pub(crate) async fn play<F: Refusable>(
    log: &Arc<Log>,
    calls: impl IntoIterator<Item = (Times, Running<F>)>,
) -> Vec<Event> {
    SEEN.take();
    let mut all = Vec::new();
    for (number, (times, running)) in calls.into_iter().enumerate() {
        let task = tokio::spawn(async move {
            sleep(Duration::from_millis(times.comes_at)).await;
            match times.deadline {
                None => running.await,
                Some(limit) => {
                    let deadline = Deadline::after(Duration::from_millis(limit));
                    deadline.scope(running).await
                }
            }
        });
        let abort = task.abort_handle();
        let give_up = times.dropped_after.map(|after| {
            let after = Duration::from_millis(times.comes_at + after);
            tokio::spawn(async move {
                sleep(after).await;
                abort.abort();
            })
        });
        let log = Arc::clone(log);
        all.push(tokio::spawn(async move {
            let end = match task.await {
                Ok(out) => outcome(&out),
                Err(error) if error.is_panic() => "panic".to_owned(),
                Err(_) => "dropped".to_owned(),
            };
            log.note(&format!("{number} {end}"));
            drop(give_up);
        }));
    }
    for task in all {
        task.await.unwrap();
    }
    SEEN.take()
}

fn outcome<F: Refusable>(out: &Result<u32, F>) -> String {
    let error = match out {
        Ok(n) => return format!("Good {n}"),
        Err(error) => error,
    };
    match error.refusal() {
        Some(Error::Timeout {
            limit, inherited, ..
        }) => format!("Timeout {limit:?} {inherited}"),
        // How long it stays open is left to chance.
        Some(Error::CircuitOpen { .. }) => "open".to_owned(),
        #[cfg(feature = "idempotent")]
        Some(Error::Idempotency(error)) => format!("{error:?}"),
        Some(Error::BulkheadFull { limit, .. }) => format!("full {limit}"),
        Some(Error::RateLimited { retry_after, .. }) => format!("limited {retry_after:?}"),
        _ => format!("{error:?}"),
    }
}

/// Returns the text with `F` for each of the names, and for `annotated`, the path of the functions of all forms:
/// functions of one path have their line added.
pub(crate) fn named(text: &str, names: &[&str], annotated: &str) -> String {
    let text = names
        .iter()
        .fold(text.to_owned(), |text, name| text.replace(name, "F"));
    let mut parts = text.split(annotated);
    let mut named = parts.next().unwrap_or_default().to_owned();
    for after in parts {
        named += "F";
        named += after.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
    }
    named
}
