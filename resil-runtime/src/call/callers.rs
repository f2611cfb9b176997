//! The callers of one function, as far as they were seen.

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The number of callers that are kept for one function.
pub(crate) const MAX_CALLERS: usize = 64;

/// The sites `S` that have called one function: a list that only grows, read without a lock.
#[derive(Debug)]
pub(crate) struct Callers<S: 'static> {
    has_run: AtomicBool,
    first: OnceLock<&'static Seen<S>>,
    /// Whether there were more than [`MAX_CALLERS`].
    has_more: AtomicBool,
}

#[derive(Debug)]
struct Seen<S: 'static> {
    caller: &'static S,
    next: OnceLock<&'static Self>,
}

impl<S> Callers<S> {
    pub(crate) const fn new() -> Self {
        Self {
            has_run: AtomicBool::new(false),
            first: OnceLock::new(),
            has_more: AtomicBool::new(false),
        }
    }

    /// Notes a call, by `caller` if it is known. A caller that is known already costs a look at those
    /// before it in the list; only a new one allocates.
    #[inline]
    pub(crate) fn note(&self, caller: Option<&'static S>) {
        if !self.has_run.load(Relaxed) {
            self.has_run.store(true, Relaxed);
        }
        if let Some(caller) = caller {
            self.add(caller);
        }
    }

    fn add(&self, caller: &'static S) {
        let mut place = &self.first;
        for _ in 0..MAX_CALLERS {
            let seen = place.get_or_init(|| {
                Box::leak(Box::new(Seen {
                    caller,
                    next: OnceLock::new(),
                }))
            });
            if ptr::eq(seen.caller, caller) {
                return;
            }
            place = &seen.next;
        }
        if !self.has_more.load(Relaxed) {
            self.has_more.store(true, Relaxed);
        }
    }

    /// Returns whether the function was called.
    pub(crate) fn has_run(&self) -> bool {
        self.has_run.load(Relaxed)
    }

    /// Returns whether there were more callers than are kept.
    pub(crate) fn has_more(&self) -> bool {
        self.has_more.load(Relaxed)
    }

    /// Returns the callers in the order in which they were first seen.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static S> {
        let first = self.first.get().copied();
        let seen = std::iter::successors(first, |seen| seen.next.get().copied());
        seen.map(|seen| seen.caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_is_kept_once_and_their_number_is_bounded() {
        static SITES: [u32; 100] = [0; 100];
        let callers: Callers<u32> = Callers::new();
        assert!(!callers.has_run());
        callers.note(None);
        assert!(callers.has_run() && callers.all().next().is_none());
        for _ in 0..3 {
            for site in &SITES[..MAX_CALLERS] {
                callers.note(Some(site));
            }
        }
        assert_eq!(callers.all().count(), MAX_CALLERS);
        assert!(!callers.has_more());
        callers.note(Some(&SITES[99]));
        assert!(callers.has_more());
        assert_eq!(callers.all().count(), MAX_CALLERS);
        let in_order = callers.all().zip(&SITES).all(|(a, b)| ptr::eq(a, b));
        assert!(in_order);
    }

    #[test]
    fn threads_that_see_one_caller_at_once_keep_it_once() {
        static SITES: [u32; 8] = [0; 8];
        let callers: Callers<u32> = Callers::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| SITES.iter().for_each(|site| callers.note(Some(site))));
            }
        });
        assert_eq!(callers.all().count(), SITES.len());
    }
}
