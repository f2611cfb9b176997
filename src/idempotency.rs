//! What `#[idempotent]` promises, and the stores that it records in.
//!
//! For one key the body's effect is wanted once, however often the function is called.
//!
//! A call makes a *claim* on its key. Who holds the claim runs the body; all others wait for its
//! result, or are told that it is in progress. What the body returned is recorded and replayed
//! until the `ttl` ends. An error that the body itself returned frees the key: it says that
//! nothing was done. An owner that vanishes (dropped, panicked, cut by a timeout, its lease
//! over) leaves an *abandoned* claim behind; [`OnAbandon`] says what that means.
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
//! Without a setting all sites use the one in memory, which claims and completes without yielding
//! (its size: [`memory_limits`]). With the feature `store`, a `Store` is wrapped in a `Shared` with
//! its settings and made the process' own by `install`, known by name by `install_named`, or
//! written into one attribute: `store = self.orders`. A site on a store that outlives the process
//! needs a `name`. What leaves the process is a SHA-256 of namespace, name and key, and with a
//! `pepper` an HMAC. [`store`] says how to build one's own, and the `conformance` suite (feature
//! `test-util`) whether it is right.
//!
//! # The hard cases
//!
//! | case | what happens, on a shared store |
//! |---|---|
//! | clocks differ | leases are counted by the store's clock alone; an owner counts its own from before it asked |
//! | a long body | a heartbeat at each third of the lease, beside the body, in the caller's task |
//! | no heartbeat gets through | the body is dropped a tenth of the lease before the lease can end: `LeaseLost` |
//! | the body blocks its thread for longer than the lease, or the process stands still | the store is asked before the body takes another step: if nobody has claimed the key since, the claim goes on and its result is recorded; else `LeaseLost` |
//! | the caller is dropped while the result is recorded | recording goes on in a task of its own; `drain` waits for all of them at shutdown |
//! | the caller is dropped before, or panics | the claim is abandoned at once; a panic goes on |
//! | the store is away at the claim | refused with `Store`, and the body does not run; `open_on_outage` lets it run unprotected, counted and told |
//! | the caller's deadline comes before the store's answer | refused with `Store`; that is no outage, and nothing opens |
//! | the answer to a claim is lost | refused, and the claim is given back as soon as the store hears it |
//! | the store is away when the result is to be recorded | tried until the lease ends; then the caller gets its value, and [`IdempotencyEvent::NotRecorded`] tells it |
//! | the result is above `max_result`, can't be encoded, or would come back as another one (NaN, `Some(())`) | done without it: replays get `NotStored`, and nothing runs again; [`IdempotencyEvent::NotRecorded`] says why |
//! | the result is of another `version` or codec, or does not decode | `Undecodable`, and nothing runs again |
//! | many wait in one process | one of them asks the store, the others wait in memory; past 1,024 a key `InProgress` |
//! | a waiter whose turn it is sits in a task that does not poll it | the next one goes after 10 ms; one that was asking the store is passed over after 5 s |
//! | many processes wait | each looks again after 5 ms, then 1.6 times as long, at most 250 ms |
//! | somebody knows what became of an `Indeterminate` key | `resolve` it, or `forget` it |
//! | the body calls something that takes a key | `current` has a key for it, and a fencing token |
//!
//! # Lease and ttl
//!
//! The lease is how long others wait for an owner that crashed: as short as that should be, and
//! some times longer than the slowest answer of the store and than a task may go unpolled: a
//! heartbeat has a fifth of it to be acknowledged. It need not be as long as the body runs. The ttl
//! is how long a key may come again: longer than every queue and every client goes on retrying.
//!
//! # Scope of a key
//!
//! Keys of two functions never meet, unless both give one `name`. In memory the name of the
//! success type is part of the scope too, so that the instances of a generic function don't replay
//! each other's results; on a shared store it is not, as it changes with the compiler: put what
//! tells the instances apart into the key.
//!
//! On a shared store the outcome is kept in the future while it is recorded: with the feature
//! `store` the future of a function whose success or error type is not `Send` is not `Send`.

pub use resil_runtime::idempotency::{
    Conflict, IdempotencyError, IdempotencyEvent, IdempotentPolicy, InstanceName, KeyFault,
    KeyPart, LimitsInUse, MemoryLimits, NotRecordedReason, OnAbandon, Recordable, RecordableError,
    Store, StoreError, memory_limits, store,
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
