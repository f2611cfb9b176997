//! Lists of delays that live as long as the process, as those in a `const` do.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The number of different lists that are kept, and of delays in one.
const MOST: usize = 1_000;

/// Returns a list like `delays` that is never freed: the one that was made for an equal list before, if
/// there is one. `None` past the bound on lists, or for a list that is too long.
pub(super) fn kept(delays: &[Duration]) -> Option<&'static [Duration]> {
    static ALL: Mutex<Option<HashSet<&'static [Duration]>>> = Mutex::new(None);
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    let all = all.get_or_insert_default();
    if let Some(&list) = all.get(delays) {
        return Some(list);
    }
    if all.len() >= MOST || delays.len() > MOST {
        return None;
    }
    let list: &'static [Duration] = Box::leak(delays.into());
    all.insert(list);
    Some(list)
}
