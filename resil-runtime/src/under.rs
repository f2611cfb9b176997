//! What the poll in progress is under: the permits that the running task holds around the code that
//! is being polled.
//!
//! A breaker inside itself must be known again, across functions: the outer permit is held by plain
//! statements around an `.await`, out of reach of what is called below. So each poll of what a
//! permit is held around puts a level on a stack in a thread-local, and takes it off again when that
//! poll ends, also by a panic. A task that is spawned is polled elsewhere and sees nothing of it. As
//! with [`Deadline::current`](crate::Deadline::current), whatever is polled within the poll sees it,
//! the tasks of a `LocalSet` that the body drives included.
//!
//! Each kind of thing that can be held has a [`Stack`] of its own, so that the one need not look
//! through the levels of the other.

use std::cell::{Cell, RefCell};
use std::thread::LocalKey;

use crate::site::Site;

/// So many levels need no allocation. More are nested calls under as many different breakers: a
/// recursion each step of which has another key.
const FLAT: usize = 16;

/// One thing that is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    /// What it is: a number that nothing else of its kind has as long as it is held.
    id: usize,
    /// The function that holds it; `None`: by hand.
    pub(crate) by: Option<&'static Site>,
}

/// The levels of one kind in one thread. There is nothing to drop in it, so that a thread-local of it
/// is plain memory.
pub(crate) struct Stack {
    depth: Cell<usize>,
    flat: [Cell<Level>; FLAT],
    /// The levels past the flat ones, and behind them what was taken off.
    deep: &'static LocalKey<Deep>,
}

/// See [`Stack::new`].
pub(crate) struct Deep(RefCell<Vec<Level>>);

thread_local! {
    static DEEP: Deep = const { Deep::new() };
    /// The breakers under whose permits the poll in progress runs, by the addresses of their cores.
    pub(crate) static BREAKERS: Stack = const { Stack::new(&DEEP) };
}

impl Deep {
    pub(crate) const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }
}

impl Stack {
    /// A stack whose levels past the flat ones are in `deep`, which no other one uses.
    pub(crate) const fn new(deep: &'static LocalKey<Deep>) -> Self {
        Self {
            depth: Cell::new(0),
            flat: [const { Cell::new(Level { id: 0, by: None }) }; FLAT],
            deep,
        }
    }

    /// Nothing of this kind is held around the poll in progress.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.depth.get() == 0
    }

    /// Who holds `id` around the poll in progress, the innermost one if several do; `None` if it is
    /// not held there.
    #[inline(never)]
    pub(crate) fn holder(&self, id: usize) -> Option<Level> {
        let depth = self.depth.get();
        if depth > FLAT
            && let Some(level) = self.deep_holder(id, depth - FLAT)
        {
            return Some(level);
        }
        let flat = self.flat.iter().take(depth).rev().map(Cell::get);
        flat.into_iter().find(|l| l.id == id)
    }

    #[cold]
    fn deep_holder(&self, id: usize, depth: usize) -> Option<Level> {
        // The thread may be ending, its locals gone.
        let find = |deep: &Deep| {
            let deep = deep.0.borrow();
            let mut levels = deep.iter().take(depth).rev();
            levels.find(|l| l.id == id).copied()
        };
        self.deep.try_with(find).ok().flatten()
    }

    #[inline(always)]
    fn push(&self, level: Level) -> usize {
        let depth = self.depth.get();
        match self.flat.get(depth) {
            Some(place) => place.set(level),
            None => self.push_deep(level, depth - FLAT),
        }
        self.depth.set(depth + 1);
        depth
    }

    #[cold]
    fn push_deep(&self, level: Level, depth: usize) {
        let _ = self.deep.try_with(|deep| {
            let mut deep = deep.0.borrow_mut();
            deep.truncate(depth);
            deep.push(level);
        });
    }
}

/// A level for the time of one poll: dropped, it is taken off.
#[must_use = "dropped at once, nothing is under it"]
pub(crate) struct Frame {
    stack: &'static LocalKey<Stack>,
    /// How many levels are below it.
    depth: usize,
}

impl Frame {
    /// The rest of this poll is under `id`, which `by` holds.
    #[inline(always)]
    pub(crate) fn enter(
        stack: &'static LocalKey<Stack>,
        id: usize,
        by: Option<&'static Site>,
    ) -> Self {
        let depth = stack.with(|stack| stack.push(Level { id, by }));
        Self { stack, depth }
    }

    /// No level: the rest of this poll is under what it was under.
    #[inline(always)]
    pub(crate) fn none(stack: &'static LocalKey<Stack>) -> Self {
        let depth = stack.with(|stack| stack.depth.get());
        Self { stack, depth }
    }
}

impl Drop for Frame {
    #[inline(always)]
    fn drop(&mut self) {
        self.stack.with(|stack| stack.depth.set(self.depth));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(id: usize) -> Frame {
        Frame::enter(&BREAKERS, id, None)
    }

    fn held(id: usize) -> bool {
        BREAKERS.with(|s| s.holder(id)).is_some()
    }

    #[test]
    fn levels_are_known_as_long_as_their_frames_live_however_many_they_are() {
        for round in 0..3 {
            let mut frames = Vec::new();
            for id in 1..100 {
                assert!(!held(id), "{id} in round {round}");
                frames.push(enter(id));
                assert!((1..=id).all(held), "{id} in round {round}");
            }
            // What was taken off is not known, though it still lies in memory.
            for id in (1..100).rev() {
                assert!(held(id));
                frames.pop();
                assert!(!held(id), "{id} in round {round}");
            }
            assert!(BREAKERS.with(Stack::is_empty));
        }
    }

    #[test]
    fn a_panic_takes_off_what_it_passes_through() {
        fn nest(id: usize) {
            let _frame = enter(id);
            assert!(id < 50, "the body's own");
            nest(id + 1);
        }
        let _outer = enter(1);
        let caught = std::panic::catch_unwind(|| nest(2));
        assert!(caught.is_err());
        assert!(held(1) && !held(2) && !held(49));
    }

    #[test]
    fn the_innermost_holder_is_told() {
        static OUTER: Site = Site::new("under.outer", 1);
        static INNER: Site = Site::new("under.inner", 1);
        let holder = || {
            BREAKERS
                .with(|s| s.holder(7))
                .and_then(|l| l.by)
                .map(Site::function)
        };
        let _outer = Frame::enter(&BREAKERS, 7, Some(&OUTER));
        assert_eq!(holder(), Some("under.outer"));
        {
            let _inner = Frame::enter(&BREAKERS, 7, Some(&INNER));
            assert_eq!(holder(), Some("under.inner"));
            let _nothing = Frame::none(&BREAKERS);
            assert_eq!(holder(), Some("under.inner"));
        }
        assert_eq!(holder(), Some("under.outer"));
    }

    #[test]
    fn another_thread_is_under_nothing() {
        let _frame = enter(3);
        assert!(std::thread::spawn(|| !held(3)).join().unwrap_or(false));
    }
}
