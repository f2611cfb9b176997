//! Its own cases, a plain model, and many writers at once.

use super::*;
use std::collections::VecDeque;

fn put(w: &CountedWindow, generation: u32, failed: bool) -> (u64, u64) {
    let t = w.record(generation, failed, || true).unwrap();
    (t.failures, t.calls)
}

/// F01: window 4, F S S S S.
#[test]
fn f01_the_first_failure_leaves_with_the_fifth_call() {
    let w = CountedWindow::new(4);
    let seen: Vec<_> = [true, false, false, false, false]
        .map(|f| put(&w, 0, f))
        .into();
    assert_eq!(seen, [(1, 1), (1, 2), (1, 3), (1, 4), (0, 4)]);
}

/// F02 and F03, the failures alone.
#[test]
fn f02_f03_small_windows_hold_the_last_calls_only() {
    let w = CountedWindow::new(2);
    let seen: Vec<_> = [true, false, false, false, false]
        .map(|f| put(&w, 0, f))
        .into();
    assert_eq!(seen, [(1, 1), (1, 2), (0, 2), (0, 2), (0, 2)]);
    let w = CountedWindow::new(5);
    let last = [false, true, false, false, false].map(|f| put(&w, 0, f));
    assert_eq!(last[4], (1, 5));
}

const SLOW_FAILED: Sample = Sample {
    failed: true,
    slow: true,
};
const SLOW_GOOD: Sample = Sample {
    failed: false,
    slow: true,
};
const GOOD: Sample = Sample {
    failed: false,
    slow: false,
};

/// F02: window 2, slow F, slow S, S, S, S.
#[test]
fn f02_slow_calls_leave_as_failures_do() {
    let w = CountedWindow::new(2);
    let seen: Vec<_> = [SLOW_FAILED, SLOW_GOOD, GOOD, GOOD, GOOD]
        .map(|sample| {
            let t = w.record(0, sample, || true).unwrap();
            (t.slow, t.failures, t.settled)
        })
        .into();
    let settled = true;
    assert_eq!(
        seen,
        [
            (1, 1, !settled),
            (2, 1, !settled),
            (1, 0, !settled),
            (0, 0, settled),
            (0, 0, settled)
        ]
    );
}

/// F03: window 5, slow S, slow F, S, S, S: two of five were slow, one failed.
#[test]
fn f03_forty_percent_are_slow() {
    let w = CountedWindow::new(5);
    for sample in [SLOW_GOOD, SLOW_FAILED, GOOD, GOOD, GOOD] {
        w.record(0, sample, || true).unwrap();
    }
    let t = w.tally(0).unwrap();
    assert_eq!((t.calls, t.slow, t.failures), (5, 2, 1));
}

#[test]
fn it_is_the_last_n_calls_of_any_n() {
    let mut x = 0x9e37_79b9_u64;
    for n in [1_u32, 2, 15, 16, 17, 33, 64, 100, 1_000, 10_000] {
        let w = CountedWindow::new(n);
        let mut model: VecDeque<Sample> = VecDeque::new();
        let mut generation = 0;
        for _ in 0..5_000 {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            if x.is_multiple_of(701) {
                generation += 1;
                model.clear();
            }
            let sample = Sample {
                failed: x.is_multiple_of(3),
                slow: x.is_multiple_of(5),
            };
            model.push_back(sample);
            if model.len() > n as usize {
                model.pop_front();
            }
            let failures = model.iter().filter(|e| e.failed).count() as u64;
            let slow = model.iter().filter(|e| e.slow).count() as u64;
            let t = w.record(generation, sample, || true).unwrap();
            let wanted = (failures, slow, model.len() as u64);
            assert_eq!((t.failures, t.slow, t.calls), wanted);
        }
    }
}

#[test]
fn numbers_start_over_without_a_call_forgotten() {
    let w = CountedWindow::new(7);
    for i in 0..7 {
        put(&w, 0, i == 2);
    }
    // As if many calls had passed: the sequence just below where it is brought down.
    w.count.0.fetch_add(HIGH / 7 * 7, Ordering::SeqCst);
    for _ in 0..20 {
        put(&w, 0, false);
    }
    assert_eq!(put(&w, 0, true), (1, 7));
    assert!(w.count.0.load(Ordering::SeqCst) & SEQUENCE < HIGH);
}

#[test]
fn the_place_of_a_call_is_the_remainder() {
    for n in [1, 2, 3, 7, 15, 16, 17, 100, 641, 8_192, 9_999, 10_000] {
        let w = CountedWindow::new(n);
        for sequence in 0..=SEQUENCE {
            assert_eq!(w.slot(sequence), sequence % u64::from(n), "{n}");
        }
    }
}

/// A quick success that takes a number, and whether that is all there is to do.
fn is_quick(w: &CountedWindow, generation: u32) -> bool {
    let taken = w.take();
    if w.is_recorded_by(taken, generation) {
        return true;
    }
    w.record_taken(taken, generation, GOOD, || true).unwrap();
    false
}

#[test]
fn a_success_that_changes_nothing_is_recorded_by_its_number() {
    let w = CountedWindow::new(4);
    put(&w, 9, true);
    // Not full yet: the rate changes with each call.
    assert_eq!([(); 3].map(|()| is_quick(&w, 9)), [false; 3]);
    assert_eq!(w.tally(9).map(|t| (t.failures, t.calls)), Some((1, 4)));
    // In the place of the failure.
    put(&w, 9, true);
    assert_eq!([(); 3].map(|()| is_quick(&w, 9)), [true; 3]);
    assert!(!is_quick(&w, 9));
    // Clean: the breaker has to hear of it, time and again.
    assert!(w.tally(9).unwrap().settled);
    assert!(!is_quick(&w, 9));
    // A slow call is left as a failure is.
    w.record(9, SLOW_GOOD, || true).unwrap();
    assert_eq!([(); 3].map(|()| is_quick(&w, 9)), [true; 3]);
    assert!(!is_quick(&w, 9));
}

#[test]
fn of_another_generation_no_success_is_recorded_by_its_number() {
    let w = CountedWindow::new(2);
    for _ in 0..2 {
        put(&w, 5, true);
    }
    put(&w, 5, false);
    for other in [4, 6, 0x3_ffff] {
        let taken = w.take();
        assert!(!w.is_recorded_by(taken, other));
        assert_eq!(w.record_taken(taken, other, GOOD, || false), None);
    }
    // The count is of this generation, but the word of the ring is not yet.
    w.ring[0].store(0, Ordering::SeqCst);
    assert!(!w.is_recorded_by(w.take(), 5));
}

#[test]
fn numbers_are_lowered_by_successes_too() {
    let w = CountedWindow::new(7);
    for i in 0..7 {
        put(&w, 0, i == 2);
    }
    w.count.0.fetch_add(HIGH / 7 * 7 - 7, Ordering::SeqCst);
    let quick = (0..40).filter(|_| is_quick(&w, 0)).count();
    // All but the one in the place of the failure, those that find the window clean after it, and the
    // one that lowers the numbers.
    assert!(quick < 7, "{quick}");
    assert!(w.count.0.load(Ordering::SeqCst) & SEQUENCE < HIGH);
}

/// What a window counts is the same, whichever way its successes go.
#[test]
fn the_quick_way_counts_what_the_long_one_does() {
    let mut x = 0x1234_5678_u64;
    for n in [2, 16, 33, 100] {
        let (quick, long) = (CountedWindow::new(n), CountedWindow::new(n));
        let mut seen = 0;
        for _ in 0..20_000 {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            let sample = Sample {
                failed: x.is_multiple_of(19),
                slow: x.is_multiple_of(23),
            };
            if sample == GOOD {
                seen += u32::from(is_quick(&quick, 3));
            } else {
                quick.record(3, sample, || true).unwrap();
            }
            let wanted = long.record(3, sample, || true);
            assert_eq!(quick.tally(3), wanted);
            assert_eq!(quick.set_bits(3), long.set_bits(3));
        }
        assert!(seen > 1_000, "{seen} of {n}");
    }
}

#[test]
fn a_late_outcome_is_dropped_and_changes_nothing() {
    let w = CountedWindow::new(4);
    put(&w, 5, true);
    assert_eq!(w.record(4, true, || false), None);
    assert_eq!(put(&w, 5, false), (1, 2));
}

/// Each step of a writer whose generation ends in the middle of it.
#[test]
fn d12_a_writer_that_is_overtaken_leaves_nothing() {
    let w = CountedWindow::new(4);
    put(&w, 0, true);
    put(&w, 1, true);
    let (good, bad) = (Sample::from(false), Sample::from(true));
    assert_eq!(w.swap(0, 0, good, || false), None);
    assert_eq!(w.move_counts(0, good, bad), None);
    assert_eq!(w.move_counts(0, bad, good), None);
    assert_eq!((w.tally(1).unwrap().failures, w.set_bits(1)), (1, 1));
    assert_eq!(w.tally(0), None);
}

#[test]
fn under_threads_the_counts_are_the_set_bits() {
    let w = CountedWindow::new(50);
    std::thread::scope(|s| {
        for t in 0..4_u32 {
            let w = &w;
            s.spawn(move || {
                for i in 0..20_000_u32 {
                    let mixed = i.wrapping_mul(2_654_435_761) >> 7;
                    let sample = Sample {
                        failed: mixed % 4 == t,
                        slow: mixed % 5 == t,
                    };
                    let _ = w.record(1, sample, || true);
                }
            });
        }
    });
    let t = w.tally(1).unwrap();
    assert_eq!((t.failures, t.calls), (w.set_bits(1), 50));
    assert_eq!(t.slow, w.slow_bits(1));
}
