//! The calls of this process as metrics, over the crate [`metrics`](::metrics): whatever exporter is
//! installed gets them.
//!
//! A counter of the facade is one word that all threads write. So calls count on their own lines, and a
//! thread hands the sums on once a second, from the first call of a function on. [`publish`] does it at
//! once: call it before you scrape, or in a test. A recorder that is installed later gets everything that
//! was counted before.
//!
//! | metric | kind | labels | |
//! |---|---|---|---|
//! | `resil_calls_total` | counter | `function`, `outcome` | calls that have ended, by outcome: `ok`, `error`, `timeout`, `refused`, `replayed`, `fallback`, `cancelled`, `dropped`, `panicked` |
//! | `resil_attempts_total` | counter | `function` | runs of the body that have begun |
//! | `resil_retries_stopped_total` | counter | `function`, `reason` | failed attempts that no other followed: `exhausted`, `final`, `within`, `deadline`, `budget`, `asked_longer`, `nested`, `cancelled`, `shutdown` |
//! | `resil_timeouts_total` | counter | `function` | limits that have passed, over an attempt or a whole call |
//! | `resil_refusals_total` | counter | `policy`, `name` | calls that were refused, by `circuit`, `bulkhead`, `rate_limit` or `idempotent`; those of all keys of a name together |
//! | `resil_replays_total` | counter | `function` | calls that returned the outcome of an earlier one |
//! | `resil_circuit_state` | gauge | `name` | 0 closed, 1 half-open, 2 open, 3 forced open, 4 disabled |
//! | `resil_circuit_keys` | gauge | `name`, `state` | how many breakers of keys are in a state, of each name that has keys |
//! | `resil_in_flight` | gauge | `function` | calls that have begun and not ended |
//! | `resil_queued` | gauge | `name` | calls that wait for a place in a bulkhead, those of all keys of a name together |
//! | `resil_budget_tokens` | gauge | `name` | tokens left in a retry budget, from its first retry on; of a function without a named budget under the name of the function |
//! | `resil_call_seconds` | histogram | `function` | times of calls, from the first poll to the outcome, within 1.6 % |
//!
//! Functions are the annotated ones by their paths, stacks by their names, and policies that are run as
//! values by their places in the source. No label comes from a key, an argument or an error.

mod global;
mod names;
mod record;

pub use self::global::publish;
pub(in crate::observe) use self::global::start;
