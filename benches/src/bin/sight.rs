//! What it costs that calls are seen: `scripts/bench --sight` builds this once without sight, once with spans that
//! nobody takes, and once with each call counted, and prints the differences.
//!
//! It prints a name and a figure on each line. The first are nanoseconds of CPU time a call, beyond a body without a
//! policy, and those of a read of the clock, of which a counted call has two. The last are calls of two threads over those of
//! one, with a body of 120 ns: twice as many is all that two cores can do.

#![allow(
    missing_docs,
    clippy::print_stdout,
    reason = "a program that prints times"
)]

use std::hint::black_box;
use std::time::Instant;

use resil::{circuit, retry, timeout};
use resil_benches::harness::row::Shared;
use resil_benches::harness::{Contestant, Effort, Row, enter, interleave, measure, median};
use resil_benches::rows::contention::nanos_a_call;
use resil_benches::work::{CLEAN, Fault, work, work_for_120_ns};

#[retry]
async fn retried(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

#[circuit]
#[retry]
#[timeout(1s)]
async fn stacked(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

async fn clock(n: &u32) -> Result<u32, Fault> {
    black_box(Instant::now());
    work(n).await
}

async fn bare_120(n: &u32) -> Result<u32, Fault> {
    work_for_120_ns(n).await
}

async fn clock_120(n: &u32) -> Result<u32, Fault> {
    black_box(Instant::now());
    let out = work_for_120_ns(n).await;
    black_box(Instant::now());
    out
}

#[retry]
async fn retried_120(n: &u32) -> Result<u32, Fault> {
    work_for_120_ns(n).await
}

/// The calls of a thread in one round.
const CALLS: u64 = 64 * 1_024;

fn main() {
    let _timers = enter();
    let row = Row::new("sight", "bare")
        .with(Contestant::ready("bare", || work))
        .with(Contestant::ready("a read of the clock", || clock))
        .with(Contestant::ready("retry", || retried))
        .with(Contestant::ready("circuit, retry, timeout", || stacked));
    let outcome = measure::time(&row, Effort::FULL);
    let bare = &outcome.measured[0].figures;
    for measured in &outcome.measured[1..] {
        // In pairs of one round: what disturbs the machine for longer than a turn disturbs both.
        let beyond = measured.figures.iter().zip(bare).map(|(a, b)| a - b);
        println!(
            "{}\t{:.1}",
            measured.name,
            median(&beyond.collect::<Vec<_>>())
        );
    }
    let contestants = [
        Shared::new("two threads over one: bare", &CLEAN, bare_120),
        Shared::new(
            "two threads over one: two reads of the clock",
            &CLEAN,
            clock_120,
        ),
        Shared::new("two threads over one: retry", &CLEAN, retried_120),
    ];
    let figures = interleave(contestants.len(), 31, |at| {
        let who = &contestants[at];
        nanos_a_call(who, 1, CALLS) / nanos_a_call(who, 2, CALLS)
    });
    for (who, figures) in contestants.iter().zip(figures) {
        println!("{}\t{:.2}", who.name, median(&figures));
    }
}
