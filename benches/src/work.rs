//! The bodies of the measured functions, and the error that they fail with.

use std::fmt;
use std::hint::black_box;
use std::sync::OnceLock;

use crate::harness::cpu;

/// The error of every measured function, as an application has one.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// The body failed.
    Down,
    /// A policy written by hand, or a peer's, refused.
    Refused,
    /// resil refused.
    Resil(resil::Error),
}

impl From<resil::Error> for Fault {
    fn from(e: resil::Error) -> Self {
        Self::Resil(e)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down => f.write_str("down"),
            Self::Refused => f.write_str("refused"),
            Self::Resil(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for Fault {}

/// What every measured function is called with.
pub type Arg = &'static u32;

/// A call with this argument fails.
pub const FAILS: u32 = u32::MAX;

/// The arguments of 64 calls in turn: all succeed.
pub static CLEAN: [u32; 64] = [7; 64];

/// The arguments of 64 calls in turn: one fails.
pub static ONE_IN_64: [u32; 64] = {
    let mut args = [7; 64];
    args[40] = FAILS;
    args
};

/// Ready at once. The compiler can't tell that it succeeds, so nothing that handles an error is
/// optimised away.
#[inline(always)]
pub async fn work(n: &u32) -> Result<u32, Fault> {
    let n = black_box(*n);
    if n == FAILS { Err(Fault::Down) } else { Ok(n) }
}

/// [`work`] after one turn through the scheduler, as after a socket that was not ready.
#[inline(always)]
pub async fn work_pending_once(n: &u32) -> Result<u32, Fault> {
    tokio::task::yield_now().await;
    work(n).await
}

/// [`work`] after about 120 ns of computing.
#[inline(always)]
pub async fn work_for_120_ns(n: &u32) -> Result<u32, Fault> {
    spin(turns());
    work(n).await
}

fn spin(turns: u32) {
    for turn in 0..turns {
        black_box(turn);
    }
}

/// How many turns of [`spin`] take 120 ns: found once, as the fastest of many tries.
fn turns() -> u32 {
    static TURNS: OnceLock<u32> = OnceLock::new();
    *TURNS.get_or_init(|| {
        const SAMPLE: u32 = 100_000;
        let fastest = (0..50)
            .map(|_| {
                let before = cpu::thread();
                spin(black_box(SAMPLE));
                cpu::thread() - before
            })
            .min_by(f64::total_cmp)
            .unwrap_or(1.0);
        (120.0 * f64::from(SAMPLE) / fastest).clamp(10.0, 100_000.0) as u32
    })
}
