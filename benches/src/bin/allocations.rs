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
            // What a run of calls takes once is in both, and not in the difference.
            let few = allocation_counter::measure(|| (ready.calls)(CALLS));
            let many = allocation_counter::measure(|| (ready.calls)(3 * CALLS));
            let of_one_call = |few: u64, many: u64| (many as f64 - few as f64) / (2 * CALLS) as f64;
            let count = of_one_call(few.count_total, many.count_total);
            let bytes = of_one_call(few.bytes_total, many.bytes_total);
            println!("{}\t{}\t{count}\t{bytes}", row.name, contestant.name);
        }
    }
}
