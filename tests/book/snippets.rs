//! Runs the snippets of the book that are tests themselves, as the reader would write them: each is a
//! module of its own.

#![allow(
    clippy::disallowed_methods,
    reason = "a reader's tests read the paused clock themselves"
)]

include!(concat!(env!("OUT_DIR"), "/snippets.rs"));
