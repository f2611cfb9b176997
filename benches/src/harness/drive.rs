//! Runs calls to their end: the loops that are measured, one for each contestant's type.

use std::hint::black_box;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use tokio::runtime::{EnterGuard, Runtime};

use crate::work::Arg;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
});

/// Returns the runtime that pending calls run on. It has one thread, which is the caller's.
pub fn runtime() -> &'static Runtime {
    &RUNTIME
}

/// Makes the timers of [`runtime`] those of this thread, as long as the guard lives.
pub fn enter() -> EnterGuard<'static> {
    RUNTIME.enter()
}

/// Polls a future to its end, woken or not. It is in memory, as that of a task is: nobody could keep
/// the whole of it in registers.
#[inline(always)]
pub(super) fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut future = black_box(future.as_mut());
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(out) = future.as_mut().poll(&mut cx) {
            return out;
        }
    }
}

/// Calls so many times, polling each call here.
#[inline(never)]
pub(super) fn polled<F: Future>(call: impl Fn(Arg) -> F, args: &'static [u32; 64], calls: u64) {
    for i in 0..calls {
        let arg = &args[(i % 64) as usize];
        black_box(finish(call(black_box(arg))));
    }
}

/// Calls so many times, one after the other, in one task of the runtime.
#[inline(never)]
pub(super) fn in_a_task<F: Future>(call: impl Fn(Arg) -> F, args: &'static [u32; 64], calls: u64) {
    RUNTIME.block_on(async {
        for i in 0..calls {
            let arg = &args[(i % 64) as usize];
            black_box(call(black_box(arg)).await);
        }
    });
}
