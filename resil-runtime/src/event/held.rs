//! Events that are told once a lock is released under which they happened.

use std::cell::RefCell;
use std::marker::PhantomData;

use super::Event;

thread_local! {
    /// `None` if events are told at once.
    static HELD: RefCell<Option<Vec<Event>>> = const { RefCell::new(None) };
}

/// Holds back the events of this thread until it is dropped: a listener may come back to what the lock guards.
///
/// It is made before the lock is taken, and dropped after the lock was released.
#[must_use = "dropped, it tells the events"]
pub(crate) struct Holding {
    /// Whether another one around holds them back.
    is_inside: bool,
    tell: fn(&Event),
    of_thread: PhantomData<*const ()>,
}

impl Holding {
    /// Holds back the events of this thread, which are told by `tell`.
    pub(super) fn begin(tell: fn(&Event)) -> Self {
        let is_inside = HELD.with_borrow_mut(|held| {
            let is_inside = held.is_some();
            held.get_or_insert_default();
            is_inside
        });
        Self {
            is_inside,
            tell,
            of_thread: PhantomData,
        }
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        if self.is_inside {
            return;
        }
        let held = HELD.with_borrow_mut(Option::take);
        held.iter().flatten().for_each(self.tell);
    }
}

/// Returns whether an event is held back, and so told later.
pub(super) fn is_held_back(event: &Event) -> bool {
    HELD.with_borrow_mut(|held| held.as_mut().map(|held| held.push(event.clone())).is_some())
}
