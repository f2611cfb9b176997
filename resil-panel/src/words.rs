//! Words of the API for values of the runtime.

use resil_runtime::circuit::CircuitState;

/// Returns the word for a state.
pub(crate) fn state(state: CircuitState) -> &'static str {
    match state {
        CircuitState::Closed => "closed",
        CircuitState::Open => "open",
        CircuitState::HalfOpen => "half_open",
        CircuitState::ForcedOpen => "forced_open",
        CircuitState::Disabled => "disabled",
        _ => "unknown",
    }
}

/// Returns the name of the variant in what `Debug` prints of an enum.
pub(crate) fn variant(printed: &str) -> &str {
    let end = printed.find(|c: char| !c.is_alphanumeric());
    &printed[..end.unwrap_or(printed.len())]
}

/// Returns a name of a variant in lower case: `circuit_changed`.
pub(crate) fn snake(name: &str) -> String {
    apart(name, '_')
}

/// Returns a name of a variant as words: `taken over`.
pub(crate) fn spaced(name: &str) -> String {
    apart(name, ' ')
}

fn apart(name: &str, between: char) -> String {
    let mut words = String::with_capacity(name.len() + 8);
    let mut after_a_letter = false;
    for c in name.chars() {
        if c.is_uppercase() && after_a_letter {
            words.push(between);
        }
        after_a_letter = c.is_alphanumeric();
        words.extend(c.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variants_become_words() {
        assert_eq!(snake("CircuitChanged"), "circuit_changed");
        assert_eq!(spaced("NotRecorded(TooLarge)"), "not recorded(too large)");
        assert_eq!(variant("CircuitChanged { name: \"x\" }"), "CircuitChanged");
        assert_eq!(variant("Closed"), "Closed");
    }
}
