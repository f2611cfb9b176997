//! The store in the memory of this process.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    BoxFuture, LimitKey, LimitState, LimitStore, StoreError, StoreResult, TakeAnswer, TakeRequest,
};
use crate::clock;

/// The most keys that owe something at the same time.
const MOST_KEYS: usize = 100_000;

/// A store in the memory of this process, on tokio's clock: for tests of functions whose limits are
/// counted over all hosts elsewhere. Clones share what they count.
///
/// It has room for 100,000 keys that owe something; beyond that, new keys get an error.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<HashMap<[u8; 32], LimitState>>>);

impl Memory {
    /// Makes a store that has counted nothing.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], LimitState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_now(&self, key: &LimitKey, request: &TakeRequest) -> StoreResult<TakeAnswer> {
        let mut all = self.lock();
        let now = clock::now_ns() / 1_000;
        let kept = all.get(key.hash()).copied();
        if kept.is_none() && all.len() >= MOST_KEYS {
            all.retain(|_, state| {
                let passed = now.saturating_sub(state.at);
                state.owed > passed.saturating_mul(state.rate)
            });
            if all.len() >= MOST_KEYS {
                return Err(StoreError::unavailable("memory", "it is full"));
            }
        }
        let answer = request.step(kept, now);
        if let TakeAnswer::Now { state } | TakeAnswer::Turn { state, .. } = answer {
            all.insert(*key.hash(), state);
        }
        Ok(answer)
    }

    fn give_back_now(&self, key: &LimitKey, turn: LimitState, price: u64) -> bool {
        match self.lock().get_mut(key.hash()) {
            Some(state) if *state == turn => {
                state.owed = state.owed.saturating_sub(price);
                true
            }
            _ => false,
        }
    }
}

impl LimitStore for Memory {
    fn describe(&self) -> &'static str {
        "memory"
    }

    fn take<'a>(
        &'a self,
        key: &'a LimitKey,
        request: &'a TakeRequest,
    ) -> BoxFuture<'a, StoreResult<TakeAnswer>> {
        Box::pin(ready(self.take_now(key, request)))
    }

    fn give_back<'a>(
        &'a self,
        key: &'a LimitKey,
        turn: LimitState,
        price: u64,
    ) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(ready(Ok(self.give_back_now(key, turn, price))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_paid_makes_room() {
        let store = Memory::new();
        let key = |n: usize| {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_be_bytes());
            LimitKey::new(hash)
        };
        let nothing = TakeRequest::of_nothing();
        for n in 0..=MOST_KEYS {
            assert!(store.take_now(&key(n), &nothing).is_ok(), "{n}");
        }
        assert!(store.lock().len() <= MOST_KEYS);
        let hour = crate::rate_limit::RateLimitPolicy::new()
            .max(1)
            .per(std::time::Duration::from_secs(3_600));
        let hour = hour.settings().expect("a limit");
        let one = TakeRequest::new(&hour, 1, None).expect("possible");
        let owing = (0..=MOST_KEYS).map(|n| store.take_now(&key(n), &one));
        let refused = owing.filter(Result::is_err).count();
        assert_eq!(refused, 1, "all others owe an hour");
    }
}
