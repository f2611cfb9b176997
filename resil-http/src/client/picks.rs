//! The endpoints of a call: another one for each attempt, and what is said of those whose attempt was cut.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use resil_runtime::Class;
use resil_runtime::clock::{self, within};

use super::error::ClientError;
use super::place::Place;
use crate::balance::{BalanceError, Balancer, Endpoint, Picked};
use crate::outcome::Verdict;

/// The endpoints of a call.
pub(super) struct Picks<'c> {
    /// `None` where there are none to choose from.
    balancer: Option<&'c Balancer>,
    key: Option<&'c [u8]>,
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    /// Those that attempts have gone to.
    tried: Vec<Endpoint>,
    /// Those whose attempt was dropped before it had ended.
    cut: Vec<Picked>,
}

impl<'c> Picks<'c> {
    pub(super) fn new(balancer: Option<&'c Balancer>, key: Option<&'c [u8]>) -> Self {
        Self {
            balancer,
            key,
            all: Mutex::default(),
        }
    }

    /// Picks the endpoint of an attempt, another one than those of the attempts before; `None` where there are
    /// no endpoints to choose from. It waits for the first answer of DNS, as long as for a connection.
    pub(super) async fn pick(&self, limit: Duration) -> Result<Option<Picked>, ClientError> {
        let Some(balancer) = self.balancer else {
            return Ok(None);
        };
        let picked = match self.pick_of(balancer) {
            Err(BalanceError::NoEndpoint { .. }) => {
                let until = clock::add(clock::now(), limit);
                // Boxed, as it is seldom: each attempt would have room for it.
                match Box::pin(within(until, balancer.ready())).await {
                    Some(ready) => ready?,
                    // It is not the time that is short where all have been removed: the choice says so.
                    None if !balancer.are_gone() => {
                        let at = Place::default();
                        return Err(ClientError::Connect { limit, at });
                    }
                    None => {}
                }
                self.pick_of(balancer)?
            }
            picked => picked?,
        };
        Ok(Some(picked))
    }

    fn pick_of(&self, balancer: &Balancer) -> Result<Picked, BalanceError> {
        // The lock is not held meanwhile: a listener hears of it when a breaker lets a probe in.
        let All { tried, cut } = mem::take(&mut *self.all());
        // By a hedge that was faster: it says nothing.
        drop(cut);
        let picked = balancer.pick(&tried, self.key);
        let mut now = self.all();
        now.tried.extend(tried);
        let picked = picked?;
        now.tried.push(picked.endpoint().clone());
        Ok(picked)
    }

    /// Holds the endpoint of an attempt that is under way.
    pub(super) fn hold(&self, picked: Option<Picked>) -> Held<'_> {
        Held {
            picked,
            picks: self,
        }
    }

    /// Says of the endpoints whose attempts were cut that they gave no answer in time.
    #[cold]
    pub(super) fn were_late(&self) {
        let cut = mem::take(&mut self.all().cut);
        for picked in cut {
            picked.end(&Verdict::Failure {
                class: Class::Transient,
                may_repeat: false,
            });
        }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The endpoint of an attempt that is under way. Dropped, its attempt was cut: who did it says later what that means.
pub(super) struct Held<'p> {
    picked: Option<Picked>,
    picks: &'p Picks<'p>,
}

impl Held<'_> {
    /// Returns the endpoint: the attempt has ended.
    pub(super) fn into_picked(mut self) -> Option<Picked> {
        self.picked.take()
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(picked) = self.picked.take() {
            self.picks.all().cut.push(picked);
        }
    }
}
