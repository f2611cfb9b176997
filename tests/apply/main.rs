//! LANGUAGE.md, section 15: `resil::stack!` and `#[resil::apply]`.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]
#![allow(
    clippy::double_parens,
    clippy::manual_assert,
    clippy::almost_swapped,
    clippy::items_after_statements,
    clippy::needless_return,
    clippy::redundant_locals,
    reason = "functions as people write them, and what macros make of them"
)]

mod crates;
mod overrides;
mod places;
mod scope;
mod state;
#[path = "../support/mod.rs"]
mod support;

// Every shape of function again, each with its attributes in a shared stack.
under_apply::under_apply! { "tests/stack/signatures/mod.rs" "tests/stack/shapes.rs" }

#[test]
fn the_shapes_are_under_shared_stacks() {
    assert!(STACKS >= 50, "{STACKS}");
}
