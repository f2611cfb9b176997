//! Which options have an effect beside the others.

use resil_language::table::Kind;
use resil_language::tables::retry::SPEC;

use super::written::Kind as Policy;
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

/// Returns whether an option of a policy takes the place of another one, beside which it can't stand, or which has no
/// effect beside it.
pub(super) fn takes_the_place(kind: Policy, option: &str, of: &str) -> bool {
    let gives_delays = |option| is_strategy(option) || option == "delays";
    match (kind, option, of) {
        (Policy::Retry, "delays", "base" | "factor" | "cap")
        | (Policy::Retry, "base" | "factor" | "cap", "delays")
        | (Policy::Retry, "constant" | "linear" | "fibonacci", "factor")
        | (Policy::Bulkhead, "max", "adaptive")
        | (Policy::Bulkhead, "adaptive", "max") => true,
        (Policy::Retry, ..) => option != of && gives_delays(option) && gives_delays(of),
        _ => false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulkhead::BulkheadPolicy;
    use crate::settings::{Given, Named};

    /// Checks each pair of options against the rules of the attribute.
    fn as_the_rules_say<P: Named>(policy: Policy, values: &[(&str, Given)]) -> usize {
        let mut excluded = 0;
        for one in values {
            for other in values.iter().filter(|other| other.0 != one.0) {
                let both = [one, other].map(|(name, given)| ((*name).to_owned(), given.clone()));
                let (set, written, faults) = P::TABLE.read(P::BASE, &both);
                assert_eq!(faults, [""; 0]);
                let broken = (P::TABLE.rules)(&set, &written);
                let excludes = broken.iter().any(|of| of.contains("can't stand beside"));
                let takes = takes_the_place(policy, one.0, other.0);
                assert!(takes || !excludes, "{one:?} {other:?}");
                assert!(!takes || !broken.is_empty(), "{one:?} {other:?}");
                excluded += usize::from(excludes);
            }
        }
        excluded
    }

    #[test]
    fn what_can_not_stand_beside_another_takes_its_place() {
        let flag = || Given::Flag(true);
        let time = || Given::text("1s");
        let retry = [
            ("constant", flag()),
            ("linear", flag()),
            ("exponential", flag()),
            ("fibonacci", flag()),
            ("max", Given::text("3")),
            ("base", time()),
            ("factor", Given::text("3")),
            ("cap", time()),
            ("jitter", Given::text("equal")),
            ("delays", Given::List(vec![time()])),
            ("within", time()),
            ("budget", Given::text("off")),
            ("nested", Given::text("outer")),
        ];
        let pairs = as_the_rules_say::<RetryPolicy>(Policy::Retry, &retry);
        assert_eq!(pairs, 4 * 3 + 2 * (4 + 3));
        let bulkhead = [
            ("max", Given::text("3")),
            ("queue", Given::text("3")),
            ("wait", time()),
            ("adaptive", flag()),
        ];
        let pairs = as_the_rules_say::<BulkheadPolicy>(Policy::Bulkhead, &bulkhead);
        assert_eq!(pairs, 2);
    }
}
