//! The contract of a store of idempotency records: one method for each step of the protocol.
//!
//! Implement [`Store`] to build a store of your own. The `conformance` suite (feature `test-util`)
//! tests whether it keeps this contract.
//!
//! # The record
//!
//! A store keeps at most one record under a [`RecordKey`]: 32 bytes that say nothing of the user's
//! key. A record is *Pending* (claimed) or *Done*. It holds:
//!
//! * the [`Token`] of the last claim, and its fence;
//! * the [`Fingerprint`], if there is one;
//! * whether a claim was made under [`OnAbandon::Indeterminate`];
//! * the end of the lease, and the end of the record's life, its *expiry*;
//! * when it is Done, the outcome that was [`Recorded`].
//!
//! These words are used of records and stores:
//!
//! * **Live**: Pending, and its lease has not ended. **Dead**: Pending, and its lease has ended.
//! * **Expired**: past its expiry, and not live. For a claim and for the steps by hand an expired
//!   record means the same as no record. A store may remove a record once it is expired, and not
//!   before: a dead claim is kept until its expiry in both modes, since its owner may still renew
//!   or complete it. An owner's step on its own expired record may be answered either way, as long
//!   as nobody has claimed the key since.
//! * **Clock**: the store's own, never the caller's. A caller hands over spans, never instants.
//! * **Fence**: made by the store, above every fence that it ever gave for this key, also if the
//!   record was removed in between. A counter of the whole store does that, if it is kept as long
//!   as the store's records.
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
//! The lines are read from the top, and the first one that fits counts: a claim with another
//! fingerprint is `KeyReused`, whatever its token. A step is atomic, whatever other steps are taken
//! at the same time: two claims that meet have one winner.
//!
//! # Lost answers
//!
//! A step may end in a [`StoreError`], in a timeout, or in no answer. It then took effect once or
//! not at all, and may be sent again with the very same arguments. Sent again, `claim`, `renew`,
//! `complete` and `abandon` give the answer that was lost; `release`, `resolve` and `forget` may
//! answer that there is nothing left to change.

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
/// The future of a step may be dropped at any await: the step then took effect once or not at all.
/// A store need not bound the time of a step, since the call bounds it by its lease.
pub trait Store: Send + Sync + 'static {
    /// Returns the name of the store for errors, events and logs, such as `"sqlite"`. It must hold
    /// no address and no secret.
    fn describe(&self) -> &str;

    /// Returns whether the records are still there when this process is gone. If so, every site on
    /// the store must have a `name`, since keys under a function's own name would change with it.
    fn outlives_process(&self) -> bool;

    /// Checks the store's own settings, and returns one sentence for each that endangers its
    /// records. A sentence must hold no address and no secret. By default there is none.
    ///
    /// The check is made once, before the first step. Each sentence is told as an event; with
    /// `strict`, calls are refused if there is any.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store can't be asked. The check is then made again before the next
    /// call.
    fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Claims the key for `request.token`.
    ///
    /// On a record that is not expired, the first of these that fits gives the answer:
    ///
    /// 1. both it and the request have a fingerprint, and they differ: [`ClaimAnswer::KeyReused`];
    ///    if one side has none, nothing is compared;
    /// 2. it is Done: [`ClaimAnswer::Done`], with what was recorded, byte for byte;
    /// 3. its token is the request's: [`ClaimAnswer::Claimed`] with its fence, `taken_over: false`;
    ///    its lease is **not** moved on, even if it has ended;
    /// 4. it is live: [`ClaimAnswer::Busy`];
    /// 5. it is dead, and it or the request is `indeterminate`: [`ClaimAnswer::Indeterminate`];
    /// 6. it is dead: it gets the request's token, a new fence, a new lease and expiry, and the
    ///    request's fingerprint if there is one (otherwise it keeps its own): `Claimed`,
    ///    `taken_over: true`.
    ///
    /// If there is no record, or an expired one, the store makes a new record from the request,
    /// with a new fence, and answers `Claimed`, `taken_over: false`. A new lease ends
    /// `request.lease` from now, a new expiry is `request.ttl` from now.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows whether the claim took effect. The same token may claim again.
    fn claim<'a>(
        &'a self,
        key: &'a RecordKey,
        request: &'a ClaimRequest,
    ) -> BoxFuture<'a, StoreResult<ClaimAnswer>>;

    /// Moves the end of the lease to `lease` from now, and the expiry to `ttl` from now, if the key
    /// is Pending for `token`: the heartbeat. Otherwise answers [`Ack::LeaseLost`].
    ///
    /// A lease that has ended or was abandoned is renewed too, as long as nobody has taken over.
    /// The fence never changes.
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

    /// Makes a record that is Pending for `token` Done with `recorded`, to be kept for `ttl` from
    /// now. Its lease may have ended.
    ///
    /// A record that is Done by the same token already stays as it is, whatever `recorded` is: the
    /// answer is [`Ack::Ok`]. Any other key is answered [`Ack::LeaseLost`], and nothing is written.
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

    /// Removes a record that is Pending for `token`, since nothing was done under the claim. Any
    /// other key is answered [`Ack::LeaseLost`].
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows whether it took effect. If it did, it is answered `LeaseLost`
    /// when it is sent again.
    fn release<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>>;

    /// Ends the lease of a record that is Pending for `token` now; its expiry stays. If the lease
    /// has ended already, nothing changes, and the answer is [`Ack::Ok`]. Any other key is answered
    /// [`Ack::LeaseLost`].
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows whether it took effect. It may be sent again.
    fn abandon<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>>;

    /// Returns the state of the key; `None` if there is no record or it is expired. It is for
    /// people and for tests: no call depends on it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store can't be asked.
    fn lookup<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<Snapshot>>>;

    /// Ends a dead claim by hand, once somebody has found out what became of the work under it.
    ///
    /// * The record is dead: [`Resolution::Free`] removes it. [`Resolution::Done`] makes it Done with
    ///   a new fence and the resolution's own token, so that the owner that vanished gets `LeaseLost`
    ///   if it comes back. The answer is [`ByHand::Changed`].
    /// * It is Done by the resolution's token, since the step is sent again: `Changed`. The record
    ///   stays as it is.
    /// * It is live: [`ByHand::Busy`]. It is Done by another token: [`ByHand::Done`]. There is no
    ///   record or an expired one: [`ByHand::Absent`]. Nothing changes.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows whether it took effect. It may be sent again.
    fn resolve<'a>(
        &'a self,
        key: &'a RecordKey,
        resolution: &'a Resolution,
    ) -> BoxFuture<'a, StoreResult<ByHand>>;

    /// Removes a record that is Done or dead: [`ByHand::Changed`]. A live one stays:
    /// [`ByHand::Busy`]. If there is no record or an expired one: [`ByHand::Absent`].
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

/// Forwards every step to the store in the `Arc`.
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
