//! Allocations a call, of each row of calls: the rows of `bench` under a counting allocator, which
//! would slow down what `bench` times.
//!
//! One line for each contestant: row, contestant, allocations, bytes; tabs between them.

use resil_benches::{harness, rows};

/// A multiple of 64, as arguments come in turns of 64.
const CALLS: u64 = 1_024;

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let _timers = harness::enter();
    for row in rows::of_calls() {
        if !row.name.contains(&filter) {
            continue;
        }
        for contestant in &row.contestants {
            let mut ready = contestant.start(row.warm);
            let seen = allocation_counter::measure(|| (ready.calls)(CALLS));
            let (count, bytes) = (
                seen.count_total as f64 / CALLS as f64,
                seen.bytes_total as f64 / CALLS as f64,
            );
            println!("{}\t{}\t{count}\t{bytes}", row.name, contestant.name);
        }
    }
}
