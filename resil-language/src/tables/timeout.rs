//! `#[timeout(5s)]` has one duration, without a name.

use crate::table::Spec;

/// There are no named options; messages use the table to name the attribute.
/// The table.
pub static SPEC: Spec = Spec {
    owner: "`#[timeout]`",
    options: &[],
    aliases: &[],
    nameless: &[],
};

/// Other libraries' names for the option, with the unit of its number.
pub const UNIT_NAMES: [(&str, &str); 10] = [
    ("ms", "ms"),
    ("millis", "ms"),
    ("milliseconds", "ms"),
    ("timeout_ms", "ms"),
    ("s", "s"),
    ("secs", "s"),
    ("seconds", "s"),
    ("timeout_secs", "s"),
    ("us", "us"),
    ("minutes", "m"),
];
