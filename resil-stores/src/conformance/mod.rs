//! Tests whether a [`Store`](resil_runtime::idempotency::Store) keeps its contract. The suite tries
//! every line of the table of states, the invariants of the protocol, and claims that meet. It
//! compares random steps with a reference model, which is too simple to be wrong.
//!
//! ```
//! # use std::sync::Arc;
//! # use std::time::Duration;
//! use resil_stores::conformance::Suite;
//! use resil_runtime::idempotency::store::Memory;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! Suite::new(Arc::new(Memory::default()))
//!     .sequences(50)
//!     .run()
//!     .await;
//! # }
//! ```
//!
//! A fault of the store is a panic, whose message names the line of the table. Every run uses keys
//! of its own, so the store may hold other records, and several suites may run over one store at
//! once.
//!
//! # Time
//!
//! For some lines a lease has to end. The suite waits for that on tokio's clock, for two to six
//! [units](Suite::unit) at a time. A store whose clock is not tokio's is tested in real time, and a
//! unit has to be longer than any step takes. If a test can move the store's clock, it gives the
//! suite [`advance`](Suite::advance), and nothing is waited for.

mod case;
mod manual;
mod model;
mod owner;
mod race;
mod reference;
mod spans;
mod suite;
mod table;

pub use suite::Suite;

impl Suite {
    /// Runs the whole suite: [`table`](Self::table), [`races`](Self::races),
    /// [`model`](Self::model).
    ///
    /// # Panics
    ///
    /// If the store does not keep to the protocol, or answers with an error.
    pub async fn run(&self) {
        self.table().await;
        self.races().await;
        self.model().await;
    }

    /// Runs every line of the table of states, one after the other.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub async fn table(&self) {
        table::lines(self).await;
        owner::lines(self).await;
        spans::lines(self).await;
        manual::lines(self).await;
    }

    /// Runs steps that meet on one key, of which exactly one must win.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub async fn races(&self) {
        race::rounds(self).await;
    }

    /// Runs random sequences of steps, and compares each answer with the reference model's.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run); the message names the seed.
    pub async fn model(&self) {
        let seeds = (0..self.sequences).map(|n| self.seed.wrapping_add(n.into()));
        self.all(seeds.map(|seed| model::sequence(self.clone(), seed)))
            .await;
    }
}
