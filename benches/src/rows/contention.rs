//! One breaker that several threads call at once.
//!
//! Wall time, unlike the other rows: a thread that waits for a lock uses no CPU.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use resil::circuit;
use rustix::thread::{CpuSet, sched_setaffinity};

use super::hand;
use crate::harness::row::Shared;
use crate::harness::{Effort, Measured, Outcome, Unit, enter, interleave, median};
use crate::work::{CLEAN, Fault, ONE_IN_64, work, work_for_120_ns};

/// The functions of one row, around a body: each row has breakers of its own.
macro_rules! around {
    ($($module:ident: $body:ident;)*) => {$(
        mod $module {
            use super::*;

            pub(super) async fn bare(n: &u32) -> Result<u32, Fault> {
                $body(n).await
            }

            pub(super) async fn writes_nothing(n: &u32) -> Result<u32, Fault> {
                static BREAKER: hand::InARow = hand::InARow::new();
                BREAKER.admit()?;
                let out = $body(n).await;
                BREAKER.record(&out);
                out
            }

            pub(super) async fn sharded(n: &u32) -> Result<u32, Fault> {
                static CALLS: Sharded = Sharded::new();
                let out = $body(n).await;
                CALLS.add();
                out
            }

            pub(super) async fn one_shared_add(n: &u32) -> Result<u32, Fault> {
                static BREAKER: hand::Counted = hand::Counted::new();
                BREAKER.admit()?;
                let out = $body(n).await;
                BREAKER.record(&out);
                out
            }

            pub(super) async fn reads_the_clock(n: &u32) -> Result<u32, Fault> {
                let out = $body(n).await;
                black_box(Instant::now());
                out
            }

            #[circuit]
            pub(super) async fn in_a_row(n: &u32) -> Result<u32, Fault> {
                $body(n).await
            }

            #[circuit(failure_rate = 50%)]
            pub(super) async fn counted(n: &u32) -> Result<u32, Fault> {
                $body(n).await
            }

            #[circuit(failure_rate = 50%, window = 10s)]
            pub(super) async fn timed(n: &u32) -> Result<u32, Fault> {
                $body(n).await
            }

            pub(super) fn clean() -> Vec<Shared> {
                let ours = vec![
                    Shared::new("bare", &CLEAN, bare),
                    Shared::new("hand, writes nothing", &CLEAN, writes_nothing),
                    Shared::new("hand, sharded", &CLEAN, sharded),
                    Shared::new("hand, one shared add", &CLEAN, one_shared_add),
                    Shared::new("hand, reads the clock", &CLEAN, reads_the_clock),
                    Shared::new("resil, in a row", &CLEAN, in_a_row),
                    Shared::new("resil, counted", &CLEAN, counted),
                    Shared::new("resil, timed", &CLEAN, timed),
                ];
                #[cfg(feature = "peers")]
                let ours = [ours, crate::peers::circuit::shared(|n| $body(n))].concat();
                ours
            }
        }
    )*};
}

around! {
    at_once: work;
    after_120_ns: work_for_120_ns;
}

/// The contestants of a row where one body in 64 fails, with breakers of their own.
fn one_in_64() -> Vec<Shared> {
    async fn one_shared_add(n: &u32) -> Result<u32, Fault> {
        static BREAKER: hand::Counted = hand::Counted::new();
        BREAKER.admit()?;
        let out = work_for_120_ns(n).await;
        BREAKER.record(&out);
        out
    }

    #[circuit(failure_rate = 50%)]
    async fn counted(n: &u32) -> Result<u32, Fault> {
        work_for_120_ns(n).await
    }

    vec![
        Shared::new("bare", &ONE_IN_64, after_120_ns::bare),
        Shared::new("hand, one shared add", &ONE_IN_64, one_shared_add),
        Shared::new("resil, counted", &ONE_IN_64, counted),
    ]
}

/// Counters on lines of their own, one for each thread as long as there are no more than these.
struct Sharded([Line; 16]);

#[repr(align(128))]
struct Line(AtomicU64);

impl Sharded {
    const fn new() -> Self {
        Self([const { Line(AtomicU64::new(0)) }; 16])
    }

    #[inline(always)]
    fn add(&self) {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local!(static OWN: Cell<usize> = Cell::new(THREADS.fetch_add(1, Relaxed) % 16));
        self.0[OWN.get()].0.fetch_add(1, Relaxed);
    }
}

/// The least speed-up of `bare`, which shares nothing, from one thread to two: below it the machine has no second core
/// to give, and the others' figures are those of threads that ran one after the other.
const SECOND_CORE: f64 = 1.8;

/// Turns of these rows are so many times as long as those of the others: a thread that the machine does not let run at
/// once is seen in a short one.
const LONGER: u32 = 25;

/// The share of `bare` that is left with two and four threads, and a body of 120 ns.
pub(super) fn shared(effort: Effort) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for threads in [2, 4] {
        for (contestants, kind) in [
            (after_120_ns::clean(), ""),
            (one_in_64(), ", 1 failure in 64"),
        ] {
            let counts: Vec<u64> = contestants
                .iter()
                .map(|c| calls_in(c, threads, effort.turn * LONGER))
                .collect();
            let mut speed_ups = Vec::new();
            let figures = interleave(contestants.len(), effort.few(), |at| {
                let nanos = nanos_a_call(&contestants[at], threads, counts[at]);
                if at == 0 {
                    speed_ups.push(nanos_a_call(&contestants[at], 1, counts[at]) / nanos);
                }
                nanos
            });
            let row = format!("one breaker, {threads} threads, 120 ns body{kind}");
            outcomes.push(of(
                row,
                Unit::Nanoseconds,
                &contestants,
                figures,
                &speed_ups,
            ));
        }
    }
    outcomes
}

/// How much more two threads get done than one, where the body takes no time.
pub(super) fn speed_up(effort: Effort) -> Vec<Outcome> {
    let contestants = at_once::clean();
    let counts: Vec<u64> = contestants
        .iter()
        .map(|c| calls_in(c, 2, effort.turn * LONGER))
        .collect();
    let figures = interleave(contestants.len(), effort.few(), |at| {
        let alone = nanos_a_call(&contestants[at], 1, counts[at]);
        alone / nanos_a_call(&contestants[at], 2, counts[at])
    });
    let row = "one breaker, ready body, speed-up from 1 thread to 2".to_owned();
    let bare = figures[0].clone();
    vec![of(row, Unit::SpeedUp, &contestants, figures, &bare)]
}

/// Puts an outcome together. `speed_ups` are those of `bare` in the same rounds.
fn of(
    row: String,
    unit: Unit,
    contestants: &[Shared],
    figures: Vec<Vec<f64>>,
    speed_ups: &[f64],
) -> Outcome {
    let measured = contestants.iter().zip(figures);
    let bare = median(speed_ups);
    Outcome {
        row,
        unit,
        base: "bare",
        measured: measured.map(|(c, f)| Measured::new(c.name, f)).collect(),
        unfit: (bare < SECOND_CORE).then(|| {
            format!("`bare` gets {bare:.2} × as much done with more threads: there is no second core just now")
        }),
    }
}

/// Calls so many times on each of so many threads: nanoseconds a call, from the first start to the
/// last end, with all that all of them did.
pub fn nanos_a_call(who: &Shared, threads: usize, calls: u64) -> f64 {
    let all_here = Barrier::new(threads);
    let one = &|core: usize| {
        // The scheduler may leave two threads on one core for the length of a turn. Where a core may not be chosen, it
        // does as it likes.
        let mut cores = CpuSet::new();
        cores.set(core);
        let _ = sched_setaffinity(None, &cores);
        let _timers = enter();
        (who.calls)(256);
        all_here.wait();
        let started = Instant::now();
        (who.calls)(calls);
        (started, Instant::now())
    };
    let spans: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let on_one = |at| scope.spawn(move || one(at % cores));
        let threads: Vec<_> = (0..threads).map(on_one).collect();
        let spans = threads.into_iter().map(|t| t.join().expect("no panic"));
        spans.collect()
    });
    let first = spans.iter().map(|(start, _)| *start).min();
    let last = spans.iter().map(|(_, end)| *end).max();
    let took = first.zip(last).map(|(first, last)| last - first);
    took.unwrap_or_default().as_nanos() as f64 / (calls * threads as u64) as f64
}

/// How many calls on each thread take about that long: by the fastest of some tries, as others may
/// take the processor away.
fn calls_in(who: &Shared, threads: usize, turn: Duration) -> u64 {
    let turn = turn.as_nanos() as f64;
    let mut calls = 1_024;
    loop {
        let tries = (0..3).map(|_| nanos_a_call(who, threads, calls));
        let nanos = tries.fold(f64::INFINITY, f64::min);
        let took = nanos * calls as f64 * threads as f64;
        if took * 4.0 >= turn {
            return ((calls as f64 * turn / took / 64.0).ceil() as u64).max(1) * 64;
        }
        calls *= 2;
    }
}
