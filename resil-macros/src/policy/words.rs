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

/// Returns text with code spans as plain text: what [`code`] has put between backticks, without them.
pub(crate) fn without_code_spans(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        let (before, from_fence) = rest.split_at(at);
        out.push_str(before);
        let fence = from_fence.len() - from_fence.trim_start_matches('`').len();
        let (fence, inside) = from_fence.split_at(fence);
        let Some((content, behind)) = split_at_fence(inside, fence) else {
            out.push_str(from_fence);
            return out;
        };
        // The spaces that keep a backtick from its fence.
        let content = match content.strip_prefix(' ').and_then(|c| c.strip_suffix(' ')) {
            Some(spaced) if spaced.starts_with('`') || spaced.ends_with('`') => spaced,
            _ => content,
        };
        out.push_str(content);
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Splits the text at the next run of as many backticks.
fn split_at_fence<'a>(text: &'a str, fence: &str) -> Option<(&'a str, &'a str)> {
    let mut from = 0;
    while let Some(at) = text[from..].find('`') {
        let start = from + at;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == fence.len() {
            return Some((&text[..start], &text[start + run..]));
        }
        from = start + run;
    }
    None
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
