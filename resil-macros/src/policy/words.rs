//! Values as code spans, for the docs that policies write.

use std::time::Duration;

use proc_macro2::TokenStream;

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
