//! A breaker around a retry around a timeout, all well.

use std::time::Duration;

use resil::{CircuitPolicy, RetryPolicy, Stack, circuit, retry, timeout};

use super::hand;
use crate::harness::{Contestant, Row};
use crate::work::{Fault, work, work_pending_once};

/// The three policies by hand around a body, with a breaker of that kind.
macro_rules! by_hand {
    ($($name:ident: $breaker:ident, $body:ident;)*) => {$(
        async fn $name(n: &u32) -> Result<u32, Fault> {
            static BREAKER: hand::$breaker = hand::$breaker::new();
            BREAKER.admit()?;
            let mut retries = 0;
            let out = loop {
                match hand::timeout(Duration::from_secs(1), $body(n)).await {
                    Err(_) if retries < 2 => {}
                    out => break out,
                }
                let delay = Duration::from_millis(100) * (1 << retries);
                tokio::time::sleep(delay).await;
                retries += 1;
            };
            BREAKER.record(&out);
            out
        }
    )*};
}

by_hand! {
    counting: Counted, work;
    writing_nothing: InARow, work;
    counting_pending: Counted, work_pending_once;
}

#[circuit]
#[retry]
#[timeout(1s)]
async fn stacked(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

#[circuit]
#[retry]
#[timeout(1s)]
async fn stacked_pending(n: &u32) -> Result<u32, Fault> {
    work_pending_once(n).await
}

static VALUE: Stack = Stack::new("benches.value")
    .circuit(CircuitPolicy::new())
    .retry(RetryPolicy::new())
    .timeout(Duration::from_secs(1));

async fn value(n: &u32) -> Result<u32, Fault> {
    VALUE.run(|| work(n)).await
}

async fn value_pending(n: &u32) -> Result<u32, Fault> {
    VALUE.run(|| work_pending_once(n)).await
}

pub(super) fn rows() -> [Row; 2] {
    let ready = Row::new("circuit, retry, timeout: ready", "hand, counts")
        .with(Contestant::ready("bare", || work))
        .with(Contestant::ready("hand, counts", || counting))
        .with(Contestant::ready("hand, writes nothing", || {
            writing_nothing
        }))
        .with(Contestant::ready("resil", || stacked))
        .with(Contestant::ready("resil, as a value", || value));
    let once = Row::new("circuit, retry, timeout: pending once", "hand, counts")
        .with(Contestant::pending("bare", || work_pending_once))
        .with(Contestant::pending("hand, counts", || counting_pending))
        .with(Contestant::pending("resil", || stacked_pending))
        .with(Contestant::pending("resil, as a value", || value_pending));
    #[cfg(feature = "peers")]
    let (ready, once) = (
        ready.with_peers(crate::peers::stack::ready()),
        once.with_peers(crate::peers::stack::pending_once()),
    );
    [ready, once]
}
