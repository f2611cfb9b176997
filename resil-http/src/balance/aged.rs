//! A client of reqwest that is replaced when it is too old, and with it all its connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use resil_runtime::{clock, edge};

/// After a client could not be made anew, the old one is used this long before the next try.
const AGAIN_MS: u64 = 1_000;

#[derive(Debug, Default)]
pub(super) struct Aged {
    made: ArcSwapOption<Made>,
    is_renewing: AtomicBool,
    renewals: AtomicU64,
}

#[derive(Debug)]
struct Made {
    client: reqwest::Client,
    /// The time at which it is too old, in milliseconds; `u64::MAX` for never.
    until_ms: u64,
}

impl Aged {
    /// Returns the client; `make` makes it if there is none, or if it is older than `max_age`. Of those who ask
    /// meanwhile none waits: they have the old one.
    ///
    /// # Errors
    ///
    /// Returns the error of `make` where there is no client. An old one that can't be replaced stays.
    pub(super) fn client(
        &self,
        max_age: Option<Duration>,
        make: impl FnOnce() -> reqwest::Result<reqwest::Client>,
    ) -> reqwest::Result<reqwest::Client> {
        let made = self.made.load();
        let Some(old) = &*made else {
            let first = Arc::new(Made::new(make()?, max_age));
            // Of two that are made at once the first is kept.
            let before = self
                .made
                .compare_and_swap(&None::<Arc<Made>>, Some(Arc::clone(&first)));
            return Ok(before
                .as_ref()
                .map_or(&first, |before| before)
                .client
                .clone());
        };
        if old.until_ms == u64::MAX || clock::now_ms() < old.until_ms {
            return Ok(old.client.clone());
        }
        if self.is_renewing.swap(true, Ordering::Acquire) {
            return Ok(old.client.clone());
        }
        let _renewing = Renewing(&self.is_renewing);
        let new = match make() {
            Ok(client) => {
                self.renewals.fetch_add(1, Ordering::Relaxed);
                Made::new(client, max_age)
            }
            Err(_) => Made {
                client: old.client.clone(),
                until_ms: clock::now_ms().saturating_add(AGAIN_MS),
            },
        };
        let client = new.client.clone();
        self.made.store(Some(Arc::new(new)));
        Ok(client)
    }

    pub(super) fn renewals(&self) -> u64 {
        self.renewals.load(Ordering::Relaxed)
    }
}

impl Made {
    /// Up to a tenth sooner, at random: the clients of a fleet must not all connect at once.
    fn new(client: reqwest::Client, max_age: Option<Duration>) -> Self {
        let until_ms = max_age.map_or(u64::MAX, |age| {
            let age = clock::nanos(age) / 1_000_000;
            let age = age - edge::random_up_to(age / 10);
            clock::now_ms().saturating_add(age)
        });
        Self { client, until_ms }
    }
}

/// Ends a renewal, also one that panics.
struct Renewing<'a>(&'a AtomicBool);

impl Drop for Renewing<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
