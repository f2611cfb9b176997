//! The policies: the table of them, and one folder each.
//!
//! The files of a folder have the same names everywhere: `mod` has the attribute's row and its
//! [`Policy`], `options` the table of options and the struct that they are read into, `parse` the
//! reading, `rules` the rules between the options, `expand` the code, `words` the docs. Other files
//! hold one option or one subject of that policy alone. CONTRIBUTING.md has a recipe for a new policy.

mod bulkhead;
mod circuit;
mod clones;
mod fallback;
mod hedge;
mod idempotent;
mod layer;
mod named;
mod rate_limit;
mod retry;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod timeout;
mod words;
mod worst_case;

use crate::parse::Spec;

pub(crate) use layer::{Attribute, Parsed, Policy};
pub(crate) use words::{code, without_code_spans};
pub(crate) use worst_case::WorstCase;

/// The table of policies: hands their names to the macro `$each`. Everything else that lists policies
/// is made from it. A message about an option that several policies have names the first of them.
macro_rules! policies {
    ($each:ident) => {
        $each! {
            timeout,
            retry,
            circuit,
            idempotent,
            rate_limit,
            hedge,
            fallback,
            bulkhead,
        }
    };
}
pub(crate) use policies;

macro_rules! rows {
    ($($name:ident,)*) => {
        /// The row of each policy.
        pub(crate) static POLICIES: &[&Attribute] = &[$(&$name::ATTRIBUTE,)*];

        /// The tables of options of all policies.
        pub(crate) static OPTIONS: &[&Spec] = &[$($name::ATTRIBUTE.options,)*];
    };
}
policies!(rows);

/// Finds the policy whose attribute has that name.
pub(crate) fn find(name: &str) -> Option<&'static Attribute> {
    POLICIES.iter().copied().find(|policy| policy.name == name)
}
