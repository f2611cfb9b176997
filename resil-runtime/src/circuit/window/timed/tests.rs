//! The window by itself: what it holds at each moment, whoever writes.

use super::*;
use std::collections::VecDeque;

const ORIGIN: u64 = 1 << 34;

fn put(w: &TimedWindow, generation: u32, failed: bool, now: u64) -> (u64, u64) {
    assert!(w.record(generation, failed, || now, || true).is_some());
    read(w, generation, now)
}

fn read(w: &TimedWindow, generation: u32, now: u64) -> (u64, u64) {
    let t = w.tally(generation, now);
    (t.failures, t.calls)
}

/// F04: 5 s, and everything is gone a window later. (There five buckets of a second, whose
/// border the case looks at; here ten.)
#[test]
fn f04_outcomes_leave_within_their_window() {
    let t = ORIGIN.next_multiple_of(500);
    let w = TimedWindow::new(5_000);
    put(&w, 0, true, t);
    put(&w, 0, false, t + 100);
    assert_eq!(put(&w, 0, true, t + 100), (2, 3));
    assert_eq!(read(&w, 0, t + 4_100), (2, 3));
    assert_eq!(read(&w, 0, t + 5_100), (0, 0));
    assert_eq!(put(&w, 0, false, t + 5_200), (0, 1));
    assert_eq!(put(&w, 0, false, t + 10_200), (0, 1));
}

/// F05, on borders that both have: the first three leave together.
#[test]
fn f05_a_bucket_leaves_as_a_whole() {
    let t = ORIGIN.next_multiple_of(5_000);
    let w = TimedWindow::new(5_000);
    let at = [0, 100, 200, 1_200, 2_200, 3_200, 4_200];
    for (i, after) in at.into_iter().enumerate() {
        let failed = i == 0 || i == 5;
        assert_eq!(put(&w, 0, failed, t + after).1, i as u64 + 1);
    }
    assert_eq!(put(&w, 0, false, t + 5_200), (1, 5));
    assert_eq!(put(&w, 0, false, t + 6_200), (1, 5));
    assert_eq!(put(&w, 0, false, t + 11_200), (0, 1));
}

/// F06 (Polly): 10 s in ten buckets, one `[F, S]` or `[S, S]` each 2 s, read after each.
#[test]
fn f06_rolling_window_of_ten_buckets() {
    let mut t = ORIGIN.next_multiple_of(10_000);
    let w = TimedWindow::new(10_000);
    let mut seen = Vec::new();
    for failed in [true, true, false, false, false] {
        put(&w, 0, failed, t);
        put(&w, 0, false, t);
        t += 2_000;
        seen.push(read(&w, 0, t));
    }
    assert_eq!(seen, [(1, 2), (2, 4), (2, 6), (2, 8), (1, 8)]);
    assert_eq!(read(&w, 0, t + 2_000), (0, 6));
    assert_eq!(read(&w, 0, t + 20_000), (0, 0));
}

/// G04: the oldest of ten buckets is dropped when the eleventh begins.
#[test]
fn g04_the_oldest_bucket_goes_with_the_eleventh() {
    let t = ORIGIN.next_multiple_of(30_000);
    let w = TimedWindow::new(30_000);
    for bucket in 0..10 {
        assert_eq!(put(&w, 0, false, t + bucket * 3_000).1, bucket + 1);
    }
    assert_eq!(put(&w, 0, false, t + 30_000).1, 10);
}

/// F03, over time: slow S, slow F, S, S, S: two of five were slow, one failed; slow calls leave
/// with their bucket, and with a change of state.
#[test]
fn f03_slow_calls_are_counted_and_leave() {
    let w = TimedWindow::with_shards(5_000, 1);
    let ends = [(false, true), (true, true), (false, false)];
    for (failed, slow) in ends.into_iter().chain([(false, false); 2]) {
        let sample = Sample { failed, slow };
        assert!(w.record(0, sample, || ORIGIN, || true).is_some());
    }
    let t = w.tally(0, ORIGIN);
    assert_eq!((t.calls, t.slow, t.failures), (5, 2, 1));
    let rate = |slow| Rate {
        failed: None,
        slow: Some(slow),
        min_calls: 5,
        window: crate::circuit::rules::Span::Millis(5_000),
    };
    let tag = w.tag(0, ORIGIN);
    assert!(w.trips(tag, &rate(0.4)) && !w.trips(tag, &rate(0.41)));
    assert_eq!(w.tally(0, ORIGIN + 5_000).slow, 0);
    assert_eq!(w.tally(1, ORIGIN).slow, 0);
}

#[test]
fn it_is_the_last_ten_buckets_of_any_window() {
    let mut x = 0x2545_f491_u64;
    for window in [100_u64, 105, 999, 60_000, 3_600_000] {
        let w = TimedWindow::new(window);
        let mut model: VecDeque<(u64, bool)> = VecDeque::new();
        let (mut now, mut generation) = (ORIGIN, 0);
        for _ in 0..5_000 {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            now += x % (window / 20).max(2) + if x.is_multiple_of(97) { window } else { 0 };
            if x.is_multiple_of(701) {
                generation += 1;
                model.clear();
            }
            let bucket = now * 10 / window;
            model.push_back((bucket, x.is_multiple_of(3)));
            model.retain(|(b, _)| bucket - b < 10);
            let failures = model.iter().filter(|(_, f)| *f).count() as u64;
            let failed = x.is_multiple_of(3);
            let quick = !failed && w.record_success(generation, now).is_some();
            let got = if quick {
                read(&w, generation, now)
            } else {
                put(&w, generation, failed, now)
            };
            assert_eq!(got, (failures, model.len() as u64));
            assert!(failures == 0 || !w.is_clean(w.tag(generation, now)));
        }
    }
}

#[test]
fn a_success_in_the_bucket_at_hand_is_counted_at_once() {
    let w = TimedWindow::with_shards(1_000, 1);
    assert_eq!(w.record_success(3, ORIGIN), None, "no bucket is begun");
    put(&w, 3, true, ORIGIN);
    assert_eq!(w.record_success(3, ORIGIN), Some(w.tag(3, ORIGIN)));
    assert_eq!(read(&w, 3, ORIGIN), (1, 2));
    for (generation, now) in [
        (3, ORIGIN + 100),
        (3, ORIGIN - 100),
        (4, ORIGIN),
        (2, ORIGIN),
    ] {
        assert_eq!(w.record_success(generation, now), None);
    }
    assert_eq!(read(&w, 3, ORIGIN), (1, 2));
    // A count that is full is not added to.
    let tag = w.tag(3, ORIGIN);
    let slot = w.layout.slot(w.own(), tag);
    slot.store(tag | w.layout.counts(), Ordering::SeqCst);
    assert_eq!(w.record_success(3, ORIGIN), None);
}

#[test]
fn it_is_clean_until_something_fails_and_a_window_after() {
    let tag = |w: &TimedWindow, now| w.tag(3, now);
    for sample in [(true, false), (false, true)] {
        let (failed, slow) = sample;
        let w = TimedWindow::new(1_000);
        put(&w, 3, false, ORIGIN);
        assert!(w.is_clean(tag(&w, ORIGIN)));
        let note = |now| {
            w.record(3, Sample { failed, slow }, || now, || true)
                .unwrap()
        };
        note(ORIGIN);
        for later in [0, 100, 899] {
            assert!(!w.is_clean(tag(&w, ORIGIN + later)));
        }
        assert!(w.is_clean(tag(&w, ORIGIN.next_multiple_of(100) + 1_000)));
        assert!(w.is_clean(w.tag(4, ORIGIN)), "of another generation");
        note(ORIGIN + 500);
        assert!(!w.is_clean(tag(&w, ORIGIN + 1_300)));
        // On a clock that lags: nothing is known, so it has to be looked at.
        assert!(!w.is_clean(tag(&w, ORIGIN - 3_600_000)));
        note(ORIGIN - 3_600_000);
        assert!(!w.is_clean(tag(&w, ORIGIN - 3_600_000 + 900)));
    }
}

/// A failure that is late does not hide those of the generation in force.
#[test]
fn a_late_failure_is_not_noted() {
    let w = TimedWindow::with_shards(1_000, 1);
    put(&w, 3, true, ORIGIN + 1_000);
    assert!(!w.note(w.tag(2, ORIGIN), false));
    assert!(!w.note(w.tag(3, ORIGIN), false));
    assert!(!w.is_clean(w.tag(3, ORIGIN + 1_900)));
}

#[test]
fn an_outcome_leaves_between_nine_tenths_and_one_window_after_it_came() {
    for offset in 0..1_000 {
        let w = TimedWindow::new(1_000);
        let came = ORIGIN + offset;
        put(&w, 0, true, came);
        assert_eq!(read(&w, 0, came + 900), (1, 1));
        assert_eq!(read(&w, 0, came + 1_000), (0, 0));
    }
}

#[test]
fn a_late_writer_is_dropped_and_a_clock_that_lags_is_believed() {
    let w = TimedWindow::new(1_000);
    put(&w, 3, true, ORIGIN);
    // Late: its generation is over.
    assert_eq!(w.record(2, true, || ORIGIN, || false), None);
    assert_eq!(read(&w, 3, ORIGIN), (1, 1));
    // A day behind, in one generation: another runtime's clock.
    for (i, behind) in (0..10).zip([86_400_000; 10]) {
        put(&w, 3, true, ORIGIN - behind + i * 100);
    }
    assert_eq!(read(&w, 3, ORIGIN - 86_400_000 + 900), (10, 10));
}

/// On each line by itself: threads that have not called yet, and successes, have left nothing
/// there.
#[test]
fn a_failure_on_a_clock_that_lags_is_counted_where_only_failures_lie_ahead() {
    let w = TimedWindow::with_shards(1_000, 1);
    for i in 0..16 {
        put(&w, 0, true, ORIGIN + 3_600_000 + i * 100);
    }
    for of_another_shard in &w.calls[0].0 {
        of_another_shard.store(0, Ordering::SeqCst);
    }
    assert_eq!(put(&w, 0, true, ORIGIN), (1, 1));
}

/// Runtimes that are paused have clocks of their own: what one has moved on is not so on the next.
#[test]
fn of_another_generation_nothing_is_counted_whatever_the_clock() {
    for ahead in 0..1_000 {
        let w = TimedWindow::new(1_000);
        put(&w, 3, true, ORIGIN + ahead * 50);
        put(&w, 4, false, ORIGIN);
        assert_eq!(read(&w, 4, ORIGIN), (0, 1), "{ahead}");
    }
}

#[test]
fn no_bucket_comes_again_while_a_process_lives() {
    for window in [100, 101, 999, 1_600, 60_000, 86_400_000, 1 << 36] {
        let w = TimedWindow::new(window);
        put(&w, 0, true, ORIGIN);
        for bits in 0..=38 {
            for later in [(1 << bits) - 1, 1 << bits] {
                assert_eq!(read(&w, 0, ORIGIN + window.max(later)), (0, 0));
            }
        }
        assert_eq!(read(&w, 0, ORIGIN), (1, 1));
    }
}

#[test]
fn a_count_stays_in_its_bits() {
    const TEN_YEARS: u64 = 10 * 365 * 86_400_000;
    for window in [100, 199, 1_000, 3_600_000, TEN_YEARS] {
        let layout = Layout::of_window(window);
        let most = layout.counts();
        assert!(most / (window / BUCKETS) > 16_000, "a ms, of one line");
        for tag in [0, 1 << layout.count_bits, !most] {
            let full = layout.one_more(tag, most - 1);
            assert_eq!((layout.since(full, tag), full & most), (0, most));
            assert_eq!(layout.one_more(tag, most), full);
        }
    }
}

#[test]
fn under_threads_no_outcome_is_lost() {
    let w = TimedWindow::new(60_000);
    std::thread::scope(|s| {
        for t in 0..4_u32 {
            let w = &w;
            s.spawn(move || {
                for i in 0..10_000_u32 {
                    let now = ORIGIN + u64::from(i);
                    w.record(0, i % 4 == t, || now, || true);
                }
            });
        }
    });
    assert_eq!(read(&w, 0, ORIGIN + 10_000), (10_000, 40_000));
}

/// A machine of one core, or a thread that is pinned to one, makes a window for the threads of all others, too.
#[cfg(not(loom))]
#[test]
fn a_window_has_its_shards_wherever_it_is_made() {
    assert_eq!(TimedWindow::new(1_000).calls.len(), 8);
    assert_eq!(TimedWindow::with_shards(1_000, 1).calls.len(), 1);
}
