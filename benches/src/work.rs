//! The bodies of the measured functions, and the error that they fail with.

use std::fmt;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use crate::harness::cpu;

/// The error of every measured function.
///
/// It is small, so that a result fits a register: moving a large one from layer to layer costs every
/// contestant the same, and would hide what they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The body failed.
    Down,
    /// A policy refused.
    Refused,
}

impl From<resil::Error> for Fault {
    fn from(_: resil::Error) -> Self {
        Self::Refused
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Down => "down",
            Self::Refused => "refused",
        })
    }
}

impl std::error::Error for Fault {}

/// What every measured function is called with.
pub type Arg = &'static u32;

/// A call with this argument fails.
pub const FAILS: u32 = u32::MAX;

/// A call with this argument never ends. Nobody makes one.
const HANGS: u32 = u32::MAX - 1;

/// The arguments of 64 calls in turn: all succeed.
pub static CLEAN: [u32; 64] = [7; 64];

/// The arguments of 64 calls in turn: one fails.
pub static ONE_IN_64: [u32; 64] = {
    let mut args = [7; 64];
    args[40] = FAILS;
    args
};

/// Ready at once.
///
/// The compiler can't tell that it is, nor that it succeeds: what would handle a pending body and an
/// error is there in all contestants.
#[inline(always)]
pub fn work(n: &u32) -> Work<'_> {
    Work { n, done: false }
}

/// The future of [`work`], as small as that of an `async fn` with one argument.
#[derive(Debug)]
pub struct Work<'a> {
    n: &'a u32,
    done: bool,
}

impl Future for Work<'_> {
    type Output = Result<u32, Fault>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(!self.done, "it was polled again after it had answered");
        let out = match black_box(*self.n) {
            HANGS => return Poll::Pending,
            FAILS => Err(Fault::Down),
            n => Ok(n),
        };
        self.done = true;
        Poll::Ready(out)
    }
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
