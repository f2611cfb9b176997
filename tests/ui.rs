//! What the compiler says, word by word: one file per fault, its `.stderr` beside it.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the files anew; each change is to be read: the
//! caret is on the user's own token, a message says what is wrong, on what, and what to write
//! instead, and there is no second error for the first one's cause. `cargo test --test ui -- ui
//! trybuild=retry/fail/twice` runs those whose path has that text.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*/fail/*.rs");
    cases.pass("tests/ui/*/pass/*.rs");
}
