//! The `# Resilience` section that a documented function gets: its stack in words, and its worst
//! case.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Meta};

use crate::facts::Facts;
use crate::input::Input;
use crate::policy::{Policy, WorstCase};

mod decided;
mod described;
#[cfg(test)]
mod tests;

pub(crate) use described::{Described, DescribedLayer, described};

/// Returns the section as a doc attribute, if the function has docs at all. `policies` and their
/// `facts` are outermost first.
pub(crate) fn section(input: &Input, policies: &[Box<dyn Policy>], facts: &[Facts]) -> TokenStream {
    if !input.attrs.iter().any(is_docs) {
        return TokenStream::new();
    }
    let decided = decided::sentence(input, facts).map_or_else(String::new, |s| s + "\n\n");
    let text = format!(
        "\n# Resilience\n\nThe policies around the body, outermost first:\n\n{}\n\n{decided}{}",
        lines(policies),
        worst_case(policies).sentence()
    );
    quote!(#[doc = #text])
}

/// Returns the section of the shared stack `name`.
pub(crate) fn stack_section(name: &str, policies: &[Box<dyn Policy>]) -> String {
    format!(
        "\n# Resilience\n\nThe policies of `#[resil::apply({name})]`, outermost first:\n\n{}\n\n{}",
        lines(policies),
        worst_case(policies).sentence()
    )
}

/// Formats a numbered line for each layer.
fn lines(policies: &[Box<dyn Policy>]) -> String {
    let lines = policies.iter().enumerate();
    let lines = lines.map(|(i, policy)| format!("{}. {}", i + 1, policy.words()));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the worst case of the layers.
fn worst_case(policies: &[Box<dyn Policy>]) -> WorstCase {
    // From the inside out, as each layer limits or repeats what is inside it.
    policies
        .iter()
        .rev()
        .fold(WorstCase::default(), |inside, policy| {
            policy.worst_case(inside)
        })
}

/// Whether the attribute is a doc comment, that is `#[doc = ".."]`. A list such as `#[doc(hidden)]`
/// does not document the function, and a section beside it would silence `missing_docs`. rustc has
/// already replaced each `cfg_attr` by `#[doc]` or by nothing.
fn is_docs(attr: &Attribute) -> bool {
    matches!(&attr.meta, Meta::NameValue(doc) if doc.path.is_ident("doc"))
}
