//! The permits that are held around the poll in progress.
//!
//! A breaker has to notice that it is entered again by a call under one of its own permits. The
//! outer permit is held by plain statements around an `.await`, out of reach of the functions
//! called below. So each poll of the code under a permit pushes a level on a thread-local stack and
//! pops it when the poll ends, also by a panic. A spawned task is polled elsewhere and does not see
//! it. As with [`Deadline::current`](crate::Deadline::current), everything that is polled within
//! the poll sees it, including the tasks of a `LocalSet` that the body drives.

use std::cell::{Cell, RefCell};
use std::thread::LocalKey;

use crate::call::Site;

/// The number of levels that need no allocation. More than that are nested calls under as many
/// different breakers, such as a recursion each step of which has another key.
const FLAT: usize = 16;

/// One permit that is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    /// Identifies the breaker while the permit is held.
    id: usize,
    /// The function that holds the permit; `None` for a permit that was acquired manually.
    pub(crate) by: Option<&'static Site>,
}

/// The levels of one thread. Nothing in it has to be dropped, so that a thread-local of it is plain
/// memory.
pub(crate) struct HeldStack {
    depth: Cell<usize>,
    flat: [Cell<Level>; FLAT],
    /// The levels past the flat ones, followed by levels that were popped.
    deep: &'static LocalKey<Deep>,
}

/// The levels of a [`HeldStack`] past the flat ones.
pub(crate) struct Deep(RefCell<Vec<Level>>);

thread_local! {
    static DEEP: Deep = const { Deep::new() };
    /// The breakers under whose permits the poll in progress runs, by address.
    pub(crate) static BREAKERS: HeldStack = const { HeldStack::new(&DEEP) };
}

impl Deep {
    pub(crate) const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }
}

impl HeldStack {
    /// Creates a stack whose levels past the flat ones are kept in `deep`.
    pub(crate) const fn new(deep: &'static LocalKey<Deep>) -> Self {
        Self {
            depth: Cell::new(0),
            flat: [const { Cell::new(Level { id: 0, by: None }) }; FLAT],
            deep,
        }
    }

    /// Returns whether no permit is held around the poll in progress.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.depth.get() == 0
    }

    /// Returns the innermost level of `id` around the poll in progress, if there is one.
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
        // The thread may be ending, and its locals be gone.
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

/// Returns whether no permit of a breaker is held around the poll in progress.
#[inline(always)]
pub(crate) fn nothing_is_held() -> bool {
    BREAKERS.with(HeldStack::is_empty)
}

/// One level for the time of one poll. Dropping it pops the level.
#[must_use = "dropped at once, nothing is under it"]
pub(crate) struct HeldFrame {
    stack: &'static LocalKey<HeldStack>,
    /// The number of levels below it.
    depth: usize,
}

impl HeldFrame {
    /// Pushes a level: the rest of this poll is under `id`, which `by` holds.
    #[inline(always)]
    pub(crate) fn enter(
        stack: &'static LocalKey<HeldStack>,
        id: usize,
        by: Option<&'static Site>,
    ) -> Self {
        let depth = stack.with(|stack| stack.push(Level { id, by }));
        Self { stack, depth }
    }

    /// Pushes nothing: the rest of this poll stays under the permits that it is under.
    #[inline(always)]
    pub(crate) fn none(stack: &'static LocalKey<HeldStack>) -> Self {
        let depth = stack.with(|stack| stack.depth.get());
        Self { stack, depth }
    }
}

impl Drop for HeldFrame {
    #[inline(always)]
    fn drop(&mut self) {
        self.stack.with(|stack| stack.depth.set(self.depth));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(id: usize) -> HeldFrame {
        HeldFrame::enter(&BREAKERS, id, None)
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
            assert!(BREAKERS.with(HeldStack::is_empty));
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
        static OUTER: Site = Site::new("held.outer", 1);
        static INNER: Site = Site::new("held.inner", 1);
        let holder = || {
            BREAKERS
                .with(|s| s.holder(7))
                .and_then(|l| l.by)
                .map(Site::function)
        };
        let _outer = HeldFrame::enter(&BREAKERS, 7, Some(&OUTER));
        assert_eq!(holder(), Some("held.outer"));
        {
            let _inner = HeldFrame::enter(&BREAKERS, 7, Some(&INNER));
            assert_eq!(holder(), Some("held.inner"));
            let _nothing = HeldFrame::none(&BREAKERS);
            assert_eq!(holder(), Some("held.inner"));
        }
        assert_eq!(holder(), Some("held.outer"));
    }

    #[test]
    fn another_thread_is_under_nothing() {
        let _frame = enter(3);
        assert!(std::thread::spawn(|| !held(3)).join().unwrap_or(false));
    }
}
