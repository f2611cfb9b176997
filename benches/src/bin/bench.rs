//! Runs the rows and prints one table. `scripts/bench` builds it and tells what it can do.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

use resil_benches::goals;
use resil_benches::harness::{Effort, Outcome, baseline, enter, measure, table, valgrind};
use resil_benches::rows::{self, compile, growth};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // What cachegrind runs: the calls of one contestant, and nothing else.
    if let [first, row, who, calls] = args.as_slice()
        && first == "--calls"
    {
        return calls_of(row, who, calls.parse().unwrap_or(0));
    }
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("bench: {e}");
            ExitCode::FAILURE
        }
    }
}

fn calls_of(row: &str, who: &str, calls: u64) -> ExitCode {
    let rows = rows::of_calls();
    let row = rows.iter().find(|r| r.name == row);
    let Some((row, contestant)) = row.and_then(|r| Some((r, r.find(who)?))) else {
        return ExitCode::FAILURE;
    };
    let _timers = enter();
    (contestant.start(row.warm).calls)(calls);
    ExitCode::SUCCESS
}

/// What is asked for.
struct Asked {
    what: What,
    quick: bool,
    check: bool,
    filter: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Everything,
    Compile,
    Growth,
    Ci,
    Bless,
}

impl Asked {
    fn read(args: &[String]) -> io::Result<Self> {
        let mut asked = Self {
            what: What::Everything,
            quick: false,
            check: false,
            filter: String::new(),
        };
        for arg in args {
            match arg.as_str() {
                "--quick" => asked.quick = true,
                "--check" => asked.check = true,
                "--compile" => asked.what = What::Compile,
                "--growth" => asked.what = What::Growth,
                "--ci" => asked.what = What::Ci,
                "--bless" => asked.what = What::Bless,
                other if other.starts_with('-') => {
                    return Err(io::Error::other(format!("no such option: {other}")));
                }
                filter => filter.clone_into(&mut asked.filter),
            }
        }
        Ok(asked)
    }

    fn effort(&self) -> Effort {
        if self.quick {
            Effort::QUICK
        } else {
            Effort::FULL
        }
    }

    /// Whether it asks for a row, or for one of a family that is measured at one go.
    fn wants(&self, row: &str) -> bool {
        row.contains(&self.filter) || !self.filter.is_empty() && self.filter.contains(row)
    }
}

fn run(args: &[String]) -> io::Result<bool> {
    let asked = Asked::read(args)?;
    let _timers = enter();
    let mut outcomes = Vec::new();
    match asked.what {
        What::Ci => return ci(false),
        What::Bless => return ci(true),
        What::Growth => {
            for series in growth::all(asked.effort(), if asked.quick { 10 } else { 1 }) {
                println!("{series}");
            }
            return Ok(true);
        }
        What::Everything => outcomes.extend(calls(&asked)?),
        What::Compile => {}
    }
    if asked.what == What::Compile || !asked.quick {
        outcomes.extend(builds(&asked)?);
    }
    outcomes.retain(|outcome| asked.wants(&outcome.row));
    if outcomes.is_empty() {
        let name = &asked.filter;
        return Err(io::Error::other(format!("no row has `{name}` in its name")));
    }
    println!("{}", table::of(&outcomes));
    if !asked.check {
        return Ok(true);
    }
    let compiles = |row: &str| compile::ROWS.iter().any(|family| row.starts_with(family));
    let (text, all_met) = table::of_goals(&outcomes, |row| {
        asked.wants(row) && (asked.what == What::Everything || compiles(row))
    });
    println!("{text}");
    Ok(all_met)
}

/// The rows of calls, on one thread and on several.
fn calls(asked: &Asked) -> io::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for row in rows::of_calls() {
        if asked.wants(row.name) {
            eprintln!("times: {}", row.name);
            outcomes.push(measure::time(&row, asked.effort()));
        }
    }
    count(&mut outcomes)?;
    for special in rows::special() {
        if asked.wants(special.name) {
            eprintln!("times: {}", special.name);
            outcomes.extend((special.run)(asked.effort()));
        }
    }
    Ok(outcomes)
}

/// What compiling costs.
fn builds(asked: &Asked) -> io::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    let rounds = if asked.quick { 1 } else { 5 };
    if asked.wants(compile::CRATES) || asked.wants(compile::CLEAN_BUILD) {
        eprintln!("builds: what is depended on");
        outcomes.extend(compile::dependencies(rounds.min(3))?);
    }
    if asked.wants(compile::ONE_FUNCTION) {
        eprintln!("builds: one function");
        outcomes.extend(compile::one_function()?);
    }
    if asked.wants(compile::THOUSAND_FUNCTIONS) {
        eprintln!("builds: 1000 functions");
        outcomes.extend(compile::thousand_functions(rounds)?);
    }
    Ok(outcomes)
}

/// What CI runs: all that is the same on every run.
fn ci(bless: bool) -> io::Result<bool> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline.txt");
    let rows = rows::of_calls();
    let mut outcomes: Vec<Outcome> = rows.iter().map(measure::sizes).collect();
    for outcome in &mut outcomes {
        outcome.measured.retain(|m| baseline::is_held(m.name));
    }
    count(&mut outcomes)?;
    if bless {
        let rustc = Command::new("rustc").arg("--version").output()?.stdout;
        let rustc = String::from_utf8_lossy(&rustc);
        std::fs::write(&path, baseline::written(&outcomes, rustc.trim()))?;
    }
    let stored = std::fs::read_to_string(&path)?;
    let mut good = true;
    match baseline::compare(&outcomes, &stored) {
        Ok(better) if better.is_empty() => println!("bench: all as in benches/baseline.txt"),
        Ok(better) => println!("bench: better than stored, so `scripts/bench --bless`:\n{better}"),
        Err(worse) => {
            good = false;
            println!("bench: worse than benches/baseline.txt allows:\n{worse}");
        }
    }
    let crates = compile::crates_without_idempotent()?;
    println!("bench: {crates} crates below resil without `idempotent`");
    Ok(good && crates as f64 <= goals::MOST_CRATES)
}

/// Adds instructions and allocations to the outcomes of calls.
fn count(outcomes: &mut [Outcome]) -> io::Result<()> {
    eprintln!("counts: instructions");
    let exe = std::env::current_exe()?;
    let mut entries = Vec::new();
    for outcome in &*outcomes {
        entries.extend(
            outcome
                .measured
                .iter()
                .map(|m| (outcome.row.clone(), m.name)),
        );
    }
    let instructions = valgrind::instructions(&exe, &entries)?;
    eprintln!("counts: allocations");
    let allocations = allocations(&exe.with_file_name("allocations"))?;
    let measured = outcomes.iter_mut().flat_map(|o| &mut o.measured);
    for ((of, entry), count) in measured.zip(entries).zip(instructions) {
        of.instructions = Some(count);
        of.allocations = allocations.get(&(entry.0, entry.1.to_owned())).copied();
    }
    Ok(())
}

/// Runs the program beside this one that counts them.
fn allocations(exe: &Path) -> io::Result<HashMap<(String, String), (f64, f64)>> {
    let out = Command::new(exe).output()?;
    if !out.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&out.stderr)));
    }
    let listed = String::from_utf8_lossy(&out.stdout);
    let lines = listed.lines().filter_map(|line| {
        let mut cells = line.split('\t');
        let key = (cells.next()?.to_owned(), cells.next()?.to_owned());
        let count = cells.next()?.parse().ok()?;
        Some((key, (count, cells.next()?.parse().ok()?)))
    });
    Ok(lines.collect())
}
