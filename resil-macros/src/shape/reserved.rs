//! The names of the items that generated code adds to a function.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use crate::diag::{Diag, help};
use crate::stack::{Stack, StackEntry};

/// The beginning of all of them.
const PREFIX: &str = "__RESIL_";

/// Checks that neither the function nor its attributes mention such a name. Items have no hygiene: inside the function
/// an item of resil's hides one of the user's that is called the same.
pub(crate) fn check_names(stack: &Stack, item: &TokenStream, diag: &Diag) {
    let layers = stack.entries.iter().filter_map(|entry| match entry {
        StackEntry::Layer(layer) => Some(layer.args.clone()),
        _ => None,
    });
    let mut told = BTreeSet::new();
    for tokens in layers.chain([item.clone()]) {
        check(tokens, &mut told, diag);
    }
}

/// Reports each name once, where it stands first.
fn check(tokens: TokenStream, told: &mut BTreeSet<String>, diag: &Diag) {
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => check(group.stream(), told, diag),
            TokenTree::Ident(word) => {
                let name = word.to_string();
                if name.starts_with(PREFIX) && told.insert(name.clone()) {
                    let message = format!(
                        "`{name}` may be the name of an item that resil adds to the function"
                    );
                    let instead =
                        format!("write another name: those that begin with `{PREFIX}` are resil's");
                    diag.error(word, help(message, instead));
                }
            }
            _ => {}
        }
    }
}
