//! The sentences of the page.

use crate::policies::Policy;
use crate::record::Record;
use crate::scenario::{Load, Scenario, Trigger};
use crate::study::{Hysteresis, Study};
use crate::{fleet, studies};

/// The ways to call that don't come back.
const DOWN: [Policy; 4] = [
    Policy::Naive,
    Policy::Backoff,
    Policy::Jitter,
    Policy::Copies,
];

/// Those that do, and within how many seconds: after the outage, and after the spike.
const WELL: [(Policy, usize, usize); 6] = [
    (Policy::Once, 13, 13),
    (Policy::Budget, 14, 14),
    (Policy::Circuit, 9, 4),
    (Policy::Bulkhead, 9, 4),
    (Policy::Hedge, 18, 18),
    (Policy::Usual, 12, 4),
];

/// Both triggers.
fn both(study: &Study, policy: Policy) -> [&Record; 2] {
    [&study.outage(policy).record, &study.spike(policy).record]
}

#[test]
fn before_the_trigger_all_are_well() {
    for study in studies() {
        for run in study.outage.iter().chain(&study.spike) {
            let answered = run.record.answered_before();
            assert!(answered > 0.995, "{:?}: {answered}", run.policy);
        }
    }
}

#[test]
fn without_a_budget_the_load_is_more_than_twice_as_much() {
    for study in studies() {
        for policy in [Policy::Naive, Policy::Backoff, Policy::Jitter] {
            for record in both(study, policy) {
                let requests = record.requests_a_call();
                assert!((3.5..4.05).contains(&requests), "{policy:?}: {requests}");
            }
        }
        for record in both(study, Policy::Copies) {
            let requests = record.requests_a_call();
            assert!((1.9..2.05).contains(&requests), "{requests}");
        }
    }
}

#[test]
fn naive_retries_send_more_than_twice_what_the_servers_can_do() {
    for study in studies() {
        let run = study.outage(Policy::Naive);
        let sent: u64 = run.record.seconds[50..].iter().map(|s| s.sent).sum();
        let times = sent as f64 / 10.0 / run.scenario.capacity_a_second();
        assert!((2.4..2.8).contains(&times), "{times}");
    }
}

#[test]
fn with_a_budget_it_is_at_most_a_tenth_more() {
    for study in studies() {
        for policy in [Policy::Budget, Policy::Hedge, Policy::Usual] {
            for record in both(study, policy) {
                let requests = record.requests_a_call();
                assert!(requests <= 1.1, "{policy:?}: {requests}");
            }
        }
        // And it did retry: a budget is not a switch.
        let budget = study.outage(Policy::Budget).record.requests_a_call();
        assert!(budget > 1.01, "{budget}");
    }
}

#[test]
fn where_calls_are_refused_or_sent_once_hardly_more_is_sent_than_called() {
    for study in studies() {
        for policy in [Policy::Circuit, Policy::Bulkhead] {
            for record in both(study, policy) {
                let requests = record.requests_a_call();
                assert!((0.3..=1.1).contains(&requests), "{policy:?}: {requests}");
            }
        }
        for record in both(study, Policy::Once) {
            let requests = record.requests_a_call();
            assert!((0.99..=1.0).contains(&requests), "{requests}");
        }
    }
}

#[test]
fn a_fleet_without_a_budget_stays_down_after_the_trigger() {
    for study in studies() {
        for policy in DOWN {
            for record in both(study, policy) {
                assert_eq!(record.recovered_after(), None, "{policy:?}");
                let answered = record.answered_at_last();
                assert!(answered < 0.01, "{policy:?}: {answered}");
                let wasted: u64 = record.seconds[50..].iter().map(|s| s.wasted).sum();
                assert!(wasted > 1_000, "{policy:?}: the servers do work: {wasted}");
            }
        }
    }
}

#[test]
fn the_others_come_back_in_time() {
    for study in studies() {
        for (policy, after_outage, after_spike) in WELL {
            let [outage, spike] = both(study, policy).map(Record::recovered_after);
            assert!(
                outage.is_some_and(|s| s <= after_outage),
                "{policy:?}: {outage:?}"
            );
            assert!(
                spike.is_some_and(|s| s <= after_spike),
                "{policy:?}: {spike:?}"
            );
            let answered = study.outage(policy).record.answered_at_last();
            assert!(answered > 0.99, "{policy:?}: {answered}");
        }
    }
}

#[test]
fn a_circuit_and_a_bulkhead_take_load_away() {
    for study in studies() {
        for policy in [Policy::Circuit, Policy::Bulkhead, Policy::Usual] {
            let refused: u64 = study
                .outage(policy)
                .record
                .seconds
                .iter()
                .map(|s| s.refused)
                .sum();
            assert!(refused > 100, "{policy:?}: {refused}");
            for other in [Policy::Once, Policy::Budget] {
                let both = [policy, other].map(|policy| &study.spike(policy).record);
                let seconds = both.map(Record::recovered_after);
                assert!(
                    seconds[0] < seconds[1],
                    "{policy:?}, {other:?}: {seconds:?}"
                );
                let answered = both.map(Record::answered_since);
                assert!(
                    answered[0] > answered[1] + 0.05,
                    "{policy:?}, {other:?}: {answered:?}"
                );
            }
        }
        // After an outage they are not later, either.
        for policy in [Policy::Circuit, Policy::Bulkhead] {
            let both = [policy, Policy::Budget].map(|policy| &study.outage(policy).record);
            let seconds = both.map(Record::recovered_after);
            assert!(seconds[0] <= seconds[1], "{policy:?}: {seconds:?}");
        }
    }
}

#[test]
fn a_budget_comes_back_about_as_fast_as_no_policy() {
    for study in studies() {
        let after = |policy| study.outage(policy).record.recovered_after();
        let both = [Policy::Once, Policy::Budget].map(|policy| after(policy).unwrap());
        assert!(both[0].abs_diff(both[1]) <= 3, "{both:?}");
    }
}

#[test]
fn a_hedge_shortens_the_longest_calls_while_all_is_well() {
    for study in studies() {
        let p99 = |policy| study.outage(policy).record.percentile_before(99);
        let (once, hedge) = (p99(Policy::Once), p99(Policy::Hedge));
        assert!(hedge < once, "{once} ms, hedged {hedge} ms");
    }
}

#[test]
fn where_the_queue_is_shorter_than_the_patience_no_work_is_wasted() {
    for study in studies() {
        let short = &study.short_queue.record;
        let after = short.recovered_after();
        assert!(after.is_some_and(|s| s <= 3), "{after:?}");
        let at_work = &short.seconds[17..];
        let wasted: u64 = at_work.iter().map(|s| s.wasted).sum();
        let useful: u64 = at_work.iter().map(|s| s.useful).sum();
        assert!(wasted * 100 < useful, "{wasted} of {useful}");
    }
}

#[test]
fn the_metastable_state_begins_where_the_retries_need_all_of_the_capacity() {
    for study in studies() {
        // Four attempts: a quarter. Two copies: a half. A tenth more: nine tenths.
        let borders = [
            (Policy::Naive, 20),
            (Policy::Copies, 45),
            (Policy::Hedge, 70),
        ];
        for (policy, last_well) in borders {
            for (percent, run) in study.swept(policy) {
                let answered = run.record.answered_at_last();
                let is_well = run.record.is_well_at_last();
                assert_eq!(
                    is_well,
                    percent <= last_well,
                    "{policy:?} at {percent} %: {answered}"
                );
            }
        }
    }
}

#[test]
fn a_budget_moves_the_border_and_a_circuit_takes_it_away() {
    for study in studies() {
        for (percent, run) in study.swept(Policy::Budget) {
            let answered = run.record.answered_at_last();
            assert!(
                percent > 70 || run.record.is_well_at_last(),
                "{percent} %: {answered}"
            );
        }
    }
    let busy = Scenario {
        load: Load::Steady(90),
        seconds: 75,
        ..Scenario::of(2_000, Trigger::Outage)
    };
    // Chance may bring it back, in one run or another.
    let stays_down = (7..11).any(|seed| {
        let budget = fleet::run(busy, Policy::Budget, seed);
        !budget.is_well_at_last() && budget.requests_a_call() > 1.05
    });
    assert!(stays_down);
    for policy in [Policy::Circuit, Policy::Usual] {
        let record = fleet::run(busy, policy, 7);
        assert!(record.is_well_at_last(), "{policy:?}");
    }
}

#[test]
fn where_calls_are_refused_or_sent_once_there_is_no_such_state() {
    for study in studies() {
        for policy in [
            Policy::Once,
            Policy::Circuit,
            Policy::Bulkhead,
            Policy::Usual,
        ] {
            assert_eq!(study.stays_down_from(policy), None, "{policy:?}");
        }
    }
}

#[test]
fn down_is_another_way_than_up() {
    for study in studies() {
        let Hysteresis { lost_at, back_at } = study.ramp(Policy::Naive).hysteresis();
        let (lost, back) = (lost_at.unwrap(), back_at.unwrap());
        assert!(lost > 90, "{lost}");
        assert!((10..=25).contains(&back), "{back}");
        let usual = study.ramp(Policy::Usual).hysteresis();
        let never = Hysteresis {
            lost_at: None,
            back_at: None,
        };
        assert_eq!(usual, never);
        for (calls, answered) in study.ramp(Policy::Usual).course(8) {
            assert!(answered > calls.min(100.0) * 0.85, "{calls} {answered}");
        }
    }
}
