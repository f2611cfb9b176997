//! A retry storm, simulated: 10,000 clients call ten servers under ten policies, and something goes wrong.
//!
//! `cargo run --example storm` runs it, prints a table, and writes `target/storm/index.html` with charts.
//! `--clients 1000` is a smaller fleet, `--seed 8` other random numbers, `--out DIR` another folder.
//!
//! The policies are resil's own. The clients and the servers are a model on paused time: a minute of theirs
//! takes a second or two. The same seed gives the same figures. `tests/storm` holds the page to what it says.
//! Read `policies.rs` and `server.rs` first.

mod chart;
mod dice;
mod fleet;
mod page;
mod plots;
mod policies;
mod record;
mod scenario;
mod server;
mod study;
mod table;
mod time;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use policies::Policy;
use study::{Size, Study};

struct Arguments {
    clients: u64,
    seed: u64,
    out: PathBuf,
}

fn arguments() -> Result<Arguments, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut read = Arguments {
        clients: 10_000,
        seed: 7,
        out: root.join("target/storm"),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        let number = |value: String| {
            let number = value.parse::<u64>();
            number.map_err(|_| format!("`{value}` is no number"))
        };
        match &*word {
            "--clients" => read.clients = number(value()?)?,
            "--seed" => read.seed = number(value()?)?,
            "--out" => read.out = value()?.into(),
            _ => return Err(format!("`{word}`: write --clients, --seed or --out")),
        }
    }
    if !(1_000..=100_000).contains(&read.clients) {
        return Err("--clients takes 1000 to 100000".into());
    }
    Ok(read)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = arguments()?;
    let size = Size {
        clients: arguments.clients,
        fewer: (arguments.clients / 5).max(1_000),
        sweep: &[10, 20, 25, 30, 40, 45, 50, 55, 60, 70, 80, 90],
    };
    let study = Study::run(size, arguments.seed);
    print!("{}", table::text(&study));

    let charts = page::charts(&study)?;
    fs::create_dir_all(&arguments.out)?;
    for chart in &charts {
        fs::write(arguments.out.join(chart.file), &chart.svg)?;
    }
    // The picture of the README.
    let four = [
        Policy::Jitter,
        Policy::Budget,
        Policy::Circuit,
        Policy::Usual,
    ];
    let four = four.map(|policy| study.outage(policy).clone());
    let picture = plots::offered_and_served(&four)?;
    fs::write(arguments.out.join("four.svg"), picture)?;
    let index = arguments.out.join("index.html");
    fs::write(&index, page::html(&study, &charts))?;
    println!("\nThe charts: {}", index.display());
    Ok(())
}
