//! Which options of a retry have an effect beside the others.

use resil_language::table::Kind;
use resil_language::tables::retry::SPEC;

use crate::retry::{Jitter, RetryPolicy, Strategy};

/// Returns whether an option is a word for the strategy of a retry.
pub(super) fn is_strategy(option: &str) -> bool {
    let option = SPEC.option(option);
    option.is_some_and(|option| option.kind == Kind::Strategy)
}

/// Returns whether an option is one of those that the delays are made from.
pub(super) fn makes_delays(option: &str) -> bool {
    is_strategy(option) || matches!(option, "base" | "factor" | "delays")
}

/// Returns whether an option of a retry has an effect beside the others, and beside a `backoff` of the user's,
/// which gives the delays.
pub(super) fn has_effect(policy: &RetryPolicy, backoff: bool, option: &str) -> bool {
    let is_given = backoff || matches!(policy.strategy, Strategy::Delays(_));
    match option {
        "max" => true,
        // No retry follows.
        _ if policy.max == Some(1) => false,
        "jitter" => policy.jitter.is_some() || !is_given,
        name if backoff && makes_delays(name) => false,
        name if is_strategy(name) => policy.jitter != Some(Jitter::Decorrelated),
        _ => true,
    }
}
