//! Holds `examples/storm` to what its page says, with a fleet of 1,000 clients.
//!
//! The program's own modules run here. The study is made once for each of two seeds, and each test looks at
//! both.

#[path = "../../examples/storm/chart.rs"]
mod chart;
#[path = "../../examples/storm/dice.rs"]
mod dice;
#[path = "../../examples/storm/fleet.rs"]
mod fleet;
#[path = "../../examples/storm/page.rs"]
mod page;
#[path = "../../examples/storm/plots.rs"]
mod plots;
#[path = "../../examples/storm/policies.rs"]
mod policies;
#[path = "../../examples/storm/record.rs"]
mod record;
#[path = "../../examples/storm/scenario.rs"]
mod scenario;
#[path = "../../examples/storm/server.rs"]
mod server;
#[path = "../../examples/storm/study.rs"]
mod study;
#[path = "../../examples/storm/table.rs"]
mod table;
#[path = "../../examples/storm/time.rs"]
mod time;

mod claims;
mod same_seed;

use std::sync::LazyLock;

use study::{Size, Study};

const SIZE: Size = Size {
    clients: 1_000,
    fewer: 1_000,
    sweep: &[20, 30, 45, 55, 70, 90],
};

static FIRST: LazyLock<Study> = LazyLock::new(|| Study::run(SIZE, 7));
static SECOND: LazyLock<Study> = LazyLock::new(|| Study::run(SIZE, 8));

/// Returns the studies of both seeds.
fn studies() -> [&'static Study; 2] {
    [&FIRST, &SECOND]
}
