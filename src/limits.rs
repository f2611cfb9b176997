//! Rate limits that are counted over all hosts: the stores of `#[rate_limit(store = ..)]`.
//!
//! ```no_run
//! use resil::limits::{SharedLimits, install_named};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(feature = "redis")]
//! install_named("shared", SharedLimits::new(resil::limits::redis("redis://127.0.0.1/")?))?;
//! # Ok(())
//! # }
//! ```
//!
//! The server may be the one that keeps the records of `#[idempotent]`: [`idempotency`](crate::idempotency)
//! and this module make the same handles, whose clones share their connections.
//!
//! # How a call is counted
//!
//! A call is one step of the store, and so one round trip. The store reads its own clock, works out whether
//! the call may come now, and counts it if so. A call that may wait takes its turn in the same step: the
//! store answers with the time until the turn, and the call sleeps that long in its own process. So in any
//! span of time `t` at most `burst + max·t/per` calls of all hosts are let in, by the clock of the store. A
//! call begins at most one round trip after it was let in, and never before.
//!
//! # The limit in the store
//!
//! It is that of the attribute's `name`, and of the `key` if there is one, in the
//! [`namespace`](SharedLimits::namespace): the store gets a SHA-256 of all three. Without a `name` it is that
//! of module path, function and line. So hosts that run another version, in which the function has moved,
//! count apart from the others: give a name to a limit that has to hold while a version is rolled out.
//!
//! `max_keys` bounds the keys of one process while the store is away. In the store a key takes room for as
//! long as its burst is not whole: Redis removes it a second later, PostgreSQL ten minutes later.
//!
//! Hosts may count one limit by different settings: each goes on from the time that is owed.
//!
//! # What comes back
//!
//! * A waiter that is dropped sends its turn back, once, in a task of its own. The store takes it back if no
//!   call of any host was let in or took a turn since; else the turn stays empty. [`drain`] waits for these
//!   tasks.
//! * A call that is dropped, or gets no answer, while the store is asked may have been counted. Then what it
//!   took stays empty.
//!
//! Both let fewer calls in, and never more.
//!
//! # When the store is away
//!
//! A call waits at most for [`timeout`](SharedLimits::timeout), and at most to the deadline in force. If the
//! store gives no answer within `timeout`, or an error, it is *away*. From then on no call waits for it: `on_outage`
//! says what happens.
//!
//! | `on_outage` | calls |
//! |---|---|
//! | `local`, the default | are counted in this process, by the same numbers, from a whole burst: `n` processes together let in up to `n` times as many |
//! | `open` | are all let in |
//! | `closed` | are refused with [`RateLimited`](crate::Error::RateLimited), whose `retry_after` is the time until the store is asked again |
//!
//! The first call after 100 ms has the store asked for a sign of life, in a task beside it. If there is none
//! within two seconds, the pause is twice as long, up to 2 s. Once the store answers, it is used again.
//! [`RateLimitStoreAway`](crate::event::Event::RateLimitStoreAway) and
//! [`RateLimitStoreBack`](crate::event::Event::RateLimitStoreBack) tell of both ends, and
//! [`outages`](SharedLimits::outages) counts the calls in between.
//!
//! A call whose own deadline comes before the answer is decided by `on_outage` too, but the store is not away for that:
//! it may only be slower than this caller's time. The question goes on in a task beside it, to the end of `timeout`, if
//! the store has answered nobody since. So a store that is gone is found to be away though all callers give up sooner.
//!
//! A name that is not installed, and a store without its table, are outages as well: the event says what is
//! missing.

pub use resil_stores::drain;
#[cfg(feature = "test-util")]
pub use resil_stores::limits::conformance;
pub use resil_stores::limits::{
    InstallError, LimitStore, Memory, OnOutage, SharedLimits, install_named, store,
};
#[cfg(feature = "postgres")]
pub use resil_stores::{Postgres, postgres};
#[cfg(feature = "redis")]
pub use resil_stores::{Redis, redis};
