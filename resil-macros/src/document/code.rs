//! Values as code spans: what the user wrote, whatever is in it.

use std::time::Duration;

use proc_macro2::TokenStream;

use crate::parse::{Const, DurationValue, show};
use crate::tokens::shown_whole;

/// `text` between so many backticks that none inside it ends the span, as Markdown has it.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or_default() + 1);
    // The fence and a backtick beside it would be one run; the spaces are not shown.
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// The user's own tokens.
pub(super) fn written(tokens: &TokenStream) -> String {
    code(&shown_whole(tokens))
}

pub(super) fn duration(d: &Const<Duration>) -> String {
    match d.literal() {
        Some(d) => code(&show(*d)),
        None => written(d.tokens()),
    }
}

pub(super) fn limit(d: &DurationValue) -> String {
    match d.literal() {
        Some(d) => code(&show(d)),
        None => written(d.tokens()),
    }
}
