//! A breaker inside itself: a call made, in the same task, under a permit of the same breaker runs
//! under that permit.
//!
//! Otherwise two functions that share a name, one calling the other, or a recursion could never
//! recover: the outer call takes the only probe, and the inner one is refused. While the breaker is
//! closed, one failure would count twice.

use std::ptr;

use super::BreakerCore;
use super::call::AdmittedCall;
use crate::call::Site;
use crate::circuit::callers::Caller;
use crate::circuit::held::{BREAKERS, HeldFrame, nothing_is_held};
use crate::event::{self, Event};
use crate::named::MANUAL;

impl BreakerCore {
    /// Returns the number that identifies this breaker among those whose permits are held.
    pub(super) fn id(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    /// Returns whether the poll in progress is under a permit of this breaker, and reports that
    /// `caller` entered it again.
    pub(super) fn is_reentered(&self, caller: Caller<'_>) -> bool {
        !nothing_is_held() && self.is_among_held(caller)
    }

    /// Returns whether the poll in progress is under a permit of this breaker, and reports nothing.
    pub(super) fn is_held_here(&self) -> bool {
        BREAKERS.with(|held| held.holder(self.id())).is_some()
    }

    #[inline(never)]
    fn is_among_held(&self, caller: Caller<'_>) -> bool {
        let Some(outer) = BREAKERS.with(|held| held.holder(self.id())) else {
            return false;
        };
        if event::is_heard() {
            self.report_reentry(caller, outer.by);
        }
        true
    }

    #[cold]
    fn report_reentry(&self, caller: Caller<'_>, outer: Option<&'static Site>) {
        if caller.reported.is_new(outer) {
            let name_of = |site: Option<&'static Site>| site.map_or(MANUAL, Site::name);
            event::emit(|| Event::CircuitReentered {
                name: self.name(),
                function: name_of(caller.function),
                outer: name_of(outer),
            });
        }
    }

    /// Puts the rest of this poll under the permit of `call`, which `by` holds. A nested call pushes
    /// nothing: it may be polled elsewhere, and is then under no permit.
    #[inline(always)]
    pub(crate) fn enter(&self, call: &AdmittedCall, by: Option<&'static Site>) -> HeldFrame {
        if call.is_nested() {
            HeldFrame::none()
        } else {
            HeldFrame::enter(self.id(), by)
        }
    }
}
