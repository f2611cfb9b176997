//! How a row is measured: rounds interleaved, the order rotated, medians of per-round ratios.

pub mod baseline;
pub mod cpu;
mod drive;
pub mod measure;
pub mod outcome;
pub mod row;
pub mod table;
pub mod valgrind;

pub use drive::{enter, runtime};
pub use measure::{Effort, interleave, time};
pub use outcome::{Measured, Outcome, Unit, median};
pub use row::{Contestant, Row};
