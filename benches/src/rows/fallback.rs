//! Fallbacks that are not needed.

use std::sync::{Mutex, PoisonError};

use resil::fallback;

use crate::harness::{Contestant, Row};
use crate::work::{Fault, work};

#[fallback(7)]
async fn guarded(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

#[fallback(|error| if error == Fault::Down { Ok(*n) } else { Err(error) })]
async fn asking(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

async fn by_hand(n: &u32) -> Result<u32, Fault> {
    match work(n).await {
        Ok(value) => Ok(value),
        Err(_) => Ok(7),
    }
}

#[fallback(last_ok)]
async fn keeping(n: &u32) -> Result<u32, Fault> {
    work(n).await
}

async fn keeping_by_hand(n: &u32) -> Result<u32, Fault> {
    static LAST: Mutex<Option<u32>> = Mutex::new(None);
    let last = || LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match work(n).await {
        Ok(value) => {
            *last() = Some(value);
            Ok(value)
        }
        Err(error) => last().ok_or(error),
    }
}

pub(super) fn rows() -> [Row; 2] {
    [
        Row::new("fallback, success", "hand")
            .with(Contestant::ready("bare", || work))
            .with(Contestant::ready("hand", || by_hand))
            .with(Contestant::ready("resil", || guarded))
            .with(Contestant::ready("resil, asks for the error", || asking)),
        Row::new("fallback to the last value, success", "hand")
            .with(Contestant::ready("bare", || work))
            .with(Contestant::ready("hand", || keeping_by_hand))
            .with(Contestant::ready("resil", || keeping)),
    ]
}
