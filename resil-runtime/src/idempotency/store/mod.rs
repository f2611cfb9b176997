//! The contract of a store of idempotency records: one method for each step of the protocol.
//!
//! Implement [`Store`] to build a store of your own; the `conformance` suite (feature `test-util`)
//! says whether it is right.
//!
//! # The record
//!
//! A store keeps at most one record under a [`RecordKey`]: 32 bytes that say nothing of the user's
//! key. A record is *Pending* (claimed) or *Done*, and holds: the [`Token`] of who claimed last,
//! the fence, the [`Fingerprint`] if there is one, whether a claim was made under
//! [`OnAbandon::Indeterminate`], the end of the lease, the end of its life
//! (*expiry*), and when it is Done, what was [`Recorded`].
//!
//! * **Live**: Pending, and its lease has not ended. **Dead**: Pending, and it has.
//! * **Expired**: past its expiry, and not live. It means the same as no record at all for a claim
//!   and for all that is done by hand. A store may remove it then, and not before: a dead claim is
//!   kept until its expiry in both modes, as its own owner may still renew or complete it. An
//!   owner's step on its own record that has expired may be answered either way, as long as nobody
//!   has claimed the key since.
//! * **Clock**: the store's own, never the caller's. A caller hands over spans, never instants.
//! * **Fence**: made by the store, above every fence that it ever gave for this key, also if the
//!   record was removed in between: a counter of the whole store, kept as long as its records.
//!
//! # The steps
//!
//! ```text
//! absent/expired   claim(tok, fp)      -> Pending(tok, fence+1)   Claimed
//! Pending, Done    claim, other fp     -> unchanged               KeyReused
//! Pending(tok)     claim(tok) again    -> unchanged               Claimed, the same fence
//! Pending, live    claim               -> unchanged               Busy(left)
//! Pending, dead    claim               -> Pending(tok', fence+1)  Claimed; or, under indeterminate,
//!                                         unchanged               Indeterminate
//! Done             claim               -> unchanged               Done(recorded)
//! Pending(tok)     renew(tok)          -> lease and expiry moved  Ok; else LeaseLost
//! Pending(tok)     complete(tok)       -> Done                    Ok; Done(tok): Ok again;
//!                                                                 any other: LeaseLost
//! Pending(tok)     release(tok)        -> absent                  Ok; else LeaseLost
//! Pending(tok)     abandon(tok)        -> lease ends now          Ok; else LeaseLost
//! dead             resolve             -> absent, or Done         Changed
//! dead, Done       forget              -> absent                  Changed
//! ```
//!
//! The lines are read from the top: a claim with another fingerprint is `KeyReused` whoever makes
//! it. A step takes place at once and as a whole or not at all, whatever else is asked at the same
//! time: two claims that meet have one winner.
//!
//! # Lost answers
//!
//! A step that was answered by a [`StoreError`], by a timeout or by nothing took effect once or not
//! at all, and may be sent again with the very same arguments. The second answer of `claim`,
//! `renew`, `complete` and `abandon` is the one that was lost; that of `release`, `resolve` and
//! `forget` may be that there is nothing (left) to change.

mod answer;
mod memory;
mod record;
mod steps;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use crate::error::store::{StoreError, StoreErrorKind};
pub use answer::{Ack, ByHand, ClaimAnswer, Resolution, Snapshot};
pub use memory::Memory;
pub use record::{ClaimRequest, Fingerprint, OnAbandon, Outcome, RecordKey, Recorded, Token};

/// The future that each step of a [`Store`] returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The answer to a step of a [`Store`], or why there is none.
pub type StoreResult<T> = Result<T, StoreError>;

/// A store of idempotency records. The [module](self) describes the record, the table of its
/// states, and the steps that may be sent again.
///
/// Futures may be dropped at any await: a step that was dropped took effect once or not at all.
/// They need not bound their time: the call does that, by its lease.
pub trait Store: Send + Sync + 'static {
    /// The name of the store in errors, events and logs: `"sqlite"`. No address, no secret.
    fn describe(&self) -> &str;

    /// Whether its records are still there when this process is gone. If so, every site that
    /// uses it must have a `name`: a rename of the function would change its keys.
    fn outlives_process(&self) -> bool;

    /// Looks at the store's own settings, once, before the first step: what is said here is
    /// reported as an event, or with `strict` refused. One sentence each, no address, no secret.
    ///
    /// # Errors
    ///
    /// If the store can't be asked; it is asked again before the next step.
    fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Claims the key for `request.token`.
    ///
    /// In this order, on a record that is not expired:
    ///
    /// 1. both it and the request have a fingerprint, and they differ: [`ClaimAnswer::KeyReused`];
    ///    a side that has none doesn't ask;
    /// 2. it is Done: [`ClaimAnswer::Done`], with what was recorded, byte for byte;
    /// 3. its token is the request's: [`ClaimAnswer::Claimed`] with its fence, `taken_over: false`;
    ///    its lease is **not** moved on, even if it has ended;
    /// 4. it is live: [`ClaimAnswer::Busy`];
    /// 5. it is dead, and it or the request is `indeterminate`: [`ClaimAnswer::Indeterminate`];
    /// 6. it is dead: it gets the request's token, a new fence, the request's fingerprint if that
    ///    has one (and keeps its own else), a new lease and expiry: `Claimed`, `taken_over: true`.
    ///
    /// With no record, or an expired one: a new record of all that the request says, with a new
    /// fence: `Claimed`, `taken_over: false`. Lease and expiry end `lease` and `ttl` from now.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows whether it took effect. The same token may claim again.
    fn claim<'a>(
        &'a self,
        key: &'a RecordKey,
        request: &'a ClaimRequest,
    ) -> BoxFuture<'a, StoreResult<ClaimAnswer>>;

    /// The heartbeat: moves the lease to `lease` and the expiry to `ttl` from now, if the key is
    /// Pending for `token`; a lease that has ended, or was abandoned, too, as long as nobody took
    /// over. Never shortens anything else, never changes the fence.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows whether it took effect. It may be sent again.
    fn renew<'a>(
        &'a self,
        key: &'a RecordKey,
        token: Token,
        lease: Duration,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>>;

    /// Makes a Pending of `token` Done with `recorded`, to be kept for `ttl` from now. Its lease
    /// may have ended. Done by the same token already: [`Ack::Ok`], and nothing changes, whatever
    /// `recorded` is. Anything else: [`Ack::LeaseLost`], and nothing is written.
    ///
    /// A bounded store that has no room for the body records [`Outcome::NotStored`] in its place
    /// and answers [`Ack::NoRoom`].
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows whether it took effect. It may be sent again.
    fn complete<'a>(
        &'a self,
        key: &'a RecordKey,
        token: Token,
        recorded: &'a Recorded,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>>;

    /// Removes a Pending of `token`: nothing was done. Anything else: [`Ack::LeaseLost`].
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows whether it took effect. Sent again it may be `LeaseLost`, and
    /// mean that it did.
    fn release<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>>;

    /// Ends the lease of a Pending of `token` now; its expiry stays. Anything else:
    /// [`Ack::LeaseLost`]. On one whose lease has ended: [`Ack::Ok`], and nothing changes.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows whether it took effect. It may be sent again.
    fn abandon<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>>;

    /// Returns the state of the key, for people and for tests: nothing is decided by it. `None` if there is no
    /// record or it is expired.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store can't be asked.
    fn lookup<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<Snapshot>>>;

    /// Ends a dead claim by hand: somebody has found out what became of it.
    ///
    /// * dead: [`Resolution::Free`] removes it; [`Resolution::Done`] makes it Done with a new
    ///   fence and the resolution's own token, so that the owner that vanished gets `LeaseLost`
    ///   if it comes back: [`ByHand::Changed`];
    /// * Done by the resolution's token: `Changed`, and nothing changes: it was sent again;
    /// * live: [`ByHand::Busy`]; Done otherwise: [`ByHand::Done`]; no record or an expired one:
    ///   [`ByHand::Absent`]. Nothing changes.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows whether it took effect. It may be sent again.
    fn resolve<'a>(
        &'a self,
        key: &'a RecordKey,
        resolution: &'a Resolution,
    ) -> BoxFuture<'a, StoreResult<ByHand>>;

    /// Removes a record that is Done or dead: [`ByHand::Changed`]. Live: [`ByHand::Busy`], and
    /// nothing changes. No record or an expired one: [`ByHand::Absent`].
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows whether it took effect. It may be sent again.
    fn forget<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<ByHand>>;
}

macro_rules! forward {
    ($this:ident, $step:ident, $($arg:ident),*) => {
        (**$this).$step($($arg),*)
    };
}

/// A shared store is a store.
impl<S: Store + ?Sized> Store for std::sync::Arc<S> {
    fn describe(&self) -> &str {
        (**self).describe()
    }

    fn outlives_process(&self) -> bool {
        (**self).outlives_process()
    }

    fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        (**self).check()
    }

    crate::__store_steps!(forward);
}
