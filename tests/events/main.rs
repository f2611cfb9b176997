//! Events and traces of a call: its error in the events, one id through all of them, and the report of
//! a trace.
//!
//! A target of its own, whose tests run one after the other: some of them assert that nothing is made
//! while nobody listens.

#![allow(
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "tests read the paused clock themselves, and are no public crate"
)]
#![allow(
    clippy::async_yields_async,
    clippy::ignored_unit_patterns,
    reason = "a trace is asked for its report alone, and what it leaves behind is awaited after it"
)]

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod errors;
mod traces;

use std::sync::{Arc, Mutex};

use resil::event::{CallId, Event, Subscription};

/// Held by each test: nobody else listens.
async fn alone() -> tokio::sync::MutexGuard<'static, ()> {
    static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    ALONE.lock().await
}

/// All events, in order.
struct Heard {
    all: Arc<Mutex<Vec<Event>>>,
    _subscription: Subscription,
}

impl Heard {
    fn new() -> Self {
        let all = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&all);
        let subscription = resil::event::subscribe(move |e| sink.lock().unwrap().push(e.clone()));
        Self {
            all,
            _subscription: subscription,
        }
    }

    fn all(&self) -> Vec<Event> {
        self.all.lock().unwrap().clone()
    }

    /// The kinds of the events, and the calls that they are of, each once.
    fn kinds(&self) -> (Vec<String>, Vec<Option<CallId>>) {
        let kind = |e: &Event| {
            let text = format!("{e:?}");
            text.split([' ', '{']).next().unwrap().to_owned()
        };
        let all = self.all();
        let mut calls: Vec<_> = all.iter().map(Event::call).collect();
        calls.dedup();
        (all.iter().map(kind).collect(), calls)
    }
}
