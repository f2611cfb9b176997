//! A bulkhead that has room, on one thread.

use std::sync::atomic::{AtomicU64, Ordering};

use resil::bulkhead;
use tokio::sync::Semaphore;

use crate::harness::{Contestant, Row};
use crate::work::{Fault, work};

#[bulkhead(max = 16)]
async fn of_16(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

#[bulkhead(max = 16, queue = 64, wait = 100ms)]
async fn with_a_queue(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

#[bulkhead(adaptive)]
async fn adaptive(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

/// The calls inside, counted by hand.
struct Places(AtomicU64);

/// One of them.
struct Place<'a>(&'a Places);

impl Places {
    fn take(&self) -> Option<Place<'_>> {
        let free = |inside: u64| (inside < 16).then(|| inside + 1);
        let taken = self
            .0
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, free);
        taken.is_ok().then(|| Place(self))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Release);
    }
}

async fn by_hand(n: &u32) -> Result<u32, Fault> {
    static PLACES: Places = Places(AtomicU64::new(0));
    let _place = PLACES.take().ok_or(Fault::Refused)?;
    work(n).await
}

async fn by_tokio(n: &u32) -> Result<u32, Fault> {
    static PLACES: Semaphore = Semaphore::const_new(16);
    let _permit = PLACES.try_acquire().map_err(|_| Fault::Refused)?;
    work(n).await
}

pub(super) fn row() -> Row {
    Row::new("bulkhead with room", "hand")
        .with(Contestant::ready("bare", || work))
        .with(Contestant::ready("hand", || by_hand))
        .with(Contestant::ready("tokio", || by_tokio))
        .with(Contestant::ready("resil", || of_16))
        .with(Contestant::ready("resil, with a queue", || with_a_queue))
        .with(Contestant::ready("resil, adaptive", || adaptive))
}
