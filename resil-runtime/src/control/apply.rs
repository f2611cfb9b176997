//! Settings from outside, put onto those that an attribute has written.

use std::time::Duration;

use super::origin::{ControlFault, help};
use super::setting::{Change, Layers, Setting, Target};
use super::written::Kind;
use crate::retry::{BudgetPolicy, RetryPolicy};
use crate::settings::{Given, Named, read_timeout};

/// Sets the options of one policy that are given for one of the `targets`, of which the last one is aimed best. Those
/// that can't be set are noted in `faults`.
pub(super) fn apply<P: Named>(
    mut policy: P,
    (targets, kind): (&[Target], Kind),
    layers: &Layers<'_>,
    faults: &mut Vec<ControlFault>,
) -> P {
    for settings in layers.aimed(targets, kind) {
        let (before, mut together) = (policy, Vec::new());
        let mut last = None;
        for setting in settings {
            let Change::Option(option, given) = &setting.change else {
                continue;
            };
            match P::TABLE.set(policy, option, given) {
                Ok(set) => policy = set,
                Err(message) => faults.push(setting.fault(message)),
            }
            together.push((option.clone(), given.clone()));
            last = Some(setting);
        }
        if let Some(last) = last {
            let broken = broken_by(&before, &policy, &together);
            faults.extend(broken.into_iter().map(|message| last.fault(message)));
        }
    }
    policy
}

/// Returns the rules between options that `after` breaks and `before` does not, where the options in
/// `together` were set. What differs from the defaults counts as written, as long as it is in force.
fn broken_by<P: Named>(before: &P, after: &P, together: &[(String, Given)]) -> Vec<String> {
    let defaults = P::TABLE.write(&P::BASE);
    let mut written = P::TABLE.write(before);
    written.retain(|option| !defaults.contains(option));
    let faults = |policy: &P, options: &[(String, Given)]| {
        // Whether there are keys, and a store, is up to the attribute.
        let ruled = |(name, _): &&(String, Given)| name != "max_keys" && name != "on_outage";
        let options: Vec<_> = options.iter().filter(ruled).cloned().collect();
        let (_, written, _) = P::TABLE.read(P::BASE, &options);
        (P::TABLE.rules)(policy, &written)
    };
    let named = |(name, given): (&str, Given)| (name.to_owned(), given);
    let known: Vec<_> = written.iter().cloned().map(named).collect();
    let known = faults(before, &known);
    let in_force = P::TABLE.write(after);
    written.retain(|option| in_force.contains(option));
    written.retain(|(name, _)| !together.iter().any(|(set, _)| set == name));
    let mut options: Vec<_> = written.into_iter().map(named).collect();
    options.extend_from_slice(together);
    let mut broken = faults(after, &options);
    broken.retain(|message| !known.contains(message));
    broken
}

/// Returns the limits that are set for the timeouts of a function, which has `count` of them. The last one
/// that is set wins.
pub(super) fn limits(
    target: &Target,
    count: usize,
    layers: &Layers<'_>,
    faults: &mut Vec<ControlFault>,
) -> Option<Vec<Duration>> {
    let mut limits = None;
    for (_, given, setting) in layers.options(target, Kind::Timeout) {
        match read_limits(given, count) {
            Ok(set) => limits = Some(set),
            Err(message) => faults.push(setting.fault(message)),
        }
    }
    limits
}

/// Reads the limits of `count` timeouts; 0 where it is not known how many there are.
fn read_limits(given: &Given, count: usize) -> Result<Vec<Duration>, String> {
    let list = match given {
        Given::List(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    if count != 0 && list.len() != count {
        let message = match count {
            1 => "the function has one `timeout`".to_owned(),
            n => format!(
                "the function has {n} `timeout`s, and this is {}",
                list.len()
            ),
        };
        let one = list.first().map_or("5s".to_owned(), Given::shown);
        let instead = match count {
            1 => format!("write `timeout = \"{one}\"`"),
            _ => "write a limit for each, the outermost first: `timeout = [\"10s\", \"2s\"]`"
                .to_owned(),
        };
        return Err(help(message, instead));
    }
    let limits = list.iter().map(|limit| {
        let limit = read_timeout(limit).map_err(|message| in_a_file(&message))?;
        Ok(limit.limit())
    });
    limits.collect()
}

/// Returns the message about a limit with the text that stands in a file.
fn in_a_file(message: &str) -> String {
    let (before, rest) = message.split_once("#[timeout(").unwrap_or((message, ""));
    let each = rest.split("#[timeout(").filter_map(|part| {
        let (limit, after) = part.split_once(")]")?;
        Some(format!("timeout = \"{limit}\"{after}"))
    });
    std::iter::once(before.to_owned()).chain(each).collect()
}

/// Checks one setting by itself, where it is not known yet which functions it is for.
pub(super) fn check_alone(setting: &Setting) -> Option<ControlFault> {
    use crate::bulkhead::BulkheadPolicy;
    use crate::circuit::CircuitPolicy;
    use crate::fallback::last_ok::LastOkPolicy;
    use crate::rate_limit::RateLimitPolicy;

    let kind = setting.kind?;
    if let Some(message) = without_a_name(setting, kind) {
        return Some(setting.fault(message));
    }
    let Change::Option(option, given) = &setting.change else {
        return None;
    };
    let checked = match kind {
        Kind::Retry => alone::<RetryPolicy>(option, given),
        Kind::Timeout => read_limits(given, 0).map(drop),
        Kind::Circuit => alone::<CircuitPolicy>(option, given),
        Kind::Bulkhead => alone::<BulkheadPolicy>(option, given),
        Kind::RateLimit => alone::<RateLimitPolicy>(option, given),
        #[cfg(feature = "hedge")]
        Kind::Hedge => alone::<crate::hedge::HedgePolicy>(option, given),
        #[cfg(not(feature = "hedge"))]
        Kind::Hedge => Ok(()),
        #[cfg(feature = "idempotent")]
        Kind::Idempotent => alone::<crate::idempotency::IdempotentPolicy>(option, given),
        #[cfg(not(feature = "idempotent"))]
        Kind::Idempotent => Ok(()),
        Kind::Fallback => alone::<LastOkPolicy>(option, given),
        Kind::Budget => alone::<BudgetPolicy>(option, given),
        #[cfg(feature = "chaos")]
        Kind::Chaos => alone::<super::faults::Faults>(option, given),
        #[cfg(not(feature = "chaos"))]
        Kind::Chaos => Ok(()),
    };
    checked.err().map(|message| setting.fault(message))
}

/// Returns what is wrong with a setting for a name that no layer of that policy has, and with the switch of
/// a budget.
fn without_a_name(setting: &Setting, kind: Kind) -> Option<String> {
    let is_switch = matches!(setting.change, Change::Switch(_));
    #[cfg(feature = "chaos")]
    if kind == Kind::Chaos
        && !is_switch
        && let Some(refused) = super::faults::refused()
    {
        return Some(refused);
    }
    if kind == Kind::Budget && is_switch {
        return Some(help(
            "a budget is no layer that can be off",
            "write `budget = off` for the `retry` of each function",
        ));
    }
    let has_name = kind.is_named() || matches!(kind, Kind::Idempotent | Kind::Chaos);
    if matches!(setting.target, Target::Name(_)) && !has_name {
        return Some(help(
            format!("a `{}` has no name", kind.name()),
            format!(
                "write it for each function: `[function.\"app::charge\".{}]`",
                kind.name()
            ),
        ));
    }
    None
}

fn alone<P: Named>(option: &str, given: &Given) -> Result<(), String> {
    P::TABLE.set(P::BASE, option, given).map(drop)
}
