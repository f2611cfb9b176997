//! Events in words, as the page and the API show them.

use std::sync::Arc;
use std::time::Duration;

use resil_runtime::circuit::CircuitState;
use resil_runtime::event::{Event, StopReason};
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
        let mut told = Self {
            at,
            level: "debug",
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

    fn say(&mut self, subject: &str, level: &'static str, text: impl Into<String>) {
        subject.clone_into(&mut self.subject);
        self.level = level;
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
                let level = if *to == CircuitState::Closed {
                    "info"
                } else {
                    "warn"
                };
                let (from, to) = (words::state(*from), words::state(*to));
                self.say(name, level, format!("{} → {}", plain(from), plain(to)));
            }
            Event::CircuitRefused { name, key, .. } => {
                self.key = key.as_deref().map(str::to_owned);
                self.say(name, "debug", "refused by the open circuit");
            }
            Event::BulkheadRefused {
                name, key, limit, ..
            } => {
                self.key = key.as_deref().map(str::to_owned);
                self.say(name, "debug", format!("refused: {limit} calls at once"));
            }
            Event::BulkheadLimitChanged {
                name,
                key,
                from,
                to,
                ..
            } => {
                self.key = key.as_deref().map(str::to_owned);
                self.say(name, "info", format!("limit {from} → {to}"));
            }
            Event::RateLimited {
                name,
                key,
                retry_after,
                ..
            } => {
                self.key = key.as_deref().map(str::to_owned);
                let wait = retry_after.map(|t| format!(", again in {}", time(t)));
                self.say(
                    name,
                    "debug",
                    format!("over the rate{}", wait.unwrap_or_default()),
                );
            }
            Event::RateLimitStoreAway { store, error, .. } => {
                self.say(
                    store,
                    "error",
                    format!("the store does not answer: {error}"),
                );
            }
            Event::RateLimitStoreBack { store, after, .. } => {
                self.say(
                    store,
                    "info",
                    format!("the store answers again, after {}", time(*after)),
                );
            }
            Event::CircuitConflict { name, function, .. }
            | Event::BulkheadConflict { name, function, .. }
            | Event::BudgetConflict { name, function, .. }
            | Event::RateLimitConflict { name, function, .. } => {
                self.say(
                    name,
                    "warn",
                    format!("the settings of {function} are not used"),
                );
            }
            Event::CircuitReentered {
                name,
                function,
                outer,
                ..
            } => {
                self.say(name, "info", format!("{function} was called under {outer}"));
            }
            Event::SettingRefused { fault, .. } => {
                self.say("control", "warn", format!("a setting is left out: {fault}"));
            }
            Event::WaitCancelled { name, reason, .. } => {
                self.say(name, "debug", format!("a wait was ended: {}", why(*reason)));
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
                self.say(function, "debug", with_error(text, error.as_ref()));
            }
            Event::RetryStopped {
                function,
                attempts,
                reason,
                error,
                ..
            } => {
                let text = format!("gave up after attempt {attempts}: {}", why(*reason));
                self.say(function, "warn", with_error(text, error.as_ref()));
            }
            Event::RetrySucceeded {
                function, attempts, ..
            } => {
                self.say(
                    function,
                    "debug",
                    format!("succeeded at attempt {attempts}"),
                );
            }
            Event::RetryNested {
                function, outer, ..
            } => {
                self.say(
                    function,
                    "warn",
                    format!("retries under the retry of {outer}"),
                );
            }
            Event::TimedOut {
                function, limit, ..
            } => {
                self.say(
                    function,
                    "debug",
                    format!("timed out after {}", time(*limit)),
                );
            }
            Event::Hedged { function, copy, .. } => {
                self.say(function, "debug", format!("copy {copy} was started"));
            }
            Event::HedgeWon { function, copy, .. } => {
                self.say(function, "debug", format!("copy {copy} answered first"));
            }
            Event::FellBack {
                function, error, ..
            } => {
                let text = String::from("the fallback was returned");
                self.say(function, "debug", with_error(text, error.as_ref()));
            }
            Event::WorkerBlocked { function, wait, .. } => {
                let bound = wait.map_or_else(
                    || String::from("and nothing bounds its wait"),
                    |wait| format!("for up to {}", time(wait)),
                );
                let text = format!("blocks a task of tokio, {bound}");
                self.say(function, "warn", text);
            }
            event => self.tell_of_a_store(event),
        }
    }

    #[cfg(feature = "idempotent")]
    fn tell_of_a_store(&mut self, event: &Event) {
        use resil_runtime::idempotency::IdempotencyEvent as What;
        match event {
            Event::Idempotency {
                name, what, key, ..
            } => {
                let level = match what {
                    What::KeyReused | What::LeaseLost => "error",
                    What::StoreAway | What::RanOpen | What::NotRecorded(_) | What::Full => "warn",
                    _ => "debug",
                };
                let what = spaced(&format!("{what:?}"));
                self.say(name, level, format!("{what} (key {key:08x})"));
            }
            Event::IdempotencyStore { store, finding, .. } => {
                self.say(store, "warn", finding.as_str());
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
        self.say(function, "info", text);
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
        // Its variant is there only beside an edge.
        let level = match &*self.kind {
            "header_ignored" => "warn",
            _ => "info",
        };
        self.say(subject, level, text);
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
        assert_eq!(told.level, "info");
        told.kind = "header_ignored".to_owned();
        told.tell_of_another(&event);
        assert_eq!(told.level, "warn");
    }
}
