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
    /// Those of all that are counted together.
    renewals: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Made {
    client: reqwest::Client,
    /// The time at which it is too old, in milliseconds; `u64::MAX` for never.
    until_ms: u64,
}

impl Aged {
    /// Creates another one, without a client yet, whose renewals count with those of this one.
    pub(super) fn counted_together(&self) -> Self {
        Self {
            renewals: Arc::clone(&self.renewals),
            ..Self::default()
        }
    }

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
        self.with(max_age, clock::now_ms, make, reqwest::Client::clone)
    }

    /// Returns what `of` makes of the client, which is not cloned for it; otherwise as [`client`](Self::client).
    /// `now_ms` returns the time.
    ///
    /// # Errors
    ///
    /// Those of [`client`](Self::client).
    pub(super) fn with<T>(
        &self,
        max_age: Option<Duration>,
        now_ms: impl FnOnce() -> u64,
        make: impl FnOnce() -> reqwest::Result<reqwest::Client>,
        of: impl FnOnce(&reqwest::Client) -> T,
    ) -> reqwest::Result<T> {
        let made = self.made.load();
        let Some(old) = &*made else {
            let first = Arc::new(Made::new(make()?, max_age));
            // Of two that are made at once the first is kept.
            let before = self
                .made
                .compare_and_swap(&None::<Arc<Made>>, Some(Arc::clone(&first)));
            let kept = before.as_ref().unwrap_or(&first);
            return Ok(of(&kept.client));
        };
        if old.until_ms == u64::MAX || now_ms() < old.until_ms {
            return Ok(of(&old.client));
        }
        if self.is_renewing.swap(true, Ordering::Acquire) {
            return Ok(of(&old.client));
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
        let out = of(&new.client);
        self.made.store(Some(Arc::new(new)));
        Ok(out)
    }

    /// Returns how often a client was replaced, of all that are counted together.
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

#[cfg(test)]
mod tests {
    use super::*;

    const AGE: Option<Duration> = Some(Duration::from_secs(100));

    fn good() -> reqwest::Result<reqwest::Client> {
        reqwest::Client::builder().build()
    }

    fn bad() -> reqwest::Result<reqwest::Client> {
        reqwest::Client::builder().user_agent("\n").build()
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_made_once_and_again_when_it_is_too_old() {
        let aged = Aged::default();
        assert!(aged.client(AGE, bad).is_err(), "there is no other one");
        aged.client(AGE, good).unwrap();
        let advance = async |secs| tokio::time::advance(Duration::from_secs(secs)).await;
        advance(89).await;
        aged.client(AGE, || unreachable!("at least nine tenths of the age"))
            .unwrap();
        advance(12).await;
        aged.client(AGE, good).unwrap();
        assert_eq!(aged.renewals(), 1);
        aged.client(AGE, || unreachable!("it is new")).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_cannot_be_replaced_stays_and_is_tried_again_a_second_later() {
        let aged = Aged::default();
        aged.client(AGE, good).unwrap();
        tokio::time::advance(Duration::from_secs(101)).await;
        aged.client(AGE, bad).unwrap();
        aged.client(AGE, || unreachable!("not yet")).unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        aged.client(AGE, good).unwrap();
        assert_eq!(aged.renewals(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_during_a_renewal_has_the_old_one() {
        let aged = Aged::default();
        aged.client(AGE, good).unwrap();
        tokio::time::advance(Duration::from_secs(101)).await;
        let inner = || aged.client(AGE, || unreachable!("another one does"));
        aged.client(AGE, || inner().and_then(|_| good())).unwrap();
        assert_eq!(aged.renewals(), 1);
        // A panic of the one who makes it ends the renewal.
        tokio::time::advance(Duration::from_secs(101)).await;
        let panics = std::panic::AssertUnwindSafe(|| aged.client(AGE, || panic!("it fails")));
        assert!(std::panic::catch_unwind(panics).is_err());
        aged.client(AGE, good).unwrap();
        assert_eq!(aged.renewals(), 2);
    }
}
