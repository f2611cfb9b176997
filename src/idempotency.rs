//! What `#[idempotent]` promises, and the stores that it records in.
//!
//! `#[idempotent]` is for a body whose effect is wanted once for each key, however often the
//! function is called.
//!
//! A call makes a *claim* on its key. The call that holds the claim, the *owner*, runs the body.
//! All other calls with the key wait for its result, or are told that it is in progress. The value
//! that the body returns is recorded, and replayed until the `ttl` ends. An error of the body frees
//! the key: it says that nothing was done. An owner may vanish: it is dropped, it panics, an
//! attempt of it is cut by a timeout, or its lease ends. It then leaves an *abandoned* claim
//! behind, and [`OnAbandon`] says what happens to the key.
//!
//! # What is promised
//!
//! * A start is a claim; retries inside one claim are one start.
//! * [`OnAbandon::Indeterminate`]: a key is started at most once within its ttl, unless the body
//!   itself answered with an error, which says that nothing was done.
//! * [`OnAbandon::Retry`]: a key is started at least once, and at most one result is recorded.
//!   Two starts can overlap only if an owner stood still for longer than its lease.
//! * Both hold as long as the store keeps what it acknowledged.
//!
//! # The stores
//!
//! | store | keeps what it acknowledged | so, under `retry` | so, under `indeterminate` |
//! |---|---|---|---|
//! | memory, the default | until the process ends; past its [`MemoryLimits`] it forgets the oldest results first (an [`IdempotencyEvent::Evicted`] says so), claims never | double clicks and retries of one process share one result | started at most once, by this process |
//! | one that is durable, of one host (SQLite) or many (PostgreSQL) | until the record's ttl ends | processes and restarts share one result | started at most once, by all processes |
//! | one that may lose its last writes at a failover (Redis, Valkey) | but for a failover | one result, unless a failover forgot it | not promised across a failover: take a durable one |
//!
//! By default all sites use the store in memory, which claims and completes without yielding.
//! [`memory_limits`] bounds it. With the feature `store` other stores can be used. A `Store` is
//! wrapped in a `Shared`, which holds its settings, and is given to sites in one of three ways:
//! `install` gives it to all sites of the process, `install_named` to the sites with
//! `store = "name"`, and `store = self.orders` to one site.
//!
//! A site on a store that outlives the process needs a `name`. The key itself never leaves the
//! process: the store gets a SHA-256 of namespace, name and key, or with a `pepper` an HMAC. The
//! module [`store`] says how to build a store of your own, and the `conformance` suite (feature
//! `test-util`) tests it.
//!
//! # The hard cases
//!
//! | case | what happens, on a shared store |
//! |---|---|
//! | clocks differ | leases are counted by the store's clock alone; an owner counts its own from before it asked |
//! | a long body | a heartbeat renews the claim at each third of the lease, beside the body, in the caller's task |
//! | no heartbeat gets through | the body is dropped a tenth of the lease before the lease can end: `LeaseLost` |
//! | the body blocks its thread for longer than the lease, or the process stands still | the store is asked before the body takes another step: if nobody has claimed the key since, the claim goes on and its result is recorded; else `LeaseLost` |
//! | the caller is dropped while the result is recorded | recording goes on in a task of its own; `drain` waits for all of them at shutdown |
//! | the caller is dropped while the body runs, or panics | the claim is abandoned at once; a panic goes on |
//! | the store is away at the claim | refused with `Store`, and the body does not run; `open_on_outage` lets it run unprotected, counted and told |
//! | the caller's deadline comes before the store's answer | refused with `Store`; that is no outage, and nothing opens |
//! | the answer to a claim is lost | refused, and the claim is given back as soon as the store hears it |
//! | the store is away when the result is to be recorded | tried until the lease ends; then the caller gets its value, and [`IdempotencyEvent::NotRecorded`] tells it |
//! | the result is above `max_result`, can't be encoded, or would come back as another one (NaN, `Some(())`) | the key is done without a result: replays get `NotStored`, and nothing runs again; [`IdempotencyEvent::NotRecorded`] says why |
//! | the result is of another `version` or codec, or does not decode | `Undecodable`, and nothing runs again |
//! | many wait in one process | one of them asks the store, the others wait in memory; past 1,024 a key calls are refused with `InProgress` |
//! | a waiter whose turn it is sits in a task that does not poll it | the next waiter takes the turn after 10 ms; a waiter that was asking the store already is passed over after 5 s |
//! | many processes wait | each looks again after 5 ms, then 1.6 times as long, at most 250 ms |
//! | somebody knows what became of an `Indeterminate` key | `resolve` it, or `forget` it |
//! | the body calls a service that takes a key | `current` returns a key for it, and a fencing token |
//!
//! # Lease and ttl
//!
//! The lease is the time for which others wait for an owner that crashed. Make it as short as that
//! wait should be. But make it several times longer than the slowest answer of the store, and than
//! the longest time that a task goes unpolled: each try of a heartbeat has a fifth of the lease to
//! be acknowledged. It need not be as long as the body runs. The default is 30 s.
//!
//! The ttl is the time within which a key may come again. Make it longer than any queue or client
//! goes on retrying. The default is 24 h.
//!
//! # Scope of a key
//!
//! Keys of two functions never meet, unless both give one `name`. In memory the name of the success
//! type is part of the scope too, so that the instances of a generic function don't replay each
//! other's results. On a shared store it is not, as the names of types change with the compiler:
//! put a value that tells the instances apart into the key.
//!
//! On a shared store the future of a call holds the outcome while that is recorded. So with the
//! feature `store` the future of a function is not `Send` if its success or error type is not
//! `Send`.

pub use resil_runtime::idempotency::{
    CallKey, Conflict, IdempotencyError, IdempotencyEvent, IdempotentPolicy, InstanceName,
    KeyFault, KeyPart, LimitsInUse, MemoryLimits, NotRecordedReason, OnAbandon, Recordable,
    RecordableError, Store, StoreError, memory_limits, store,
};
#[cfg(feature = "test-util")]
pub use resil_stores::conformance;
#[cfg(feature = "sqlite")]
pub use resil_stores::sqlite;
#[cfg(feature = "store")]
pub use resil_stores::{
    Codec, CodecError, Current, Finding, InstallError, Json, KeyOf, Read, Shared, current, drain,
    erased_serde, forget, install, install_named, resolve,
};
#[cfg(feature = "postgres")]
pub use resil_stores::{Postgres, postgres};
#[cfg(feature = "redis")]
pub use resil_stores::{Redis, redis};
