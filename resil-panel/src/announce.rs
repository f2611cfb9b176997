//! Events in words, as the page and the API show them.

use std::sync::Arc;
use std::time::Duration;

use resil_runtime::event::{Event, StopReason};
use resil_runtime::panel::{Level, level_of};
use serde::Serialize;

use crate::words::{self, spaced};

/// An event as it is told to pages.
#[derive(Debug, Serialize)]
pub(crate) struct Announcement {
    /// The time of the event, in milliseconds, as the frame's `now` counts them.
    at: u64,
    /// `error`, `warn`, `info` or `debug`.
    level: &'static str,
    /// The name of the event's variant, in lower case: `circuit_changed`.
    kind: String,
    /// The function, or the name of the policy or of the store.
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The state that a circuit has entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// What happened, without the subject.
    text: String,
    /// The id of the call: events of one call bear the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
}

impl Announcement {
    /// Puts an event that happened at `at` into words.
    pub(crate) fn of(at: u64, event: &Event) -> Self {
        let kind = words::snake(words::variant(&format!("{event:?}")));
        let level = match &*kind {
            // So that nobody takes it for a real one. Its variant is there only with the feature `chaos`.
            "injected" => Level::Info,
            _ => level_of(event),
        };
        let level = level.word();
        let mut told = Self {
            at,
            level,
            kind,
            subject: String::new(),
            key: None,
            state: None,
            text: String::new(),
            call: event.call().map(|call| call.to_string()),
        };
        told.tell(event);
        told
    }

    fn say(&mut self, subject: &str, text: impl Into<String>) {
        subject.clone_into(&mut self.subject);
        self.text = text.into();
    }

    fn tell(&mut self, event: &Event) {
        match event {
            Event::CircuitChanged {
                name,
                key,
                from,
                to,
                ..
            } => {
                self.key = key.as_deref().map(str::to_owned);
                self.state = Some(words::state(*to));
                let (from, to) = (words::state(*from), words::state(*to));
                self.say(name, format!("{} → {}", plain(from), plain(to)));
            }
            Event::CircuitRefused { name, key, .. } => {
                self.key = key.as_deref().map(str::to_owned);
                self.say(name, "refused by the open circuit");
            }
            Event::BulkheadRefused {
                name, key, limit, ..
            } => {
                self.key = key.as_deref().map(str::to_owned);
                self.say(name, format!("refused: {limit} calls at once"));
            }
            Event::BulkheadLimitChanged {
                name,
                key,
                from,
                to,
                ..
            } => {
                self.key = key.as_deref().map(str::to_owned);
                self.say(name, format!("limit {from} → {to}"));
            }
            Event::RateLimited {
                name,
                key,
                retry_after,
                ..
            } => {
                self.key = key.as_deref().map(str::to_owned);
                let wait = retry_after.map(|t| format!(", again in {}", time(t)));
                self.say(name, format!("over the rate{}", wait.unwrap_or_default()));
            }
            Event::RateLimitStoreAway { store, error, .. } => {
                self.say(store, format!("the store does not answer: {error}"));
            }
            Event::RateLimitStoreBack { store, after, .. } => {
                self.say(
                    store,
                    format!("the store answers again, after {}", time(*after)),
                );
            }
            Event::CircuitConflict { name, function, .. }
            | Event::BulkheadConflict { name, function, .. }
            | Event::BudgetConflict { name, function, .. }
            | Event::RateLimitConflict { name, function, .. } => {
                self.say(name, format!("the settings of {function} are not used"));
            }
            Event::CircuitReentered {
                name,
                function,
                outer,
                ..
            } => {
                self.say(name, format!("{function} was called under {outer}"));
            }
            Event::SettingRefused { fault, .. } => {
                self.say("control", format!("a setting is left out: {fault}"));
            }
            Event::WaitCancelled { name, reason, .. } => {
                self.say(name, format!("a wait was ended: {}", why(*reason)));
            }
            event => self.tell_of_a_function(event),
        }
    }

    /// Tells an event whose subject is a function.
    fn tell_of_a_function(&mut self, event: &Event) {
        match event {
            Event::Retry {
                function,
                attempt,
                delay,
                error,
                ..
            } => {
                let text = format!("attempt {attempt} failed, again in {}", time(*delay));
                self.say(function, with_error(text, error.as_ref()));
            }
            Event::RetryStopped {
                function,
                attempts,
                reason,
                error,
                ..
            } => {
                let text = format!("gave up after attempt {attempts}: {}", why(*reason));
                self.say(function, with_error(text, error.as_ref()));
            }
            Event::RetrySucceeded {
                function, attempts, ..
            } => {
                self.say(function, format!("succeeded at attempt {attempts}"));
            }
            Event::RetryNested {
                function, outer, ..
            } => {
                self.say(function, format!("retries under the retry of {outer}"));
            }
            Event::TimedOut {
                function, limit, ..
            } => {
                self.say(function, format!("timed out after {}", time(*limit)));
            }
            Event::Hedged { function, copy, .. } => {
                self.say(function, format!("copy {copy} was started"));
            }
            Event::HedgeWon { function, copy, .. } => {
                self.say(function, format!("copy {copy} answered first"));
            }
            Event::FellBack {
                function, error, ..
            } => {
                let text = String::from("the fallback was returned");
                self.say(function, with_error(text, error.as_ref()));
            }
            Event::WorkerBlocked { function, wait, .. } => {
                let bound = wait.map_or_else(
                    || String::from("and nothing bounds its wait"),
                    |wait| format!("for up to {}", time(wait)),
                );
                let text = format!("blocks a task of tokio, {bound}");
                self.say(function, text);
            }
            event => self.tell_of_a_store(event),
        }
    }

    #[cfg(feature = "idempotent")]
    fn tell_of_a_store(&mut self, event: &Event) {
        match event {
            Event::Idempotency {
                name, what, key, ..
            } => {
                let what = spaced(&format!("{what:?}"));
                self.say(name, format!("{what} (key {key:08x})"));
            }
            Event::IdempotencyStore { store, finding, .. } => {
                self.say(store, finding.as_str());
            }
            event => self.tell_of_a_fault(event),
        }
    }

    #[cfg(not(feature = "idempotent"))]
    fn tell_of_a_store(&mut self, event: &Event) {
        self.tell_of_a_fault(event);
    }

    #[cfg(feature = "chaos")]
    fn tell_of_a_fault(&mut self, event: &Event) {
        use resil_runtime::event::InjectedFault as Fault;
        let Event::Injected {
            function,
            fault,
            run,
            ..
        } = event
        else {
            return self.tell_of_another(event);
        };
        let text = match fault {
            Fault::Delay(by) => format!("injected: run {run} begins {} later", time(*by)),
            Fault::Error => format!("injected: an error in place of run {run}"),
            Fault::Hang => format!("injected: run {run} hangs"),
            Fault::Panic => format!("injected: run {run} panics"),
            Fault::Drop => format!("injected: the answer of run {run} is lost"),
            other => format!("injected: {other:?} in run {run}"),
        };
        self.say(function, text);
    }

    #[cfg(not(feature = "chaos"))]
    fn tell_of_a_fault(&mut self, event: &Event) {
        self.tell_of_another(event);
    }

    /// Tells an event that this version of the panel has no words for, as it prints itself: an ignored header
    /// reads `header ignored: header: "grpc-timeout"`.
    fn tell_of_another(&mut self, event: &Event) {
        let printed = format!("{event:?}");
        let (_, fields) = printed.split_once('{').unwrap_or_default();
        let fields = fields.trim_end_matches('}').trim();
        let (subject, rest) = fields
            .strip_prefix("function: \"")
            .and_then(|rest| rest.split_once('"'))
            .unwrap_or(("", fields));
        let rest = rest.split(", call: CallId(").next().unwrap_or_default();
        let kind = plain(&self.kind);
        let text = format!("{kind}: {}", rest.trim_start_matches(", "));
        self.say(subject, text);
    }
}

fn plain(state: &str) -> String {
    state.replace('_', " ")
}

fn why(reason: StopReason) -> String {
    spaced(&format!("{reason:?}"))
}

fn time(time: Duration) -> String {
    format!("{time:.0?}")
}

fn with_error(text: String, error: Option<&Arc<str>>) -> String {
    match error {
        Some(error) => format!("{text}: {error}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_that_of_tracing() {
        let (tell, told) = std::sync::mpsc::channel();
        let _heard = resil_runtime::event::subscribe(move |event| {
            let _ = tell.send(event.clone());
        });
        let b = resil_runtime::breaker("levelled");
        b.force_open();
        assert!(b.try_acquire().is_err());
        b.reset();
        let of = |event: &Event| Announcement::of(7, event);
        let told = told.try_iter().map(|event| of(&event));
        let told: Vec<_> = told.filter(|told| told.subject == "levelled").collect();
        let told: Vec<_> = told.iter().map(|t| (&*t.kind, t.state, t.level)).collect();
        let expected = [
            ("circuit_changed", Some("forced_open"), "warn"),
            ("circuit_refused", None, "debug"),
            ("circuit_changed", Some("closed"), "warn"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn an_event_without_words_is_told_as_it_prints_itself() {
        let (tell, told) = std::sync::mpsc::channel();
        let _heard = resil_runtime::event::subscribe(move |event| {
            let _ = tell.send(event.clone());
        });
        resil_runtime::breaker("printed").force_open();
        let mut all = told.try_iter();
        let event = all
            .find(|e| matches!(e, Event::CircuitChanged { name, .. } if *name == "printed"))
            .unwrap();
        let mut told = Announcement::of(7, &event);
        assert_eq!(
            (&*told.subject, &*told.text),
            ("printed", "closed → forced open")
        );
        told.tell_of_another(&event);
        assert!(
            told.text.starts_with("circuit changed: name: \"printed\""),
            "{}",
            told.text
        );
        assert_eq!((told.at, &*told.kind), (7, "circuit_changed"));
        assert_eq!(told.level, "warn");
    }
}
