//! The one table, and the goals beside their figures.

use std::fmt::Write;

use super::outcome::{Measured, Outcome, Unit, median, quantile};
use crate::goals::GOALS;

/// Returns the table of all outcomes, as Markdown.
pub fn of(outcomes: &[Outcome]) -> String {
    let mut lines = vec![
        [
            "row",
            "",
            "figure",
            "×",
            "quartiles",
            "instructions",
            "allocations",
            "future",
        ]
        .map(str::to_owned),
    ];
    for outcome in outcomes {
        for (at, measured) in outcome.measured.iter().enumerate() {
            let row = if at == 0 {
                format!("{} (× {})", outcome.row, outcome.base)
            } else {
                String::new()
            };
            lines.push(line(row, outcome, measured));
        }
    }
    aligned(&lines)
}

fn line(row: String, outcome: &Outcome, of: &Measured) -> [String; 8] {
    let ratios = outcome.ratios(of.name, outcome.base).unwrap_or_default();
    let (ratio, quartiles) = if of.name == outcome.base || ratios.is_empty() {
        (String::new(), String::new())
    } else {
        let (low, high) = (quantile(&ratios, 0.25), quantile(&ratios, 0.75));
        (
            format!("{:.2}", median(&ratios)),
            format!("{low:.2}–{high:.2}"),
        )
    };
    let figure = median(&of.figures);
    let figure = match outcome.unit {
        Unit::Nanoseconds => format!("{figure:.1} ns"),
        Unit::SpeedUp => format!("{figure:.2} ×"),
        Unit::Seconds => format!("{figure:.2} s"),
        Unit::Instructions => format!("{figure:.1} M"),
        Unit::Megabytes => format!("{figure:.2} MB"),
        Unit::Crates | Unit::Lines => format!("{figure:.0}"),
    };
    let instructions = match outcome.instructions(of.name) {
        Some(count) if outcome.find("bare").is_some() && of.name == "bare" => {
            debug_assert!(count == 0.0);
            format!("({:.0})", of.instructions.unwrap_or(f64::NAN))
        }
        Some(count) if outcome.find("bare").is_some() => format!("{count:+.0}"),
        Some(count) => format!("({count:.0})"),
        None => String::new(),
    };
    let allocations = match of.allocations {
        Some((0.0, _)) => "0".to_owned(),
        Some((count, bytes)) => format!("{count:.2}, {bytes:.0} B"),
        None => String::new(),
    };
    let future = of
        .future
        .map_or(String::new(), |bytes| format!("{bytes} B"));
    [
        row,
        of.name.to_owned(),
        figure,
        ratio,
        quartiles,
        instructions,
        allocations,
        future,
    ]
}

/// Returns the goals of the rows that `wants` names, and whether all of them are met.
///
/// A goal whose row was not measured is not met, nor is one whose row says nothing about it.
pub fn of_goals(outcomes: &[Outcome], wants: impl Fn(&str) -> bool) -> (String, bool) {
    let mut text = String::from("| goal | | figure | |\n|---|---|---|---|\n");
    let mut all_met = true;
    for goal in GOALS.iter().filter(|goal| wants(goal.row())) {
        let outcome = outcomes.iter().find(|o| o.row == goal.row());
        let figure = outcome.and_then(|outcome| goal.figure(outcome));
        let unfit = outcome.and_then(|outcome| outcome.unfit.as_deref());
        let (shown, verdict) = match (figure, unfit) {
            (None, _) => (String::new(), "**not measured**"),
            (Some(figure), Some(_)) => (format!("{figure:.3}"), "**not judged**"),
            (Some(figure), None) if goal.is_met(figure) => (format!("{figure:.3}"), "met"),
            (Some(figure), None) => (format!("{figure:.3}"), "**missed**"),
        };
        all_met &= verdict == "met";
        let _ = writeln!(text, "| {goal} | {shown} | {verdict} |");
    }
    for outcome in outcomes {
        if let Some(why) = &outcome.unfit {
            let _ = writeln!(text, "\n{}: {why}", outcome.row);
        }
    }
    (text, all_met)
}

/// Lays the cells out so that the table reads as text, too. The first line is the head.
fn aligned<const CELLS: usize>(lines: &[[String; CELLS]]) -> String {
    let mut widths = [3; CELLS];
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        for (width, cell) in widths.iter().zip(line) {
            let _ = write!(text, "| {cell:<width$} ");
        }
        text.push_str("|\n");
        if at == 0 {
            for width in widths {
                let _ = write!(text, "|{}", "-".repeat(width + 2));
            }
            text.push_str("|\n");
        }
    }
    text
}
