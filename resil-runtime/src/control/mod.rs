//! Settings that are changed while the program runs: policies are switched off and on, and their numbers
//! changed, by hand, by a file, and by the environment.
//!
//! Each annotated function has one atomic pointer to the settings in force. A call loads it once, at its
//! beginning, and keeps what it has found to its end: it sees all of a change or nothing. Where nothing is
//! changed the pointer is null, and the call uses the constants that its attributes have written. Breakers,
//! bulkheads, rate limits and named budgets belong to names, and their settings are replaced there.
//!
//! From the bottom up: `written` has the layers of a function, `setting` one change of them with its
//! `origin`; `text`, `file` and `environment` read changes; `apply` and `settle` put them on top of what is
//! written and check the outcome by the rules of the attributes; `steering` holds them all, `late` leaves out
//! what a function that comes later can't have, and `named` hands them to names; `operations`, `handle` and
//! `begin` are the ways in.

mod apply;
mod begin;
mod beside;
#[cfg(feature = "chaos")]
mod chaos;
mod effect;
mod environment;
#[cfg(feature = "chaos")]
mod faults;
mod file;
mod force;
mod handle;
pub(crate) mod in_force;
#[cfg(feature = "chaos")]
pub(crate) mod inject;
mod last_ok;
mod late;
mod named;
mod names;
mod operations;
mod origin;
mod probe;
mod setting;
mod settle;
pub(crate) mod site;
mod spelling;
mod states;
mod steering;
pub(crate) mod switch;
mod tell;
mod text;
mod unused;
mod variables;
mod watch;
pub(crate) mod written;

pub use self::handle::{AllControl, Control, FunctionControl, NameControl, control};
pub use self::in_force::{LayerInForce, OptionInForce};
pub use self::origin::{ControlError, ControlFault, Origin};
pub use self::watch::Watching;
