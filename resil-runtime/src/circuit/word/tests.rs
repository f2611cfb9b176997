//! What a word encodes, and what its bits are asked about.

use super::*;

fn closed(in_a_row: u32, record_successes: bool, timed: bool) -> State {
    State::Closed {
        in_a_row,
        record_successes,
        timed,
    }
}

#[test]
fn what_is_put_in_comes_out_in_every_generation() {
    let states = [
        closed(0, false, false),
        closed(0, false, true),
        closed(65_535, true, false),
        closed(65_535, true, true),
        State::Open {
            until: UNTIL_MAX,
            growth: 0,
        },
        State::Open {
            until: 1 << 34,
            growth: GROWTH_MAX,
        },
        State::HalfOpen {
            out: 255,
            ok: 0,
            growth: 31,
            round: 0,
            probe_number: NUMBER_MASK,
        },
        State::HalfOpen {
            out: 0,
            ok: 254,
            growth: 0,
            round: ROUND_MASK,
            probe_number: 0,
        },
        State::ForcedOpen,
        State::Disabled,
    ];
    for generation in [0, 1, 0x3_fffe, 0x3_ffff] {
        for state in states {
            let word = Word::new(generation, state);
            assert_eq!(word.state(), state);
            assert_eq!(word.generation(), generation);
            assert_eq!(word.stamp().generation(), generation);
            assert_eq!(word.next(state).generation(), (generation + 1) & 0x3_ffff);
            assert_ne!(word.stamp(), word.next(state).stamp());
        }
    }
}

#[test]
fn a_probe_is_of_its_state_whatever_its_round_and_no_other_call_is() {
    let half_open = |round| State::HalfOpen {
        out: 1,
        ok: 0,
        growth: 3,
        round,
        probe_number: 7,
    };
    for generation in [0, 1, 0x3_ffff] {
        let word = Word::new(generation, half_open(0));
        for round in [0, 1, ROUND_MASK] {
            let probe = Word::new(generation, half_open(round)).probe_stamp();
            assert!(probe.is_probe());
            assert_eq!((probe.round(), probe.generation()), (round, generation));
            assert!(word.has_let_in(probe));
            let states = not_closed().into_iter().chain([closed(0, false, false)]);
            for state in states {
                assert!(!word.next(state).has_let_in(probe));
                let is_half_open = matches!(state, State::HalfOpen { .. });
                assert_eq!(word.with(state).has_let_in(probe), is_half_open);
            }
        }
        assert!(!word.has_let_in(Stamp::NESTED));
    }
}

/// What is not closed, with all the payloads that a closed word is asked about.
fn not_closed() -> [State; 6] {
    let open = |until| State::Open { until, growth: 0 };
    let half_open = |probe_number| State::HalfOpen {
        out: 0,
        ok: 0,
        growth: 0,
        round: 0,
        probe_number,
    };
    let manual = [State::ForcedOpen, State::Disabled];
    let [held, off] = manual;
    [open(0), open(1), half_open(0), half_open(1), held, off]
}

#[test]
fn only_a_closed_word_with_nothing_counted_is_quiet() {
    for generation in [0, 7, 0x3_ffff] {
        let is_quiet = |state| Word::new(generation, state).is_quiet();
        assert!(is_quiet(closed(0, false, false)));
        assert!(!is_quiet(closed(1, false, false)));
        assert!(!is_quiet(closed(0, true, false)));
        assert!(!is_quiet(closed(0, false, true)));
        assert!(!not_closed().into_iter().any(is_quiet));
    }
}

#[test]
fn a_closed_word_lets_calls_in_at_once_unless_they_are_timed() {
    for generation in [0, 7, 0x3_ffff] {
        let word = |state| Word::new(generation, state);
        for (in_a_row, record) in [(0, false), (65_535, true)] {
            let (plain, timed) = (
                word(closed(in_a_row, record, false)),
                word(closed(in_a_row, record, true)),
            );
            assert!(plain.admits_at_once() && !plain.is_timed());
            assert!(!timed.admits_at_once() && timed.is_timed());
        }
        let busy = State::Open {
            until: 1 << 17,
            growth: 0,
        };
        for state in not_closed().into_iter().chain([busy]) {
            assert!(!word(state).admits_at_once() && !word(state).is_timed());
        }
    }
}

#[test]
fn only_a_window_wants_a_success_where_nothing_else_changes() {
    for generation in [0, 7, 0x3_ffff] {
        let only = |state| Word::new(generation, state).only_records_successes();
        assert!(only(closed(0, true, false)));
        assert!(!only(closed(0, false, false)));
        assert!(!only(closed(1, true, false)));
        assert!(!only(closed(0, true, true)));
        assert!(!not_closed().into_iter().any(only));
    }
}

#[test]
fn only_an_open_word_has_an_end_of_its_open_time() {
    let until = |state| Word::new(0x3_ffff, state).open_until();
    let open = State::Open {
        until: UNTIL_MAX,
        growth: GROWTH_MAX,
    };
    assert_eq!(until(open), Some(UNTIL_MAX));
    assert_eq!(until(closed(1, true, true)), None);
    assert_eq!(
        not_closed().map(until),
        [Some(0), Some(1), None, None, None, None]
    );
}

#[test]
fn what_does_not_fit_saturates() {
    let open = State::Open {
        until: u64::MAX,
        growth: u32::MAX,
    };
    assert_eq!(
        Word::new(0, open).state(),
        State::Open {
            until: UNTIL_MAX,
            growth: GROWTH_MAX
        }
    );
}
