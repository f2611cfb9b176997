//! The callers that ask a breaker to let a call in, and the pairs of them whose reentry was
//! reported.

use std::ptr;
use std::sync::OnceLock;

use crate::call::Site;

/// The caller that asks a breaker for a permit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// The annotated function; `None` for a manual call.
    pub(super) function: Option<&'static Site>,
    /// The outer functions under which this caller was reported to enter the breaker again.
    pub(super) reported: &'a Reported,
}

/// The outer functions under which one caller was reported, so that each pair is reported once. The
/// list only grows and is read without a lock. The number of functions that call this one bounds
/// its length.
#[derive(Debug, Default)]
pub(crate) struct Reported(OnceLock<Box<Pair>>);

#[derive(Debug)]
struct Pair {
    outer: Option<&'static Site>,
    next: Reported,
}

impl Reported {
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Returns whether `outer` comes for the first time, and adds it.
    pub(super) fn is_new(&self, outer: Option<&'static Site>) -> bool {
        let is_same = |other: Option<&'static Site>| match (outer, other) {
            (Some(one), Some(other)) => ptr::eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let mut place = self;
        loop {
            let mut is_mine = false;
            let pair = place.0.get_or_init(|| {
                is_mine = true;
                Box::new(Pair {
                    outer,
                    next: Self::new(),
                })
            });
            if is_mine || is_same(pair.outer) {
                return is_mine;
            }
            place = &pair.next;
        }
    }
}
