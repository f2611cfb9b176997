//! A rate limit on one thread: a call that is let in, and one that is refused.

use resil::rate_limit;

use super::hand;
use crate::harness::{Contestant, Row};
use crate::work::{Fault, work};

#[rate_limit(max = 1_000_000_000, per = 1s)]
async fn let_in(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

#[rate_limit(max = 1, per = 1h)]
async fn refused(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

async fn let_in_by_hand(n: &u32) -> Result<u32, Fault> {
    static LIMIT: hand::Gcra = hand::Gcra::new(1, 1_000_000_000);
    LIMIT.admit()?;
    work(n).await
}

async fn refused_by_hand(n: &u32) -> Result<u32, Fault> {
    const HOUR: u64 = 3_600_000_000_000;
    static LIMIT: hand::Gcra = hand::Gcra::new(HOUR, HOUR);
    LIMIT.admit()?;
    work(n).await
}

pub(super) fn rows() -> Vec<Row> {
    let let_in = Row::new("rate limit, let in", "hand")
        .with(Contestant::ready("bare", || work))
        .with(Contestant::ready("hand", || let_in_by_hand))
        .with(Contestant::ready("resil", || let_in));
    let refused = Row::new("rate limit, refused", "hand")
        .with(Contestant::ready("hand", || refused_by_hand))
        .with(Contestant::ready("resil", || refused));
    #[cfg(feature = "peers")]
    let (let_in, refused) = (
        let_in.with_peers(crate::peers::rate_limit::let_in()),
        refused.with_peers(crate::peers::rate_limit::refused()),
    );
    vec![let_in, refused]
}
