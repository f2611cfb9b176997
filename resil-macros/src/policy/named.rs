//! The rule that the policies have in common whose state is found by name or key.

use proc_macro2::Span;

use crate::parse::{ParseContext, messages};

/// Checks that `max_keys` stands beside a `key`: without that there is one state, which `one` names. (In
/// a `policy` it is no fault, as layers with a key may share the policy.)
pub(super) fn check_max_keys_have_a_key(
    max_keys: Option<Span>,
    has_key: bool,
    (one, key): (&str, &str),
    cx: &ParseContext<'_>,
) {
    if let Some(at) = max_keys.filter(|_| !has_key) {
        let why = format!("there is one {one} for all calls");
        let instead = format!("write `key = {key}` beside it, or remove it");
        cx.diag
            .error_at(at, messages::no_effect("max_keys", &why, &instead));
    }
}
