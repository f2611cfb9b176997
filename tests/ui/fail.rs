//! The compiler's messages, word by word: one file a fault, its `.stderr` beside it.
//!
//! `TRYBUILD=overwrite cargo test -p ui --test fail` writes the files anew; each change is to be
//! read: the caret is on the user's own token, a message says what is wrong, on what, and what to
//! write instead, and there is no second error for the first one's cause.
//! `cargo test -p ui --test fail -- fail trybuild=retry/fail/twice` runs the cases whose path has
//! that text.
//!
//! No program of this group passes, so that trybuild checks all of it in one run of `cargo check`.
//! Faults that only `cargo build` finds are in `codegen/`.

mod compiler;

#[test]
fn fail() {
    compiler::assert_pinned();
    let cases = trybuild::TestCases::new();
    cases.compile_fail("*/fail/*.rs");
}
