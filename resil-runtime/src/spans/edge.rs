//! The events of an edge, such as an HTTP server.

use super::event::event;

/// Tells that a header of a request is ignored.
pub(super) fn tell_ignored(header: &str) {
    event!(
        WARN,
        "http",
        "header.ignored",
        "a header of a request is malformed, and ignored",
        { header }
    );
}
