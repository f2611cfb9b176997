//! The layers that the calls of one name, or of one place in the source, have run under last.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::layer::Layer;

/// The policy around the layers of a call with a key.
#[cfg(feature = "idempotent")]
pub(crate) use crate::idempotency::IdempotentPolicy as Claim;
/// No call has a key.
#[cfg(not(feature = "idempotent"))]
pub(crate) use std::convert::Infallible as Claim;

/// The layers of the last call. Calls under the layers of the first one, as those of a `static` are, take
/// no lock.
#[derive(Debug)]
pub(crate) struct LastRun {
    /// The layers of the first call without a key.
    first: OnceLock<Box<[Layer]>>,
    /// What the first call with a key has run under.
    #[cfg(feature = "idempotent")]
    first_claimed: OnceLock<RunUnder>,
    /// Which of these the last call was like.
    last: AtomicU8,
    /// What the last call has run under, if it was like none of them: a stack that was built again from a new
    /// configuration.
    others: Mutex<RunUnder>,
}

/// What a call has run under.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct RunUnder {
    /// The claim around the layers, if the call had a key.
    pub(crate) claim: Option<Claim>,
    /// The layers, outermost first.
    pub(crate) layers: Box<[Layer]>,
}

// Values of `LastRun::last`.
const FIRST: u8 = 0;
#[cfg(feature = "idempotent")]
const FIRST_CLAIMED: u8 = 1;
const OTHERS: u8 = 2;

impl LastRun {
    pub(super) fn new() -> Self {
        Self {
            first: OnceLock::new(),
            #[cfg(feature = "idempotent")]
            first_claimed: OnceLock::new(),
            last: AtomicU8::new(FIRST),
            others: Mutex::default(),
        }
    }

    /// Notes that a call without a key runs under `layers`.
    pub(super) fn note(&self, layers: &[Layer]) {
        if **self.first.get_or_init(|| layers.into()) == *layers {
            self.set_last(FIRST);
        } else {
            self.note_other(None, layers);
        }
    }

    /// Notes that a call with a key runs under `claim`, and `layers` inside it.
    #[cfg(feature = "idempotent")]
    pub(super) fn note_claimed(&self, claim: &Claim, layers: &[Layer]) {
        let first = self.first_claimed.get_or_init(|| RunUnder {
            claim: Some(*claim),
            layers: layers.into(),
        });
        if first.claim.as_ref() == Some(claim) && *first.layers == *layers {
            self.set_last(FIRST_CLAIMED);
        } else {
            self.note_other(Some(*claim), layers);
        }
    }

    fn note_other(&self, claim: Option<Claim>, layers: &[Layer]) {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.claim = claim;
        if *others.layers != *layers {
            others.layers = layers.into();
        }
        self.set_last(OTHERS);
    }

    /// Calls on several threads would otherwise write to one line of memory for nothing.
    fn set_last(&self, last: u8) {
        if self.last.load(Relaxed) != last {
            self.last.store(last, Relaxed);
        }
    }

    /// Returns what the last call has run under.
    pub(crate) fn get(&self) -> RunUnder {
        match self.last.load(Relaxed) {
            FIRST => RunUnder {
                claim: None,
                layers: self.first.get().cloned().unwrap_or_default(),
            },
            #[cfg(feature = "idempotent")]
            FIRST_CLAIMED => self.first_claimed.get().cloned().unwrap_or_default(),
            _ => {
                let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
                others.clone()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::timeout::TimeoutPolicy;

    #[test]
    fn the_layers_are_those_of_the_last_call() {
        let limits = |secs: &[u64]| -> Vec<Layer> {
            let limit = |secs: &u64| TimeoutPolicy::new(Duration::from_secs(*secs)).into();
            secs.iter().map(limit).collect()
        };
        let last = LastRun::new();
        assert_eq!(last.get(), RunUnder::default());
        for secs in [&[3, 1][..], &[3, 1], &[2], &[4, 3], &[3, 1], &[2]] {
            last.note(&limits(secs));
            assert_eq!(*last.get().layers, *limits(secs));
        }
    }

    #[cfg(feature = "idempotent")]
    #[test]
    fn the_claim_is_that_of_the_last_call() {
        let limit = |secs| Layer::from(TimeoutPolicy::new(Duration::from_secs(secs)));
        let of = |secs: u64| (secs > 0).then(|| Claim::new().ttl(Duration::from_secs(secs)));
        let last = LastRun::new();
        for (claim, secs) in [
            (1, 1),
            (0, 1),
            (1, 1),
            (1, 2),
            (0, 2),
            (2, 1),
            (0, 1),
            (2, 2),
        ] {
            let run = RunUnder {
                claim: of(claim),
                layers: [limit(secs)].into(),
            };
            match &run.claim {
                Some(claim) => last.note_claimed(claim, &run.layers),
                None => last.note(&run.layers),
            }
            assert_eq!(last.get(), run);
        }
    }
}
