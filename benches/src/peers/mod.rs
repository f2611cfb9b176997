//! The peers, each used as its own docs show it, with the same settings as ours where it has them:
//! three attempts, 100 ms and doubling between them, one second.

pub(crate) mod circuit;
pub(crate) mod rate_limit;
pub(crate) mod replay;
pub(crate) mod retry;
pub(crate) mod stack;
pub(crate) mod timeout;

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const BASE: Duration = Duration::from_millis(100);
const RETRIES: u32 = 2;

/// Makes what a breaker holds live as long as the calls that borrow it.
fn forever<T>(of: T) -> &'static T {
    Box::leak(Box::new(of))
}
