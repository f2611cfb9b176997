//! The figures that CI holds resil to: they are the same on every run of one compiler, so that a
//! change in them is a change of the code.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::outcome::Outcome;

/// How far instructions may rise above what is stored.
const SLACK: f64 = 0.03;

/// Whether that contestant is held to its figures.
pub fn is_held(who: &str) -> bool {
    who.starts_with("resil")
}

/// What does not depend on time.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Figures {
    instructions: f64,
    allocations: f64,
    future: usize,
}

fn figures(outcomes: &[Outcome]) -> BTreeMap<(String, String), Figures> {
    let mut all = BTreeMap::new();
    for outcome in outcomes {
        for of in &outcome.measured {
            if let (true, Some(instructions), Some((allocations, _)), Some(future)) =
                (is_held(of.name), of.instructions, of.allocations, of.future)
            {
                let figures = Figures {
                    instructions,
                    allocations,
                    future,
                };
                all.insert((outcome.row.clone(), of.name.to_owned()), figures);
            }
        }
    }
    all
}

/// Returns the text of the file that stores the figures of these outcomes.
pub fn written(outcomes: &[Outcome], rustc: &str) -> String {
    let mut text = format!(
        "# What CI holds resil to: `scripts/bench --ci`; `scripts/bench --bless` writes it anew.\n\
         # {rustc}\n\
         # row | who | instructions a call, with its loop | allocations | bytes of the future\n"
    );
    for ((row, who), f) in figures(outcomes) {
        let _ = writeln!(
            text,
            "{row} | {who} | {:.1} | {:.2} | {}",
            f.instructions, f.allocations, f.future
        );
    }
    text
}

/// Compares with what is stored: what is worse, and what is so much better that it should be stored.
///
/// # Errors
///
/// What is worse, or can't be compared.
pub fn compare(outcomes: &[Outcome], stored: &str) -> Result<String, String> {
    let now = figures(outcomes);
    let stored = read(stored)?;
    let (mut worse, mut better) = (String::new(), String::new());
    for (key, is) in &now {
        let (row, who) = key;
        let Some(was) = stored.get(key) else {
            let _ = writeln!(worse, "{row}, {who}: nothing is stored");
            continue;
        };
        let change = is.instructions / was.instructions - 1.0;
        let told = format!(
            "{row}, {who}: {:.1} instructions, stored are {:.1} ({:+.1} %)\n",
            is.instructions,
            was.instructions,
            change * 100.0
        );
        if change > SLACK {
            worse.push_str(&told);
        } else if change < -SLACK {
            better.push_str(&told);
        }
        if is.allocations > was.allocations + 0.005 {
            let (is, was) = (is.allocations, was.allocations);
            let _ = writeln!(
                worse,
                "{row}, {who}: {is:.2} allocations, stored are {was:.2}"
            );
        }
        if is.future > was.future {
            let (is, was) = (is.future, was.future);
            let _ = writeln!(
                worse,
                "{row}, {who}: a future of {is} bytes, stored are {was}"
            );
        }
    }
    for (row, who) in stored.keys().filter(|key| !now.contains_key(key)) {
        let _ = writeln!(worse, "{row}, {who}: is stored, and was not measured");
    }
    if worse.is_empty() {
        Ok(better)
    } else {
        Err(worse)
    }
}

fn read(stored: &str) -> Result<BTreeMap<(String, String), Figures>, String> {
    let lines = stored.lines().filter(|l| !l.starts_with('#'));
    lines
        .map(|l| line(l).ok_or_else(|| format!("not a line of figures: {l}")))
        .collect()
}

fn line(line: &str) -> Option<((String, String), Figures)> {
    let mut cells = line.split(" | ");
    let key = (cells.next()?.to_owned(), cells.next()?.to_owned());
    let figures = Figures {
        instructions: cells.next()?.parse().ok()?,
        allocations: cells.next()?.parse().ok()?,
        future: cells.next()?.parse().ok()?,
    };
    Some((key, figures))
}
