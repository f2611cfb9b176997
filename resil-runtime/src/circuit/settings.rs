//! The settings that a breaker uses, and the window in which it counts.

use super::policy::CircuitPolicy;
use super::rules::{Rules, Span};
use super::window::counted::CountedWindow;
use super::window::timed::TimedWindow;
use super::word::State;

/// The settings in use, given by the first function that gave some, and the window that they need.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(super) rules: Rules,
    pub(super) window: WindowStore,
    /// The function that gave them.
    pub(super) owner: &'static str,
}

/// The window in which outcomes are counted.
#[derive(Debug)]
pub(crate) enum WindowStore {
    None,
    // Boxed: the windows have cache lines of their own, and most breakers have no window.
    Counted(Box<CountedWindow>),
    Timed(Box<TimedWindow>),
}

/// The settings in use until a function gives some. They need no window.
pub(super) static DEFAULTS: Settings = Settings {
    rules: CircuitPolicy::new().rules(),
    window: WindowStore::None,
    owner: "",
};

impl Settings {
    pub(super) fn new(rules: Rules, owner: &'static str, is_one_of_many: bool) -> Self {
        let window = match rules.rate.map(|r| r.window) {
            None => WindowStore::None,
            Some(Span::Calls(n)) => WindowStore::Counted(Box::new(CountedWindow::new(n))),
            Some(Span::Millis(ms)) if is_one_of_many => {
                WindowStore::Timed(Box::new(TimedWindow::with_shards(ms, 1)))
            }
            Some(Span::Millis(ms)) => WindowStore::Timed(Box::new(TimedWindow::new(ms))),
        };
        Self {
            rules,
            window,
            owner,
        }
    }

    /// Returns the closed state with nothing counted. With an empty window successes have to be
    /// recorded too.
    pub(super) fn closed(&self) -> State {
        State::Closed {
            in_a_row: 0,
            record_successes: !matches!(self.window, WindowStore::None),
            timed: self.rules.slow_after != 0,
        }
    }
}
