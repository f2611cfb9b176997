//! Timeouts that don't fire.

use std::time::Duration;

use resil::timeout;

use super::hand;
use crate::harness::{Contestant, Row};
use crate::work::{Fault, work, work_pending_once};

const SECOND: Duration = Duration::from_secs(1);

#[timeout(1s)]
async fn bounded(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

async fn by_hand(n: &u32) -> Result<u32, Fault> {
    hand::timeout(SECOND, work(n)).await
}

async fn by_tokio(n: &u32) -> Result<u32, Fault> {
    let out = tokio::time::timeout(SECOND, work(n)).await;
    out.unwrap_or(Err(Fault::Refused))
}

#[timeout(1s)]
async fn pending(n: &u32) -> Result<u32, Fault> {
    work_pending_once(n).await
}

async fn pending_by_hand(n: &u32) -> Result<u32, Fault> {
    hand::timeout(SECOND, work_pending_once(n)).await
}

async fn pending_by_tokio(n: &u32) -> Result<u32, Fault> {
    let out = tokio::time::timeout(SECOND, work_pending_once(n)).await;
    out.unwrap_or(Err(Fault::Refused))
}

#[timeout(500ms)]
async fn nested(n: &u32) -> Result<u32, Fault> {
    pending(n).await
}

async fn nested_by_hand(n: &u32) -> Result<u32, Fault> {
    hand::timeout(SECOND / 2, pending_by_hand(n)).await
}

async fn nested_by_tokio(n: &u32) -> Result<u32, Fault> {
    let out = tokio::time::timeout(SECOND / 2, pending_by_tokio(n)).await;
    out.unwrap_or(Err(Fault::Refused))
}

pub(super) fn rows() -> [Row; 3] {
    let ready = Row::new("timeout, ready", "hand")
        .with(Contestant::ready("bare", || work))
        .with(Contestant::ready("hand", || by_hand))
        .with(Contestant::ready("resil", || bounded))
        .with(Contestant::ready("tokio", || by_tokio));
    let once = Row::new("timeout, pending once", "tokio")
        .with(Contestant::pending("bare", || work_pending_once))
        .with(Contestant::pending("hand", || pending_by_hand))
        .with(Contestant::pending("resil", || pending))
        .with(Contestant::pending("tokio", || pending_by_tokio));
    #[cfg(feature = "peers")]
    let (ready, once) = (
        ready.with_peers(crate::peers::timeout::ready()),
        once.with_peers(crate::peers::timeout::pending_once()),
    );
    let nested = Row::new("timeout, pending once, nested in a sooner one", "tokio")
        .with(Contestant::pending("bare", || work_pending_once))
        .with(Contestant::pending("hand", || nested_by_hand))
        .with(Contestant::pending("resil", || nested))
        .with(Contestant::pending("tokio", || nested_by_tokio));
    [ready, once, nested]
}
