//! Retry, where the first try succeeds.

use std::time::Duration;

use resil::retry;

use crate::harness::{Contestant, Row};
use crate::work::{Fault, work};

#[retry]
async fn retried(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

async fn by_hand(n: &u32) -> Result<u32, Fault> {
    let mut retries = 0;
    loop {
        match work(n).await {
            Err(_) if retries < 2 => {}
            out => return out,
        }
        let delay = Duration::from_millis(100) * (1 << retries);
        tokio::time::sleep(delay).await;
        retries += 1;
    }
}

pub(super) fn first_try_ok() -> Row {
    let row = Row::new("retry, first try ok", "hand")
        .with(Contestant::ready("bare", || work))
        .with(Contestant::ready("hand", || by_hand))
        .with(Contestant::ready("resil", || retried));
    #[cfg(feature = "peers")]
    let row = row.with_peers(crate::peers::retry::first_try_ok());
    row
}
