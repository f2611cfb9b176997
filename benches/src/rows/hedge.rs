//! Hedged calls whose first copy answers.

use std::time::Duration;

use resil::hedge;

use crate::harness::{Contestant, Row};
use crate::work::{Fault, work, work_pending_once};

const SECOND: Duration = Duration::from_secs(1);

#[hedge(after = 1s)]
async fn ready(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

#[hedge(after = p95(default = 1s))]
async fn ready_by_percentile(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

#[hedge(after = 1s)]
async fn pending(n: &u32) -> Result<u32, Fault> {
    work_pending_once(n).await
}

async fn pending_by_tokio(n: &u32) -> Result<u32, Fault> {
    let out = tokio::time::timeout(SECOND, work_pending_once(n)).await;
    out.unwrap_or(Err(Fault::Refused))
}

pub(super) fn rows() -> [Row; 2] {
    let ready = Row::new("hedge, first copy ready", "bare")
        .with(Contestant::ready("bare", || work))
        .with(Contestant::ready("resil", || ready))
        .with(Contestant::ready("resil, percentile", || {
            ready_by_percentile
        }));
    let once = Row::new("hedge, first copy pending once", "tokio")
        .with(Contestant::pending("bare", || work_pending_once))
        .with(Contestant::pending("resil", || pending))
        .with(Contestant::pending("tokio", || pending_by_tokio));
    [ready, once]
}
