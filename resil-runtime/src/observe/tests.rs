use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::count::Count;
use super::slot::OWNED;
use super::tally::Tally;
use super::thread::{SLOTS, here};

/// The slice of time at so many seconds.
fn at(seconds: u64) -> u64 {
    seconds / 10
}

fn tally(slice: u64) -> Tally {
    Tally::new(
        "observe::tests",
        #[cfg(feature = "shutdown")]
        Box::leak(Box::new(crate::call::in_flight::Counts::new(
            "observe::tests",
        ))),
        slice,
    )
}

/// The calls that were `Ok` in the last minute, and in all.
fn seen(tally: &Tally, slice: u64) -> (u64, u64) {
    let seen = tally.look(slice);
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
    let own = here().index();
    assert_eq!(here().index(), own);
    let slots: Vec<usize> = (0..2 * SLOTS)
        .map(|_| thread::spawn(|| here().index()).join().unwrap())
        .collect();
    let owned = |&slot: &usize| slot < OWNED && slot != own;
    assert!(slots.iter().all(owned), "{slots:?}");
}

#[test]
fn threads_at_once_own_slots_of_their_own_and_then_share() {
    let _all = with_all_slots();
    let all = SLOTS + 9;
    let barrier = Barrier::new(all);
    let mut slots: Vec<usize> = thread::scope(|scope| {
        let one = || {
            let slot = here().index();
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
    for began in [100, 105, 109] {
        let tally = tally(at(began));
        tally.end(Count::Ok, 1, at(began), 5);
        for after in 0..70 {
            let (minute, all) = seen(&tally, at(began + after));
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
        tally.begin();
        tally.end(Count::Ok, 1, at(second), 1 + second);
    }
    let seen = tally.look(at(599));
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
fn what_happens_in_a_long_call_belongs_to_its_own_time() {
    let tally = tally(at(100));
    tally.begin();
    tally.add(Count::Retry, at(115));
    tally.end(Count::Ok, 1, at(125), 25);
    let retries = |seconds| tally.look(at(seconds)).last_minute.counts[Count::Retry as usize];
    assert_eq!((retries(165), retries(175)), (1, 0));
}

#[test]
fn a_clock_that_jumps_loses_nothing() {
    // Each paused runtime has a clock of its own.
    let tally = tally(at(500));
    for (seconds, all) in [(500, 1), (100, 2), (1 << 60, 3), (1, 4)] {
        tally.end(Count::Ok, 1, at(seconds), 1);
        assert_eq!(seen(&tally, at(seconds)), (1, all));
    }
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
                        tally.begin();
                        tally.end(Count::Ok, 1, n / 500, thread * 1_000 + n);
                    }
                });
            }
        });
    };
    // More at once than own a slot, and some after others.
    for threads in [100, 1, 3, 100] {
        round(threads);
    }
    let seen = tally.look(at(20));
    assert_eq!(seen.total.counts[Count::Ok as usize], 204_000);
    let times: u64 = seen.total.times.as_slice().iter().sum();
    assert_eq!(times, 204_000);
    let of = |threads: u64| (0..threads * 1_000).sum::<u64>();
    assert_eq!(seen.total.nanos, 2 * of(100) + of(1) + of(3));
    assert_eq!(seen.total.max, 99_999);
}
