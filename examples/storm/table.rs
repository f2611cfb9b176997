//! The figures as a table: what the page and the terminal show.

use std::fmt::Write;

use crate::policies::Policy;
use crate::record::Record;
use crate::study::{Run, Study};

/// The heads of the columns.
pub(crate) const HEADS: [&str; 8] = [
    "policy",
    "answered before",
    "p99 before",
    "requests a call",
    "answered since",
    "in the end",
    "well after outage",
    "well after spike",
];

/// The rows: a policy each, as [`HEADS`] says, for the outage and, in the last column, the spike.
pub(crate) fn rows(study: &Study) -> Vec<[String; 8]> {
    let row = |&policy: &Policy| {
        row(
            policy.name(),
            study.outage(policy),
            recovery(&study.spike(policy).record),
        )
    };
    let mut rows: Vec<_> = Policy::ALL.iter().map(row).collect();
    let short_queue = row_of_short_queue(&study.short_queue);
    rows.push(short_queue);
    rows
}

fn row_of_short_queue(run: &Run) -> [String; 8] {
    row("naive, short queue", run, "not run".to_owned())
}

fn row(name: &str, run: &Run, spike: String) -> [String; 8] {
    let record = &run.record;
    [
        name.to_owned(),
        percent(record.answered_before()),
        format!("{} ms", record.percentile_before(99)),
        format!("{:.2}", record.requests_a_call()),
        percent(record.answered_since()),
        percent(record.answered_at_last()),
        recovery(record),
        spike,
    ]
}

pub(crate) fn recovery(record: &Record) -> String {
    match record.recovered_after() {
        Some(seconds) => format!("{seconds} s"),
        None => "stays down".to_owned(),
    }
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Returns the tables for a terminal.
pub(crate) fn text(study: &Study) -> String {
    let mut out = format!(
        "{} clients, seed {}. The servers are {} % busy. From second 10 to 15 they stand still.\n\n",
        study.size.clients,
        study.seed,
        crate::scenario::USUAL_PERCENT
    );
    let rows = rows(study);
    let all = [HEADS.map(String::from)].into_iter().chain(rows);
    for row in all {
        let [name, cells @ ..] = row;
        let _ = write!(out, "{name:<19}");
        for cell in cells {
            let _ = write!(out, " {cell:>17}");
        }
        out.push('\n');
    }
    out.push_str("\nThe utilisation from which an outage is not over when it is over:\n");
    for policy in crate::study::SWEPT {
        let from = match study.stays_down_from(policy) {
            Some(from) => format!("{from} %"),
            None => "none".to_owned(),
        };
        let _ = writeln!(out, "{:<19} {from:>17}", policy.name());
    }
    out.push_str("\nThe load rises to 110 % of the capacity, and falls again:\n");
    for run in &study.ramp {
        let turns = run.hysteresis();
        let at = |load: Option<u64>| load.map_or("never".to_owned(), |at| format!("at {at} %"));
        let (lost, back) = (at(turns.lost_at), at(turns.back_at));
        let _ = writeln!(out, "{:<19} lost {lost}, back {back}", run.policy.name());
    }
    out
}
