//! The names by which other libraries call an option, in any spelling.

use crate::table::{AliasTarget, Spec};

/// Units that other libraries put into the name: `delay_ms`.
const UNIT_ENDINGS: [(&str, &str); 6] = [
    ("_ms", "ms"),
    ("_millis", "ms"),
    ("_milliseconds", "ms"),
    ("_secs", "s"),
    ("_seconds", "s"),
    ("_us", "us"),
];

impl Spec {
    /// Finds what another library's name stands for.
    pub fn alias(&self, name: &str) -> Option<AliasTarget> {
        let (whole, stem) = (folded(name), folded(stem(&snake(name))));
        let same = |known: &str| [&whole, &stem].contains(&&folded(known));
        let row = self
            .aliases
            .iter()
            .find(|other| other.names.iter().any(|known| same(known)))?;
        Some(row.target)
    }

    /// Finds the name that a mistyped one most likely means: of an option, or one of another library's.
    pub fn near(&self, name: &str) -> Option<&'static str> {
        let own = self.options.iter().map(|option| option.name);
        let others = self
            .aliases
            .iter()
            .flat_map(|other| other.names.iter().copied());
        crate::nearest::nearest(stem(&snake(name)), own.chain(others))
    }
}

/// Writes a name in snake case: `delaySecs` → `delay_secs`.
pub fn snake(name: &str) -> String {
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
pub fn stem(name: &str) -> &str {
    UNIT_ENDINGS
        .iter()
        .find_map(|(ending, _)| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// Returns the unit in a name: `delay_ms` → `ms`.
pub fn unit(name: &str) -> Option<&'static str> {
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
