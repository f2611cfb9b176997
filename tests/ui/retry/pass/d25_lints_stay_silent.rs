//! Nothing that is generated wakes a lint.
#![deny(warnings, unused, missing_docs, unreachable_pub, unused_qualifications)]
#![deny(elided_lifetimes_in_paths, unused_lifetimes, single_use_lifetimes, unused_results)]
//! A crate.
use resil::{circuit, idempotent, retry, timeout};

/// A client.
#[derive(Debug)]
pub struct Client(u32);

impl Client {
    /// Pays.
    ///
    /// # Errors
    /// When the other side fails.
    #[idempotent(key = (self.0, order))]
    #[circuit(name = "d25", failures = 3)]
    #[timeout(9s)]
    #[retry(on(e if !matches!(e, resil::Error::CircuitOpen { .. })))]
    #[timeout(1s)]
    pub async fn pay(&self, order: u32) -> Result<u32, resil::Error> {
        if order == 0 {
            return Ok(self.0);
        }
        Ok(order)
    }
}

#[test]
fn main() {
    drop(Client(1).pay(1));
}
