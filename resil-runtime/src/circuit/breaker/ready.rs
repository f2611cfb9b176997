//! Waiting until a breaker would let a call in.

use super::BreakerCore;
use super::admit::Place;
use crate::clock;
use crate::sync::broken;

impl BreakerCore {
    /// Waits until a call would be let in: see [`Breaker::ready`](crate::Breaker::ready).
    pub(crate) async fn ready(&self) {
        loop {
            // Made before the state is read, so that a change after the reading wakes this wait.
            let mut freed = self.freed.notified();
            if self.is_held_here() {
                return;
            }
            let at = match self.next_place(clock::now_ms) {
                Place::Free => return,
                Place::At(ms) => Some(ms),
                Place::Unknown => None,
            };
            if broken("heard_before_look") {
                freed = self.freed.notified();
            }
            clock::or_at(freed, at).await;
        }
    }
}
