//! Generated code is silent: each policy and the usual stack, on every kind of function, with every lint
//! denied that rustc and clippy have for it.
//!
//! These lints fire on the user's own code too: each allowance below says whose code it is for.

#![deny(
    warnings,
    unused,
    future_incompatible,
    keyword_idents,
    let_underscore,
    let_underscore_drop,
    nonstandard_style,
    refining_impl_trait,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    missing_docs,
    missing_debug_implementations,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unreachable_pub,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    redundant_lifetimes,
    unit_bindings,
    explicit_outlives_requirements,
    ambiguous_negative_literals,
    meta_variable_misuse,
    non_ascii_idents,
    unsafe_code
)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
// Of the lints that restrict, those that a user could not keep to.
#![deny(
    clippy::mem_forget,
    clippy::pub_use,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated
)]
#![allow(
    clippy::redundant_pub_crate,
    reason = "asks for what `unreachable_pub` denies"
)]

#[path = "silent/alone.rs"]
mod alone;
#[path = "silent/eight.rs"]
mod eight;
#[path = "silent/options.rs"]
mod options;
#[path = "silent/shared.rs"]
mod shared;
#[path = "silent/underscores.rs"]
mod underscores;

use std::time::Duration;

use resil::{bulkhead, circuit, fallback, hedge, idempotent, rate_limit, retry, timeout};
use underscores::{Own, Shop};

/// An error of the user's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum E {
    #[error("not yet")]
    NotYet,
    #[error("busy until later")]
    Busy,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

const LIMIT: Duration = Duration::from_secs(1);
const TRIES: u32 = 3;
const SHARE: f64 = 0.05;

async fn answer(n: u32) -> Result<u32, E> {
    tokio::task::yield_now().await;
    match n {
        0 => Err(E::NotYet),
        1 => Err(E::Busy),
        seen => Ok(seen),
    }
}

const fn asked(_: &E) -> Option<Duration> {
    None
}

const fn odd(n: u32) -> bool {
    n % 2 == 1
}

/// The usual stack, on each kind of function.
mod stacked {
    use super::*;

    /// Documented, so that the stack is put into words.
    ///
    /// # Errors
    ///
    /// Where nobody answers.
    #[idempotent(key = n)]
    #[circuit]
    #[timeout(5s)]
    #[retry(exponential, max = 3, base = 1ms, jitter)]
    #[timeout(1s)]
    pub(super) async fn plain(n: u32) -> Result<u32, E> {
        let first = answer(n).await?;
        if odd(first) {
            return Ok(first);
        }
        for i in 0..first {
            if i == 2 {
                return Ok(i);
            }
        }
        Err(E::Busy)
    }

    #[idempotent(key = n)]
    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    #[timeout(1s)]
    pub(super) async fn generic<'a, T, F>(items: &'a [T], n: u32, pick: F) -> Result<usize, E>
    where
        T: Sync,
        F: Fn(&'a T) -> bool + Send + Sync,
    {
        let _: u32 = answer(n).await?;
        items.iter().position(&pick).ok_or(E::NotYet)
    }

    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    #[timeout(1s)]
    pub(super) async fn patterns((a, b): (u32, u32), [c]: [u32; 1], _: u8) -> Result<u32, E> {
        answer(a + b + c).await
    }

    /// A client.
    #[derive(Debug, Default)]
    pub(super) struct Client {
        pub(super) seen: u32,
    }

    impl Client {
        #[idempotent(key = (self.seen, n))]
        #[circuit]
        #[timeout(5s)]
        #[retry(base = 1ms)]
        #[timeout(1s)]
        pub(super) async fn read(&self, n: u32) -> Result<u32, E> {
            Ok(self.seen + answer(n).await?)
        }

        #[circuit]
        #[timeout(5s)]
        #[retry(base = 1ms)]
        #[timeout(1s)]
        pub(super) async fn write(&mut self, n: u32) -> Result<u32, E> {
            self.seen += answer(n).await?;
            Ok(self.seen)
        }
    }

    /// A trait with a default body.
    #[async_trait::async_trait]
    pub(super) trait Dynamic: Sync {
        async fn change(&mut self, n: u32, log: &mut Vec<u32>) -> Result<u32, E>;

        #[idempotent(key = name)]
        #[circuit]
        #[timeout(5s)]
        #[retry(base = 1ms)]
        async fn provided(&self, name: String) -> Result<u32, E> {
            answer(u32::try_from(name.len()).unwrap_or(0)).await
        }
    }

    #[async_trait::async_trait]
    impl Dynamic for Client {
        #[circuit]
        #[timeout(5s)]
        #[retry(base = 1ms)]
        #[timeout(1s)]
        async fn change(&mut self, n: u32, log: &mut Vec<u32>) -> Result<u32, E> {
            log.push(n);
            self.seen += answer(n).await?;
            Ok(self.seen)
        }
    }

    /// A native trait.
    pub(super) trait Native {
        async fn native(&self, n: u32) -> Result<u32, E>;
    }

    impl Native for Client {
        #[idempotent(key = n)]
        #[circuit]
        #[timeout(5s)]
        #[retry(base = 1ms)]
        async fn native(&self, n: u32) -> Result<u32, E> {
            Ok(self.seen + answer(n).await?)
        }
    }

    #[fallback(Ok(n))]
    #[idempotent(key = n)]
    #[circuit]
    #[retry(base = 1ms)]
    pub(super) fn blocking(n: u32) -> Result<u32, E> {
        if odd(n) { Err(E::Busy) } else { Ok(n) }
    }

    #[idempotent(key = n)]
    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    #[hedge(after = 500ms)]
    #[timeout(1s)]
    pub(super) async fn hedged(n: u32, name: &str) -> Result<String, E> {
        let first = answer(n).await?;
        Ok(format!("{name} {first}"))
    }

    #[tracing::instrument(skip_all)]
    #[idempotent(key = n)]
    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    pub(super) async fn instrument_above(n: u32) -> Result<u32, E> {
        answer(n).await
    }

    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    #[tracing::instrument]
    pub(super) async fn instrument_below(n: u32) -> Result<u32, E> {
        answer(n).await
    }

    #[circuit]
    #[retry(base = 1ms)]
    #[tracing::instrument(skip_all)]
    #[timeout(1s)]
    pub(super) async fn instrument_between(n: u32) -> Result<u32, E> {
        answer(n).await
    }
}

#[tokio::test]
async fn all_of_them_run() -> Result<(), E> {
    use stacked::{Dynamic as _, Native as _};

    assert_eq!(alone::timeout_literal(2).await?, 2);
    assert_eq!(alone::timeout_const(2).await?, 2);
    assert_eq!(alone::timeout_expression(LIMIT, 2).await?, 2);
    assert_eq!(alone::retry_bare(2).await?, 2);
    assert_eq!(alone::retry_once("a".to_owned()).await?, "a");
    assert_eq!(alone::retry_full(2, vec![]).await?, 1);
    assert_eq!(alone::retry_delays(2, &mut vec![]).await?, 2);
    assert_eq!(alone::circuit_bare(2).await?, 2);
    assert_eq!(alone::circuit_full(2).await?, 2);
    assert_eq!(alone::rate_limit_bare(2).await?, 2);
    assert_eq!(alone::rate_limit_full(2).await?, 2);
    #[cfg(feature = "store")]
    {
        let limits = resil::limits::SharedLimits::new(resil::limits::Memory::new());
        assert_eq!(alone::rate_limit_store(2, &limits).await?, 2);
    }
    assert_eq!(alone::fallback_value(1).await?, 1);
    assert_eq!(alone::fallback_closure(0).await?, 7);
    assert_eq!(alone::fallback_unit(0).await?, ());
    assert_eq!(alone::fallback_block(1).await?, 8);
    assert_eq!(alone::fallback_last_ok(2).await?, 2);
    assert_eq!(stacked::blocking(2)?, 2);
    assert_eq!(stacked::blocking(1)?, 1);
    assert_eq!(alone::hedge_bare(2).await?, 2);
    assert_eq!(alone::hedge_full(2, vec![]).await?, 1);
    assert_eq!(options::copies(2).await?, 2);
    assert_eq!(stacked::hedged(2, "a").await?, "a 2");
    assert_eq!(alone::bulkhead_bare(2).await?, 2);
    assert_eq!(alone::bulkhead_full(2).await?, 2);
    assert_eq!(alone::bulkhead_adaptive(2).await?, 2);
    assert_eq!(options::bulkhead_policy(2).await?, 2);
    assert_eq!(options::bulkhead_deep(2).await?, 2);
    assert_eq!(alone::idempotent_bare(2).await?, 2);
    assert_eq!(alone::idempotent_full("u", 2, &[1]).await?, 4);
    assert_eq!(options::on_ok(2).await?, 2);
    assert_eq!(options::closures(2).await?, 2);
    assert_eq!(options::backoff(LIMIT, 2).await?, 2);
    assert_eq!(options::retry_policy(2).await?, 2);
    assert_eq!(options::numbered(2).await?, 3);
    assert_eq!(options::circuit_policy(2).await?, 2);
    assert_eq!(options::above(2).await?, 2);
    assert_eq!(options::keyed("here", 2).await?, 2);
    assert_eq!(options::limited("here", 2).await?, 2);
    assert_eq!(options::recorded(2, "a".to_owned()).await?, "a");
    assert_eq!(options::expressions(2, true, vec![]).await?, 1);
    assert_eq!(stacked::plain(3).await?, 3);
    assert_eq!(stacked::generic(&[1, 2], 2, |i| *i == 2).await?, 1);
    assert_eq!(stacked::patterns((1, 2), [3], 0).await?, 6);
    let mut client = stacked::Client::default();
    assert_eq!(client.read(2).await?, 2);
    assert_eq!(client.write(2).await?, 2);
    assert_eq!(client.change(2, &mut vec![]).await?, 4);
    assert_eq!(client.provided("four".to_owned()).await?, 4);
    assert_eq!(client.native(2).await?, 6);
    assert_eq!(stacked::instrument_above(2).await?, 2);
    assert_eq!(stacked::instrument_below(2).await?, 2);
    assert_eq!(stacked::instrument_between(2).await?, 2);
    assert_eq!(eight::plain(3).await?, 3);
    assert_eq!(eight::generic(&[1, 2], 2, |i| *i == 2).await?, 1);
    assert_eq!(eight::patterns((1, 2), [3], 0).await?, 6);
    assert_eq!(eight::blocking(1)?, 1);
    let mut all_eight = eight::Client::default();
    assert_eq!(all_eight.read(2).await?, 2);
    assert_eq!(all_eight.write(2).await?, 2);
    assert_eq!(all_eight.block(&mut vec![])?, 1);
    assert_eq!(all_eight.change(2, &mut vec![]).await?, 4);
    assert_eq!(all_eight.provided("four".to_owned()).await?, 4);
    assert_eq!(all_eight.native(2).await?, 6);
    assert_eq!(shared::plain(3).await?, 3);
    assert_eq!(shared::beside(2, vec![]).await?, 1);
    assert_eq!(shared::blocking(2)?, 2);
    let mut shared_client = shared::Client::default();
    assert_eq!(shared_client.change(2, &mut vec![]).await?, 2);
    assert_eq!(underscores::error(0).await?, 7);
    assert_eq!(underscores::attempt(2, vec![], vec![]).await?, 2);
    assert_eq!(underscores::borrowed(2, &mut 0, "").await?, 2);
    assert_eq!(underscores::copied(2, vec![]).await?, 2);
    assert_eq!(underscores::blocking(vec![], &mut 0)?, 3);
    assert_eq!(Shop::buy(&mut Own, 2, vec![], &mut 0).await?, 2);
    Ok(())
}
