//! The thread that reads the state of all policies while a page is open.
//!
//! Once a second it reads everything. When events come it waits a moment for more, and then tells them
//! with the circuits as they are by then: a page sees a circuit open long before the second is over.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use resil_runtime::{clock, event};

use crate::announce::Announcement;
use crate::functions::Surroundings;
use crate::health::Health;
use crate::hub::{self, Found};
use crate::mailbox::{Letters, Mailbox};
use crate::rows::json;
use crate::{functions, view};

/// The time between two readings of everything.
const TICK: Duration = Duration::from_secs(1);
/// Budgets and switches are read at each tick of so many.
const SURROUNDINGS: u32 = 3;
/// The time for which events are gathered into one frame.
const GATHER: Duration = Duration::from_millis(50);

/// Samples until there is no page. A panic of it must not leave the pages without a word for ever: it
/// ends the pages, which connect anew.
pub(crate) fn sample() {
    if catch_unwind(AssertUnwindSafe(run)).is_err() {
        hub::close_all();
    }
}

fn run() {
    let mailbox = Arc::new(Mailbox::default());
    let listener = Arc::clone(&mailbox);
    let subscription = event::subscribe(move |event| listener.put(event));
    let mut health = Health::default();
    let mut surroundings = Surroundings::default();
    let mut ticks = 0_u32;
    let mut tick_at = clock::now();
    loop {
        let left = tick_at.saturating_duration_since(clock::now());
        let is_tick = left.is_zero() || !mailbox.wait(left);
        if is_tick {
            tick_at = clock::now() + TICK;
            if ticks.is_multiple_of(SURROUNDINGS) {
                surroundings = functions::surroundings();
            }
            ticks = ticks.wrapping_add(1);
        } else {
            std::thread::park_timeout(GATHER.min(left));
        }
        if !hub::tell(find(&mailbox.take(), &mut health, &surroundings, is_tick)) {
            break;
        }
    }
    drop(subscription);
}

/// Puts events into words, and reads the rows: all of them at a tick, else those that events change.
fn find(
    letters: &Letters,
    health: &mut Health,
    surroundings: &Surroundings,
    is_tick: bool,
) -> Found {
    let mut events = Vec::with_capacity(letters.events.len() + letters.changes.len());
    for (at, event) in letters.events.iter().chain(&letters.changes) {
        health.hear(*at, event);
        events.push(json(&Announcement::of(*at, event)));
    }
    for (at, event) in &letters.stores {
        health.hear(*at, event);
    }
    let stats = is_tick.then(resil_runtime::stats);
    let all = stats.as_ref().map(|stats| &stats.functions);
    Found {
        read: [
            all.map(|all| functions::rows(all, surroundings)),
            Some(view::circuits()),
            is_tick.then(view::bulkheads),
            is_tick.then(view::rate_limits),
            Some(health.rows()),
            is_tick.then(view::conflicts),
        ],
        events,
        missed: letters.missed,
        tick: stats.map(|stats| stats.functions),
    }
}
