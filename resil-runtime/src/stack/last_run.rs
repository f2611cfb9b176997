//! The layers that the calls of one name, or of one place in the source, have run under last.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::layer::Layer;

/// The layers of the last call. Calls under the layers of the first one, as those of a `static` are, take
/// no lock.
#[derive(Debug)]
pub(crate) struct LastRun {
    first: OnceLock<Box<[Layer]>>,
    /// Whether the last call had others: a stack that was built again from a new configuration.
    has_others: AtomicBool,
    others: Mutex<Box<[Layer]>>,
}

impl LastRun {
    pub(super) fn new() -> Self {
        Self {
            first: OnceLock::new(),
            has_others: AtomicBool::new(false),
            others: Mutex::default(),
        }
    }

    /// Notes that a call runs under `layers`.
    pub(super) fn note(&self, layers: &[Layer]) {
        if **self.first.get_or_init(|| layers.into()) == *layers {
            if self.has_others.load(Relaxed) {
                self.has_others.store(false, Relaxed);
            }
            return;
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if **others != *layers {
            *others = layers.into();
        }
        self.has_others.store(true, Relaxed);
    }

    /// Returns the layers of the last call.
    pub(crate) fn layers(&self) -> Box<[Layer]> {
        if self.has_others.load(Relaxed) {
            let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
            return others.clone();
        }
        self.first.get().cloned().unwrap_or_default()
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
        assert!(last.layers().is_empty());
        for secs in [&[3, 1][..], &[3, 1], &[2], &[4, 3], &[3, 1], &[2]] {
            last.note(&limits(secs));
            assert_eq!(*last.layers(), *limits(secs));
        }
    }
}
