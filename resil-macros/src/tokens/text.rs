//! Tokens as text for messages and docs.

use proc_macro2::TokenStream;

/// Formats the user's tokens for a message: on one line, cut off after 60 characters.
pub(crate) fn shown(tokens: &TokenStream) -> String {
    const LONGEST: usize = 60;
    let line = shown_whole(tokens);
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST).chain("..".chars()).collect()
}

/// Formats the user's tokens on one line, in full length.
pub(crate) fn shown_whole(tokens: &TokenStream) -> String {
    close_up(&tokens.to_string())
}

/// Removes the spaces that the printer puts between tokens which came one by one:
/// `Duration :: from_millis (50)`. Operators keep theirs.
fn close_up(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        let before = line.chars().last();
        let opens_call = word.starts_with('(') && {
            let name = line
                .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
                .next();
            name.is_some_and(|name| !matches!(name, "" | "if" | "in" | "match" | "move" | "return"))
        };
        let opens_macro = before == Some('!') && word.starts_with(['(', '[']);
        let glued = opens_call
            || opens_macro
            || line.is_empty()
            || matches!(before, Some('.' | '(' | '['))
            || line.ends_with("::")
            || word.starts_with([',', '.', ')', ']', '?', ';', '%', ':']);
        if !glued {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}
