//! Faults that `cargo check` does not find, as rustc evaluates an inline const of a generic function only
//! when it generates code. All other faults are in the folder above.
//!
//! trybuild runs `cargo build` only for a group with a program in it: `a_constant_of_each_type.rs`.

#[path = "../compiler.rs"]
mod compiler;

#[test]
fn codegen() {
    compiler::assert_pinned();
    let cases = trybuild::TestCases::new();
    cases.compile_fail("*/fail/*.rs");
    cases.pass("*/pass/*.rs");
}
