//! The permits that are held around the poll in progress.
//!
//! A breaker has to notice that it is entered again by a call under one of its own permits. The
//! outer permit is held by plain statements around an `.await`, out of reach of the functions
//! called below. So each poll of the code under a permit pushes a level on a thread-local stack and
//! pops it when the poll ends, also by a panic. A spawned task is polled elsewhere and does not see
//! it. As with [`Deadline::current`](crate::Deadline::current), everything that is polled within
//! the poll sees it, including the tasks of a `LocalSet` that the body drives.

use std::cell::{Cell, RefCell};

use crate::call::Site;

/// The number of levels under the innermost one that need no allocation. More than that are nested
/// calls under as many different breakers, such as a recursion each step of which has another key.
const FLAT: usize = 15;

/// One permit that is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    /// Identifies the breaker while the permit is held; never 0.
    id: usize,
    /// The function that holds the permit; `None` for a permit that was acquired manually.
    pub(crate) by: Option<&'static Site>,
}

/// The levels of one thread. Nothing in it has to be dropped, so that a thread-local of it is plain
/// memory.
///
/// The innermost level has a place of its own: most calls are under no other permit, and then to push
/// is to write there, and to pop is to write a zero.
pub(crate) struct HeldStack {
    /// The innermost level: its id, 0 if there is no level, and its holder.
    id: Cell<usize>,
    by: Cell<Option<&'static Site>>,
    /// The number of levels under the innermost one.
    depth: Cell<usize>,
    flat: [Cell<Level>; FLAT],
}

thread_local! {
    /// The levels past the flat ones, followed by levels that were popped.
    static DEEP: RefCell<Vec<Level>> = const { RefCell::new(Vec::new()) };
    /// The breakers under whose permits the poll in progress runs, by address.
    pub(crate) static BREAKERS: HeldStack = const { HeldStack::new() };
}

/// Returns whether no permit is held around the poll in progress.
#[inline(always)]
pub(crate) fn nothing_is_held() -> bool {
    BREAKERS.with(HeldStack::is_empty)
}

impl HeldStack {
    const fn new() -> Self {
        Self {
            id: Cell::new(0),
            by: Cell::new(None),
            depth: Cell::new(0),
            flat: [const { Cell::new(Level { id: 0, by: None }) }; FLAT],
        }
    }

    /// Returns whether no permit is held around the poll in progress.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.id.get() == 0
    }

    fn innermost(&self) -> Level {
        Level {
            id: self.id.get(),
            by: self.by.get(),
        }
    }

    /// Returns the innermost level of `id` around the poll in progress, if there is one.
    #[inline(never)]
    pub(crate) fn holder(&self, id: usize) -> Option<Level> {
        if self.id.get() == id {
            return Some(self.innermost());
        }
        let depth = self.depth.get();
        if depth > FLAT
            && let Some(level) = Self::deep_holder(id, depth - FLAT)
        {
            return Some(level);
        }
        let flat = self.flat.iter().take(depth).rev().map(Cell::get);
        flat.into_iter().find(|l| l.id == id)
    }

    #[cold]
    fn deep_holder(id: usize, depth: usize) -> Option<Level> {
        // The thread may be ending, and its locals be gone.
        let find = |deep: &RefCell<Vec<Level>>| {
            let deep = deep.borrow();
            let mut levels = deep.iter().take(depth).rev();
            levels.find(|l| l.id == id).copied()
        };
        DEEP.try_with(find).ok().flatten()
    }

    /// Makes this the innermost level.
    #[inline(always)]
    fn put(&self, id: usize, by: Option<&'static Site>) {
        self.id.set(id);
        self.by.set(by);
    }

    /// Puts a level over the innermost one.
    // It puts the new one in its place too: a caller that had to do so afterwards would have to save it.
    #[cold]
    #[inline(never)]
    fn put_over(&self, id: usize, by: Option<&'static Site>) {
        self.bury();
        self.put(id, by);
    }

    /// Moves the innermost level under the one that is about to take its place.
    fn bury(&self) {
        let depth = self.depth.get();
        match self.flat.get(depth) {
            Some(place) => place.set(self.innermost()),
            None => self.bury_deep(depth - FLAT),
        }
        self.depth.set(depth + 1);
    }

    #[cold]
    fn bury_deep(&self, depth: usize) {
        let _ = DEEP.try_with(|deep| {
            let mut deep = deep.borrow_mut();
            deep.truncate(depth);
            deep.push(self.innermost());
        });
    }

    /// Moves the level under the innermost one back to its place.
    #[cold]
    #[inline(never)]
    fn unbury(&self) {
        let depth = self.depth.get() - 1;
        self.depth.set(depth);
        let level = if let Some(place) = self.flat.get(depth) {
            Some(place.get())
        } else {
            let level = |deep: &RefCell<Vec<Level>>| deep.borrow().get(depth - FLAT).copied();
            DEEP.try_with(level).ok().flatten()
        };
        self.id.set(level.map_or(0, |l| l.id));
        self.by.set(level.and_then(|l| l.by));
    }
}

/// One level for the time of one poll. Dropping it pops the level.
#[must_use = "dropped at once, nothing is under it"]
pub(crate) struct HeldFrame {
    after: After,
}

/// What stands in the place of the innermost level once a frame is popped.
enum After {
    /// Nothing: no permit is held any more.
    Nothing,
    /// The level that was there before.
    Before,
    /// The level that is there: the frame has pushed none.
    Same,
}

impl HeldFrame {
    /// Pushes a level: the rest of this poll is under `id`, which `by` holds.
    #[inline(always)]
    pub(crate) fn enter(id: usize, by: Option<&'static Site>) -> Self {
        BREAKERS.with(|held| {
            let after = if held.is_empty() {
                held.put(id, by);
                After::Nothing
            } else {
                held.put_over(id, by);
                After::Before
            };
            Self { after }
        })
    }

    /// Pushes nothing: the rest of this poll stays under the permits that it is under.
    #[inline(always)]
    pub(crate) const fn none() -> Self {
        Self { after: After::Same }
    }

    /// Pops the level, as dropping the frame does, and leaves the frame to be forgotten.
    #[inline(always)]
    pub(crate) fn pop(&self) {
        BREAKERS.with(|held| match self.after {
            After::Nothing => held.id.set(0),
            After::Before => held.unbury(),
            After::Same => {}
        });
    }
}

impl Drop for HeldFrame {
    #[inline(always)]
    fn drop(&mut self) {
        self.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(id: usize) -> HeldFrame {
        HeldFrame::enter(id, None)
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
        let _outer = HeldFrame::enter(7, Some(&OUTER));
        assert_eq!(holder(), Some("held.outer"));
        {
            let _inner = HeldFrame::enter(7, Some(&INNER));
            assert_eq!(holder(), Some("held.inner"));
            let _nothing = HeldFrame::none();
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
