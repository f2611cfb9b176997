//! A breaker on one thread: closed with each kind of rule, and open.

use std::pin::pin;
use std::task::{Context, Waker};

use resil::circuit;

use super::hand;
use crate::harness::{Contestant, Row};
use crate::work::{Arg, FAILS, Fault, ONE_IN_64, work};

/// A breaker of each kind, each function a state of its own.
macro_rules! breakers {
    ($($name:ident($($options:tt)*);)*) => {$(
        #[circuit($($options)*)]
        async fn $name(n: &u32) -> Result<u32, Fault> {
            work(n).await
        }
    )*};
}

breakers! {
    in_a_row();
    counted(failure_rate = 50%);
    noisy_100(failure_rate = 50%, window = 100);
    noisy_10_000(failure_rate = 50%, window = 10_000);
    timed(failure_rate = 50%, window = 10s);
    noisy_timed(failure_rate = 50%, window = 10s);
    open(failures = 1, open_for = 1h);
}

async fn in_a_row_by_hand(n: &u32) -> Result<u32, Fault> {
    static BREAKER: hand::InARow = hand::InARow::new();
    BREAKER.admit()?;
    let out = work(n).await;
    BREAKER.record(&out);
    out
}

async fn counted_by_hand(n: &u32) -> Result<u32, Fault> {
    static BREAKER: hand::Counted = hand::Counted::new();
    BREAKER.admit()?;
    let out = work(n).await;
    BREAKER.record(&out);
    out
}

async fn open_by_hand(n: &u32) -> Result<u32, Fault> {
    static BREAKER: hand::InARow = hand::InARow::new();
    BREAKER.admit()?;
    let out = work(n).await;
    BREAKER.record(&out);
    out
}

/// Fails five times, so that the breaker around the call is open, and returns the call.
pub(crate) fn tripped<C, F>(call: C) -> C
where
    C: Fn(Arg) -> F,
    F: Future,
{
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..5 {
        let _ = pin!(call(&FAILS)).poll(&mut cx);
    }
    call
}

pub(super) fn rows() -> Vec<Row> {
    let clean = Row::new("circuit closed, counted window, clean", "hand")
        .with(Contestant::ready("bare", || work))
        .with(Contestant::ready("hand", || counted_by_hand))
        .with(Contestant::ready("resil", || counted));
    let in_a_row = Row::new("circuit closed, failures in a row", "hand")
        .with(Contestant::ready("bare", || work))
        .with(Contestant::ready("hand", || in_a_row_by_hand))
        .with(Contestant::ready("resil", || in_a_row));
    let open = Row::new("circuit open", "hand")
        .with(Contestant::ready("hand", || tripped(open_by_hand)))
        .with(Contestant::ready("resil", || tripped(open)));
    #[cfg(feature = "peers")]
    let (clean, in_a_row, open) = (
        clean.with_peers(crate::peers::circuit::counted()),
        in_a_row.with_peers(crate::peers::circuit::in_a_row()),
        open.with_peers(crate::peers::circuit::open()),
    );
    let timed = Row::new("circuit closed, timed window", "hand")
        .with(Contestant::ready("bare", || work))
        .with(Contestant::ready("hand", || counted_by_hand))
        .with(Contestant::ready("resil", || timed));
    let noisy_timed = noisy("circuit closed, timed window, 1 failure in 64")
        .with(Contestant::ready_with("resil", &ONE_IN_64, || noisy_timed));
    vec![
        clean,
        noisy("circuit closed, counted window of 100, 1 failure in 64")
            .with(Contestant::ready_with("resil", &ONE_IN_64, || noisy_100)),
        noisy("circuit closed, counted window of 10,000, 1 failure in 64")
            .warm(20_480)
            .with(Contestant::ready_with("resil", &ONE_IN_64, || noisy_10_000)),
        in_a_row,
        timed,
        noisy_timed,
        open,
    ]
}

fn noisy(name: &'static str) -> Row {
    Row::new(name, "hand")
        .with(Contestant::ready_with("bare", &ONE_IN_64, || work))
        .with(Contestant::ready_with("hand", &ONE_IN_64, || {
            counted_by_hand
        }))
}
