//! Waiting until nothing is left of the work under a shutdown.

use std::time::Duration;

use super::work::{Remaining, Work};
use crate::clock;

/// The pauses between two looks: the first one, and the longest.
const FIRST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(10);

/// Waits until nothing of `work` is left, at most `limit`, and returns what is left then.
///
/// It looks now and then. If each end of a call had to look whether somebody waits for it, all calls
/// would pay for the few of a shutdown.
pub(super) async fn drained(work: &Work, limit: Duration) -> Remaining {
    let end = clock::add(clock::now(), limit);
    let mut pause = FIRST;
    loop {
        let left = work.left();
        let now = clock::now();
        if left.is_empty() || now >= end {
            return left;
        }
        clock::sleep_until(clock::add(now, pause).min(end)).await;
        pause = (pause * 2).min(LONGEST);
    }
}
