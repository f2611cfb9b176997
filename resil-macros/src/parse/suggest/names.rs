//! The names by which other libraries call an option, in any spelling.

use proc_macro2::Ident;

use crate::parse::args::Args;
use crate::parse::table::{AliasTarget, Guess, Opt};

/// Units that other libraries put into the name: `delay_ms`.
const UNIT_ENDINGS: [(&str, &str); 6] = [
    ("_ms", "ms"),
    ("_millis", "ms"),
    ("_milliseconds", "ms"),
    ("_secs", "s"),
    ("_seconds", "s"),
    ("_us", "us"),
];

impl Args<'_> {
    /// Finds what another library's name stands for.
    pub(super) fn alias(&self, name: &str) -> Option<AliasTarget> {
        let (whole, stem) = (folded(name), folded(stem(&snake(name))));
        let same = |known: &str| [&whole, &stem].contains(&&folded(known));
        let row = self
            .spec
            .aliases
            .iter()
            .find(|other| other.names.iter().any(|known| same(known)))?;
        Some(row.target)
    }

    /// Finds the option that another library's name stands for, if it is one.
    pub(super) fn aliased_option(&self, ident: &Ident) -> Option<&'static Opt> {
        match self.alias(&ident.to_string())? {
            AliasTarget::Option(name, _) | AliasTarget::OneMore(name) => self.option(name),
            AliasTarget::CountOrRatio(..) | AliasTarget::Advice(_) => None,
        }
    }

    /// Finds the option that a nameless value of that kind most likely belongs to and that is not
    /// given yet.
    pub(super) fn named_by(&self, guess: Guess) -> Option<&'static Opt> {
        let (_, name) = self
            .spec
            .nameless
            .iter()
            .find(|(kind, name)| *kind == guess && self.mentioned(name).is_none())?;
        self.option(name)
    }
}

/// Writes a name in snake case: `delaySecs` → `delay_secs`.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

/// Returns a name without its unit: `delay_ms` → `delay`.
pub(super) fn stem(name: &str) -> &str {
    UNIT_ENDINGS
        .iter()
        .find_map(|(ending, _)| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// Returns the unit in a name: `delay_ms` → `ms`.
pub(super) fn unit(name: &str) -> Option<&'static str> {
    UNIT_ENDINGS
        .iter()
        .find(|(ending, _)| name.ends_with(ending))
        .map(|(_, unit)| *unit)
}

/// Removes case and underscores: `maxAttempts` is `max_attempts`.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| *c != '_')
        .flat_map(char::to_lowercase)
        .collect()
}
