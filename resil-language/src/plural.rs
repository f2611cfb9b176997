//! One, or several.

/// Returns the word for so many: `one` beside a count that is 1, as it is written, and else `many`.
///
/// ```
/// use resil_language::plural::noun;
///
/// assert_eq!(noun("1", "call", "calls"), "call");
/// assert_eq!(noun("`1_u32`", "call", "calls"), "call");
/// assert_eq!(noun("MAX", "call", "calls"), "calls");
/// ```
pub fn noun<'w>(count: &str, one: &'w str, many: &'w str) -> &'w str {
    let count = count.trim_matches('`');
    let digits = count.strip_suffix("u32").unwrap_or(count);
    if digits.trim_end_matches('_') == "1" {
        one
    } else {
        many
    }
}

/// Formats a count with its noun: `1 call`, `3 calls`.
pub fn counted(count: impl std::fmt::Display, one: &str, many: &str) -> String {
    let count = count.to_string();
    let noun = noun(&count, one, many);
    format!("{count} {noun}")
}
