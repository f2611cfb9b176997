//! What the breakers are set to: short times and long ones, windows of both kinds.

use std::time::Duration;

use resil_runtime::circuit::{self, CircuitPolicy};

use super::model::{Rules, Window};

pub(crate) const SLOW: u64 = 20;
pub(crate) const HOUR: u64 = 3_600_000;
pub(crate) const DAY: u64 = 24 * HOUR;

/// The policies, each in both languages.
pub(crate) fn policies() -> Vec<(CircuitPolicy, Rules)> {
    let both = |rules| (policy(&rules), rules);
    rules().into_iter().map(both).collect()
}

fn rules() -> [Rules; 14] {
    let base = Rules {
        failures: None,
        failure_rate: None,
        slow: None,
        window: Window::Calls(100),
        min_calls: 100,
        open_for: 200,
        open_max: 2_000,
        probes: 1,
    };
    let calls = |n: u32| Rules {
        window: Window::Calls(n as usize),
        min_calls: u64::from(n),
        ..base
    };
    let time = |ms, min_calls| Rules {
        window: Window::Millis(ms),
        min_calls,
        ..base
    };
    let failed = Some(0.5);
    let slow = Some((SLOW, 0.6));
    [
        Rules {
            failures: Some(5),
            ..base
        },
        Rules {
            failures: Some(1),
            probes: 3,
            open_max: 200,
            ..base
        },
        Rules {
            failures: Some(2),
            probes: 2,
            open_max: 500,
            ..base
        },
        Rules {
            failure_rate: failed,
            ..calls(4)
        },
        Rules {
            failure_rate: Some(0.75),
            failures: Some(4),
            probes: 2,
            ..calls(5)
        },
        Rules {
            failure_rate: failed,
            min_calls: 3,
            ..calls(20)
        },
        Rules {
            slow: Some((SLOW, 1.0)),
            ..calls(3)
        },
        Rules {
            slow,
            failures: Some(3),
            ..calls(5)
        },
        Rules {
            slow,
            failure_rate: failed,
            min_calls: 2,
            probes: 2,
            ..calls(6)
        },
        Rules {
            failure_rate: failed,
            ..time(300, 3)
        },
        Rules {
            failure_rate: Some(0.6),
            slow,
            ..time(1_000, 4)
        },
        Rules {
            slow: Some((SLOW, 0.3)),
            failures: Some(6),
            ..time(100, 2)
        },
        Rules {
            failures: Some(1),
            open_for: HOUR,
            open_max: 10 * HOUR,
            ..base
        },
        Rules {
            failures: Some(2),
            failure_rate: failed,
            open_for: 3 * DAY,
            open_max: 30 * DAY,
            probes: 2,
            ..time(2 * DAY, 3)
        },
    ]
}

fn policy(rules: &Rules) -> CircuitPolicy {
    let ms = Duration::from_millis;
    let mut policy = CircuitPolicy::new()
        .open_for(ms(rules.open_for))
        .open_max(ms(rules.open_max))
        .probes(rules.probes)
        .min_calls(u32::try_from(rules.min_calls).unwrap())
        .window(match rules.window {
            Window::Calls(n) => circuit::Window::Calls(u32::try_from(n).unwrap()),
            Window::Millis(w) => circuit::Window::Time(ms(w)),
        });
    if let Some(n) = rules.failures {
        policy = policy.failures(n);
    }
    if let Some(ratio) = rules.failure_rate {
        policy = policy.failure_rate(ratio);
    }
    if let Some((time, ratio)) = rules.slow {
        policy = policy.slow(ms(time)).slow_rate(ratio);
    }
    policy
}
