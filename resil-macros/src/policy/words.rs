//! Values as code spans, for the docs that policies write.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::LitStr;

use crate::emit::Setting;
use crate::parse::{Const, show};
use crate::tokens::shown_whole;

/// Puts `text` between more backticks than any run of them inside it, as Markdown requires.
pub(crate) fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or_default() + 1);
    // A backtick beside the fence would be part of it; Markdown does not show these spaces.
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Formats the user's own tokens as a code span.
pub(super) fn written(tokens: &TokenStream) -> String {
    code(&shown_whole(tokens))
}

/// Formats a duration as a code span.
pub(super) fn duration(d: &Const<Duration>) -> String {
    match d.literal() {
        Some(d) => code(&show(*d)),
        None => written(d.tokens()),
    }
}

/// Formats the user's `policy` and the options that depart from it: `as P says, but ..`.
pub(super) fn departing(policy: &TokenStream, options: &[String]) -> String {
    let but = if options.is_empty() { "" } else { ", but " };
    format!("as {} says{but}{}", written(policy), options.join(", "))
}

/// Describes which state a layer has: that of a name, and one for each key.
pub(super) fn which(name: Option<&LitStr>, key: Option<&TokenStream>) -> String {
    let name = name.map_or_else(String::new, |n| format!(" {}", code(&n.value())));
    let per_key = key.map_or_else(String::new, |k| format!(", one for each {}", written(k)));
    format!("{name}{per_key}")
}

/// Formats the settings that are written.
pub(super) fn departures(settings: &[Setting<'_>]) -> Vec<String> {
    settings
        .iter()
        .map(|setting| code(&setting.written()))
        .collect()
}
