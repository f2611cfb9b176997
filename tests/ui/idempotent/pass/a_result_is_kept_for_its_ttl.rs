//! Times and a version out of constants: of the crate, of the type, of a block. When the ttl is
//! over, the key is a new one.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::time::Duration;

use resil::{Error, idempotent};
use tokio::time::advance;

const DAY: Duration = Duration::from_secs(24 * 3_600);

struct Mailer {
    sent: Cell<u32>,
}

impl Mailer {
    const KEPT: Duration = Duration::from_secs(90);

    #[idempotent(key = to, ttl = Self::KEPT, lease = const { Self::KEPT }, version = 3)]
    async fn welcome(&self, to: &str) -> Result<u32, Error> {
        self.sent.set(self.sent.get() + 1);
        Ok(self.sent.get())
    }

    #[idempotent(key(to), ttl(DAY.saturating_mul(2)), lease(30ms), version(1))]
    async fn remind(&self, to: &str) -> Result<u32, Error> {
        self.sent.set(self.sent.get() + 1);
        Ok(self.sent.get())
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let mailer = Mailer { sent: Cell::new(0) };
    assert_eq!(mailer.welcome("ada@example.com").await, Ok(1));
    assert_eq!(mailer.remind("ada@example.com").await, Ok(2));
    advance(Duration::from_secs(89)).await;
    assert_eq!(mailer.welcome("ada@example.com").await, Ok(1));
    advance(Duration::from_secs(2)).await;
    assert_eq!(mailer.welcome("ada@example.com").await, Ok(3));
    advance(DAY).await;
    assert_eq!(mailer.remind("ada@example.com").await, Ok(2));
    advance(DAY).await;
    assert_eq!(mailer.remind("ada@example.com").await, Ok(4));
}
