//! The table of options of each attribute that configuration knows too.

pub mod aliases;
pub mod bulkhead;
pub mod circuit;
pub mod hedge;
pub mod idempotent;
pub mod rate_limit;
pub mod retry;
pub mod timeout;
