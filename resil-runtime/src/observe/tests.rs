use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::count::Count;
use super::slot::{OWNED, SLOTS, Slot};
use super::tally::Tally;

const SECOND: u64 = 1_000_000_000;

fn tally(now: u64) -> Tally {
    Tally::new(
        "observe::tests",
        #[cfg(feature = "shutdown")]
        Box::leak(Box::new(crate::call::in_flight::Counts::new(
            "observe::tests",
        ))),
        now,
    )
}

/// The calls that were `Ok` in the last minute, and in all.
fn seen(tally: &Tally, now: u64) -> (u64, u64) {
    let seen = tally.look(now);
    let ok = Count::Ok as usize;
    (seen.last_minute.counts[ok], seen.total.counts[ok])
}

/// Tests with many threads take all slots, and run one after the other.
fn with_all_slots() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_thread_keeps_its_slot_and_gives_it_back() {
    let _all = with_all_slots();
    let here = Slot::here().index();
    assert_eq!(Slot::here().index(), here);
    let slots: Vec<usize> = (0..2 * SLOTS)
        .map(|_| thread::spawn(|| Slot::here().index()).join().unwrap())
        .collect();
    let owned = |&slot: &usize| slot < OWNED && slot != here;
    assert!(slots.iter().all(owned), "{slots:?}");
}

#[test]
fn threads_at_once_own_slots_of_their_own_and_then_share() {
    let _all = with_all_slots();
    let all = SLOTS + 9;
    let barrier = Barrier::new(all);
    let mut slots: Vec<usize> = thread::scope(|scope| {
        let one = || {
            let slot = Slot::here().index();
            barrier.wait();
            slot
        };
        let all: Vec<_> = (0..all).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    slots.sort_unstable();
    assert!(slots.iter().all(|&slot| slot < SLOTS));
    slots.retain(|&slot| slot < OWNED);
    let owned = slots.len();
    assert!(owned > 0);
    slots.dedup();
    assert_eq!(slots.len(), owned);
}

#[test]
fn the_last_minute_reaches_back_fifty_to_sixty_seconds() {
    for began in [100, 105, 109].map(|s| s * SECOND) {
        let tally = tally(began);
        tally.end(Count::Ok, began, 5);
        for after in 0..70 {
            let (minute, all) = seen(&tally, began + after * SECOND);
            assert_eq!(all, 1);
            match after {
                0..=50 => assert_eq!(minute, 1, "{after} s"),
                60.. => assert_eq!(minute, 0, "{after} s"),
                _ => {}
            }
        }
    }
}

#[test]
fn what_is_counted_belongs_to_its_own_time_though_nobody_asks() {
    let tally = tally(0);
    for second in 0..600 {
        tally.begin(second * SECOND);
        tally.end(Count::Ok, second * SECOND, 1 + second);
    }
    let seen = tally.look(599 * SECOND);
    let ok = Count::Ok as usize;
    // The slices from 540 s on.
    assert_eq!(
        (seen.last_minute.counts[ok], seen.total.counts[ok]),
        (60, 600)
    );
    assert_eq!((seen.last_minute.max, seen.total.max), (600, 600));
    assert_eq!(seen.last_minute.nanos, (541..=600).sum::<u64>());
}

#[test]
fn a_clock_that_jumps_loses_nothing() {
    // Each paused runtime has a clock of its own.
    let tally = tally(500 * SECOND);
    tally.end(Count::Ok, 500 * SECOND, 1);
    tally.end(Count::Ok, 100 * SECOND, 1);
    assert_eq!(seen(&tally, 101 * SECOND), (1, 2));
    tally.end(Count::Ok, 1 << 62, 1);
    assert_eq!(seen(&tally, 1 << 62), (1, 3));
    tally.end(Count::Ok, 1, 1);
    assert_eq!(seen(&tally, 1), (1, 4));
}

#[test]
fn threads_that_come_and_go_lose_nothing() {
    let _all = with_all_slots();
    let tally = tally(0);
    let round = |threads: u64| {
        thread::scope(|scope| {
            for thread in 0..threads {
                let tally = &tally;
                scope.spawn(move || {
                    for n in 0..1_000 {
                        tally.begin(n);
                        tally.end(Count::Ok, n * 20_000_000, thread * 1_000 + n);
                    }
                });
            }
        });
    };
    // More at once than own a slot, and some after others.
    for threads in [100, 1, 3, 100] {
        round(threads);
    }
    let seen = tally.look(20 * SECOND);
    assert_eq!(seen.total.counts[Count::Ok as usize], 204_000);
    let times: u64 = seen.total.times.as_slice().iter().sum();
    assert_eq!(times, 204_000);
    let of = |threads: u64| (0..threads * 1_000).sum::<u64>();
    assert_eq!(seen.total.nanos, 2 * of(100) + of(1) + of(3));
    assert_eq!(seen.total.max, 99_999);
}
