//! Shared stacks: `stack!` defines one, `#[apply]` puts its layers on a function.
//!
//! Only name resolution leads from the name of a stack to its tokens, so a stack is a
//! `macro_rules!`, which the name is a `use` of. It takes part in three steps:
//!
//! 1. `define` checks the stack as far as it can be checked without a function, and writes the macro.
//! 2. When all attributes of a function are gathered and one of them is an `#[apply]`, `call` writes
//!    a call of that macro, with the function and its pending attribute as the argument.
//! 3. The macro hands its layers and that argument on to `resolve`. It puts the layers into the pending
//!    attribute (`beside` puts the options into them that stand beside the name), which then
//!    expands as if they had been written on the function.

mod beside;
mod call;
mod define;
mod definition;
mod hidden;
mod reference;
mod resolve;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use call::call;
pub(crate) use define::define;
pub(crate) use resolve::resolve;
