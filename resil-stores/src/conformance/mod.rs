//! A suite that any [`Store`](resil_runtime::idempotency::Store) can be held to: every line of the
//! table of its states, the invariants of the protocol, claims that meet, and random steps beside a
//! reference model that is too simple to be wrong.
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
//! A fault panics, and says which line of the table was not kept. Every run uses keys of its own,
//! so a store may hold what it likes, and several suites may run over one store at once.
//!
//! # Time
//!
//! A lease has to end for some lines. The suite waits for that: two to six [units](Suite::unit) at
//! a time, on tokio's clock. A store whose clock is not tokio's is run in real time, and a unit has
//! to be long enough that a step never takes that long; one whose clock a test can move gives
//! [`advance`](Suite::advance).

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
    /// Runs all of it: [`table`](Self::table), [`races`](Self::races), [`model`](Self::model).
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

    /// Runs steps that meet, of which one must win.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub async fn races(&self) {
        race::rounds(self).await;
    }

    /// Runs random sequences of steps, with each answer compared with that of a reference model.
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
