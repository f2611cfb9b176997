#![deny(warnings, missing_docs)]
//! What teams ask for first: one policy, written once, over all functions of a client.
use std::sync::atomic::{AtomicU32, Ordering};

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum PayError {
    /// The bank says no.
    #[error("declined")]
    Declined,
    /// The bank says nothing.
    #[error("no answer")]
    NoAnswer,
    /// A policy refused.
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

/// How things are called.
pub mod policies {
    resil::stack! {
        /// How the bank is called.
        pub BANK = #[circuit(name = "one-policy:bank")]
            #[timeout(5s)]
            #[retry(max = 4, base = 1ms, unless(PayError::Declined))]
            #[timeout(800ms)];

        /// A stack that nobody needs yet.
        SPARE = #[retry];
    }
}

/// A bank.
#[derive(Debug, Default)]
pub struct Bank {
    calls: AtomicU32,
}

/// An order.
#[derive(Debug)]
pub struct Order {
    /// Its number.
    pub id: u32,
}

impl Bank {
    /// Charges an order.
    #[resil::apply(policies::BANK)]
    pub async fn charge(&self, order: &Order) -> Result<u32, PayError> {
        match self.calls.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err(PayError::NoAnswer),
            _ => Ok(order.id),
        }
    }

    /// Gives the money back, once.
    #[resil::apply(policies::BANK, retry(max = 2), idempotent(key = order.id))]
    pub async fn refund(&self, order: &Order) -> Result<u32, PayError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Err(if order.id == 0 { PayError::Declined } else { PayError::NoAnswer })
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let bank = Bank::default();
    assert_eq!(bank.charge(&Order { id: 7 }).await.unwrap(), 7);
    assert_eq!(bank.calls.load(Ordering::Relaxed), 3);
    assert!(bank.refund(&Order { id: 0 }).await.is_err());
    assert_eq!(bank.calls.load(Ordering::Relaxed), 4);
    assert!(bank.refund(&Order { id: 1 }).await.is_err());
    assert_eq!(bank.calls.load(Ordering::Relaxed), 6);
}
