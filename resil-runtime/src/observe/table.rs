//! Statistics as a table.

use std::fmt::{self, Display, Write};
use std::time::Duration;

use super::stats::{CallStats, FunctionStats, Stats};

/// A column: its head, and what is in it. An empty text stands for nothing.
type Column = (&'static str, fn(&FunctionStats, &CallStats) -> String);

/// The columns. The first two, and those of times, are always there.
const COLUMNS: [Column; 22] = [
    ("function", |of, _| of.function.to_owned()),
    ("calls", |_, stats| grouped(stats.calls)),
    ("ok", |_, stats| number(stats.ok)),
    ("error", |_, stats| number(stats.errors)),
    ("timeout", |_, stats| number(stats.timeouts)),
    ("refused", |_, stats| number(stats.refusals)),
    ("replayed", |_, stats| number(stats.replays)),
    ("fallback", |_, stats| number(stats.fallbacks)),
    ("cancelled", |_, stats| number(stats.cancelled)),
    ("dropped", |_, stats| number(stats.dropped)),
    ("panicked", |_, stats| number(stats.panicked)),
    ("in flight", |of, _| number(of.in_flight)),
    ("attempts", |_, stats| number(stats.attempts)),
    ("retries", |_, stats| number(stats.retries)),
    ("limits passed", |_, stats| number(stats.limits_passed)),
    ("hedges", |_, stats| number(stats.hedges)),
    ("won", |_, stats| number(stats.hedges_won)),
    ("mean", |_, stats| time(stats, stats.mean)),
    ("p50", |_, stats| time(stats, stats.p50)),
    ("p90", |_, stats| time(stats, stats.p90)),
    ("p99", |_, stats| time(stats, stats.p99)),
    ("max", |_, stats| time(stats, stats.max)),
];

impl Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.functions.is_empty() {
            return f.write_str("no function was called yet\n");
        }
        f.write_str("last minute\n")?;
        table(f, &self.functions, |of| &of.last_minute)?;
        f.write_str("\nsince the start\n")?;
        table(f, &self.functions, |of| &of.since_start)
    }
}

fn table(
    f: &mut fmt::Formatter<'_>,
    functions: &[FunctionStats],
    span: impl Fn(&FunctionStats) -> &CallStats,
) -> fmt::Result {
    let columns = COLUMNS.iter().filter_map(|(head, cell)| {
        let cells: Vec<String> = functions.iter().map(|of| cell(of, span(of))).collect();
        let width = cells.iter().map(|cell| cell.chars().count()).max()?;
        (width > 0).then(|| (*head, width.max(head.len()), cells))
    });
    let columns: Vec<_> = columns.collect();
    for row in 0..=functions.len() {
        let mut line = String::new();
        for (at, (head, width, cells)) in columns.iter().enumerate() {
            let cell = match row {
                0 => head,
                row => cells[row - 1].as_str(),
            };
            if at == 0 {
                write!(line, "{cell:<width$}")?;
            } else {
                write!(line, "  {cell:>width$}")?;
            }
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Writes a number, and nothing for zero.
fn number(n: u64) -> String {
    if n == 0 { String::new() } else { grouped(n) }
}

/// Writes a number with its thousands apart: `1,234,567`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Writes a time with three digits, and nothing without a call.
fn time(stats: &CallStats, time: Duration) -> String {
    if stats.calls == 0 {
        return String::new();
    }
    let nanos = time.as_nanos() as f64;
    match nanos {
        ..1e3 => format!("{nanos:.0}ns"),
        ..1e6 => three_digits(nanos / 1e3, "µs"),
        ..1e9 => three_digits(nanos / 1e6, "ms"),
        ..60e9 => three_digits(nanos / 1e9, "s"),
        _ => {
            let seconds = time.as_secs();
            format!("{}m{:02}s", grouped(seconds / 60), seconds % 60)
        }
    }
}

fn three_digits(n: f64, unit: &str) -> String {
    match n {
        ..10.0 => format!("{n:.2}{unit}"),
        ..100.0 => format!("{n:.1}{unit}"),
        _ => format!("{n:.0}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(function: &'static str, in_flight: u64, last_minute: CallStats) -> FunctionStats {
        FunctionStats {
            function,
            in_flight,
            last_minute,
            since_start: CallStats {
                calls: last_minute.calls + 1_000_000,
                ok: last_minute.ok + 1_000_000,
                ..last_minute
            },
        }
    }

    #[test]
    fn a_table_has_aligned_columns_and_no_empty_ones() {
        let busy = CallStats {
            calls: 1_234,
            ok: 1_200,
            errors: 34,
            retries: 7,
            attempts: 1_241,
            mean: Duration::from_micros(12_345),
            p50: Duration::from_micros(950),
            p90: Duration::from_millis(104),
            p99: Duration::from_millis(1_250),
            max: Duration::from_secs(125),
            ..CallStats::default()
        };
        let stats = Stats {
            functions: vec![
                of("shop::pay::charge", 3, busy),
                of("search", 0, CallStats::default()),
            ],
        };
        let text = stats.to_string();
        assert_eq!(
            text,
            "\
last minute
function           calls     ok  error  in flight  attempts  retries    mean    p50    p90    p99    max
shop::pay::charge  1,234  1,200     34          3     1,241        7  12.3ms  950µs  104ms  1.25s  2m05s
search                 0

since the start
function               calls         ok  error  in flight  attempts  retries    mean    p50    p90    p99    max
shop::pay::charge  1,001,234  1,001,200     34          3     1,241        7  12.3ms  950µs  104ms  1.25s  2m05s
search             1,000,000  1,000,000                                          0ns    0ns    0ns    0ns    0ns
",
            "{text}"
        );
        let none = Stats { functions: vec![] };
        assert_eq!(none.to_string(), "no function was called yet\n");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let all = [0, 7, 999, 1_000, 12_345, 1_000_000, u64::MAX].map(grouped);
        let right = [
            "0",
            "7",
            "999",
            "1,000",
            "12,345",
            "1,000,000",
            "18,446,744,073,709,551,615",
        ];
        assert_eq!(all, right);
    }
}
