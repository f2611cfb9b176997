//! How the cost of a call grows with what there is of something.

use std::collections::HashMap;
use std::fmt;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::{LazyLock, PoisonError, RwLock};
use std::task::{Context, Poll, Waker};

use resil::{circuit, idempotency, idempotent, retry, timeout};

use crate::harness::{Contestant, Effort, Row, cpu, enter, median, time};
use crate::work::{Fault, work};

/// A cost at each size.
pub struct Series {
    /// What grows.
    pub of: &'static str,
    /// The columns beside the size, in nanoseconds a call.
    pub columns: Vec<&'static str>,
    /// The sizes, and the figure of each column there.
    pub points: Vec<(usize, Vec<f64>)>,
}

impl fmt::Display for Series {
    /// A table: the last column is the first figure over that of the first row.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.points.first().map_or(f64::NAN, |(_, f)| f[0]);
        writeln!(
            f,
            "| {} | {} | × first |",
            self.of,
            self.columns.join(" | ")
        )?;
        writeln!(f, "|---|{}---|", "---|".repeat(self.columns.len()))?;
        for (size, figures) in &self.points {
            let shown: Vec<String> = figures.iter().map(|x| format!("{x:.1}")).collect();
            let times = figures[0] / first;
            writeln!(f, "| {size} | {} | {times:.2} |", shown.join(" | "))?;
        }
        Ok(())
    }
}

/// Measures all of them, up to sizes that divide the full ones by `less`.
pub fn all(effort: Effort, less: usize) -> Vec<Series> {
    vec![
        breakers(effort, 100_000 / less),
        records(effort, 1_000_000 / less),
        concurrent(effort, 100_000 / less),
        policies(effort),
    ]
}

/// 1, 10, 100, .. up to `most`.
fn sizes(most: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(1), |n| Some(n * 10)).take_while(move |n| *n <= most)
}

/// Calls each way once a round, with keys that jump about among `size`: nanoseconds a call.
fn jump_about<const WAYS: usize>(
    size: usize,
    effort: Effort,
    ways: [&dyn Fn(usize); WAYS],
) -> Vec<f64> {
    const CALLS: usize = 4_096;
    let mut at = 0;
    let figures = crate::harness::interleave(WAYS, effort.rounds, |way| {
        let before = cpu::thread();
        for _ in 0..CALLS {
            // A step that shares no factor with a power of ten comes to all of them.
            at = (at + 618_033) % size;
            ways[way](black_box(at));
        }
        (cpu::thread() - before) / CALLS as f64
    });
    figures.iter().map(|f| median(f)).collect()
}

fn poll<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(out) = future.as_mut().poll(&mut cx) {
            return out;
        }
    }
}

#[circuit(key = key, max_keys = 200_000)]
async fn keyed(key: usize) -> Result<usize, Fault> {
    Ok(black_box(key))
}

/// Keys of one breaker, beside a look into a locked map of the same texts.
fn breakers(effort: Effort, most: usize) -> Series {
    static BY_HAND: LazyLock<RwLock<HashMap<String, usize>>> = LazyLock::new(RwLock::default);
    let mut points = Vec::new();
    for size in sizes(most) {
        let mut by_hand = BY_HAND.write().unwrap_or_else(PoisonError::into_inner);
        for key in 0..size {
            by_hand.insert(key.to_string(), key);
            poll(keyed(key)).expect("it is closed");
        }
        drop(by_hand);
        let resil = |key| {
            black_box(poll(keyed(key))).ok();
        };
        let hand = |key: usize| {
            let by_hand = BY_HAND.read().unwrap_or_else(PoisonError::into_inner);
            black_box(by_hand.get(key.to_string().as_str()));
        };
        points.push((size, jump_about(size, effort, [&resil, &hand])));
    }
    Series {
        of: "keys of one breaker",
        columns: vec!["resil", "locked map"],
        points,
    }
}

#[idempotent(key = key)]
async fn recorded(key: usize) -> Result<u64, Fault> {
    Ok(black_box(key as u64))
}

/// Records in the store in memory, beside a look into a locked map of the same texts.
fn records(effort: Effort, most: usize) -> Series {
    static BY_HAND: LazyLock<RwLock<HashMap<String, u64>>> = LazyLock::new(RwLock::default);
    let limits = idempotency::MemoryLimits::new();
    idempotency::memory_limits(limits.entries(4_000_000).bytes(8 << 30)).expect("it is set once");
    let mut points = Vec::new();
    for size in sizes(most) {
        let mut by_hand = BY_HAND.write().unwrap_or_else(PoisonError::into_inner);
        for key in 0..size {
            by_hand.insert(key.to_string(), key as u64);
            poll(recorded(key)).expect("there is room");
        }
        drop(by_hand);
        let resil = |key| {
            black_box(poll(recorded(key))).ok();
        };
        let hand = |key: usize| {
            let by_hand = BY_HAND.read().unwrap_or_else(PoisonError::into_inner);
            black_box(by_hand.get(key.to_string().as_str()));
        };
        points.push((size, jump_about(size, effort, [&resil, &hand])));
    }
    Series {
        of: "records in memory",
        columns: vec!["resil", "locked map"],
        points,
    }
}

#[circuit]
#[retry]
#[timeout(60s)]
async fn stacked() -> Result<u32, Fault> {
    pending_once().await
}

async fn bounded_by_tokio() -> Result<u32, Fault> {
    let limit = std::time::Duration::from_mins(1);
    let out = tokio::time::timeout(limit, pending_once()).await;
    out.unwrap_or(Err(Fault::Refused))
}

async fn pending_once() -> Result<u32, Fault> {
    let mut yielded = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut yielded, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    work(&7).await
}

/// Calls that are under way at the same time: each is begun, then each is ended.
fn concurrent(effort: Effort, most: usize) -> Series {
    let _timers = enter();
    let points = sizes(most).map(|size| {
        let again = (10_000 / size).max(1);
        let ways: [&dyn Fn() -> f64; 3] = [
            &|| begin_and_end(size, again, stacked),
            &|| begin_and_end(size, again, bounded_by_tokio),
            &|| begin_and_end(size, again, pending_once),
        ];
        let figures = crate::harness::interleave(3, effort.few(), |way| ways[way]());
        (size, figures.iter().map(|f| median(f)).collect())
    });
    Series {
        of: "calls at once",
        columns: vec!["circuit, retry, timeout", "tokio's timeout", "bare"],
        points: points.collect(),
    }
}

fn begin_and_end<F>(size: usize, again: usize, call: impl Fn() -> F) -> f64
where
    F: Future<Output = Result<u32, Fault>>,
{
    let mut cx = Context::from_waker(Waker::noop());
    let before = cpu::thread();
    for _ in 0..again {
        let mut calls: Vec<Pin<Box<F>>> = (0..size).map(|_| Box::pin(call())).collect();
        for call in &mut calls {
            assert!(call.as_mut().poll(&mut cx).is_pending());
        }
        for mut call in calls {
            assert!(call.as_mut().poll(&mut cx).is_ready());
        }
    }
    (cpu::thread() - before) / (size * again) as f64
}

/// A function for each number of policies.
macro_rules! stacks {
    ($($name:ident: [$(#[$policy:meta])*];)*) => {$(
        $(#[$policy])*
        async fn $name(n: &u32) -> Result<u32, Fault> {
            work(n).await
        }
    )*};
}

stacks! {
    of_1: [#[circuit]];
    of_2: [#[circuit] #[retry]];
    of_3: [#[circuit] #[retry] #[timeout(1s)]];
    of_4: [#[circuit] #[timeout(9s)] #[retry] #[timeout(1s)]];
    of_5: [#[circuit] #[timeout(9s)] #[timeout(8s)] #[retry] #[timeout(1s)]];
    of_6: [#[circuit] #[timeout(9s)] #[timeout(8s)] #[retry] #[timeout(2s)] #[timeout(1s)]];
    of_7: [
        #[circuit] #[timeout(9s)] #[timeout(8s)] #[timeout(7s)] #[retry] #[timeout(2s)]
        #[timeout(1s)]
    ];
    of_8: [
        #[circuit] #[timeout(9s)] #[timeout(8s)] #[timeout(7s)] #[retry] #[timeout(3s)]
        #[timeout(2s)] #[timeout(1s)]
    ];
}

/// Policies around one body that is ready.
fn policies(effort: Effort) -> Series {
    let row = Row::new("policies in a stack", "1")
        .with(Contestant::ready("1", || of_1))
        .with(Contestant::ready("2", || of_2))
        .with(Contestant::ready("3", || of_3))
        .with(Contestant::ready("4", || of_4))
        .with(Contestant::ready("5", || of_5))
        .with(Contestant::ready("6", || of_6))
        .with(Contestant::ready("7", || of_7))
        .with(Contestant::ready("8", || of_8));
    let outcome = time(&row, effort);
    let points = outcome.measured.iter().zip(1..).map(|(m, policies)| {
        let bytes = m.future.unwrap_or(0) as f64;
        (policies, vec![median(&m.figures), bytes])
    });
    Series {
        of: "policies in a stack",
        columns: vec!["resil", "bytes of the future"],
        points: points.collect(),
    }
}
