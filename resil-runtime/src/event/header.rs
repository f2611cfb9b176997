//! Headers of requests that are ignored.

use super::kinds::Event;
use super::listeners::{emit, is_heard};

/// Tells listeners that a header of a request was malformed, and is ignored. Returns whether there are any.
#[cold]
pub fn tell_header_ignored(header: &str) -> bool {
    // Asked first: a listener may come or go while the others hear it.
    let is_heard = is_heard();
    if is_heard {
        emit(|| Event::HeaderIgnored {
            header: header.into(),
        });
    }
    is_heard
}
