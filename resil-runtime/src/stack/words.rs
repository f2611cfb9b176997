//! Durations as the attributes write them.

use std::time::Duration;

/// Formats a duration with its unit: `800ms`, `1.5s`, `1m30s`.
pub(crate) fn show(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let small = |unit: u128, name: &str| {
        let (whole, rest) = (nanos / unit, nanos % unit);
        let width = unit.ilog10() as usize;
        let text = format!("{whole}.{rest:0width$}");
        let text = if rest == 0 {
            whole.to_string()
        } else {
            text.trim_end_matches('0').to_owned()
        };
        format!("{text}{name}")
    };
    match nanos {
        0 => "0s".to_owned(),
        1..1_000 => small(1, "ns"),
        1_000..1_000_000 => small(1_000, "us"),
        1_000_000..1_000_000_000 => small(1_000_000, "ms"),
        1_000_000_000..60_000_000_000 => small(1_000_000_000, "s"),
        _ => composite(nanos),
    }
}

fn composite(nanos: u128) -> String {
    /// The units of a literal, largest first, in nanoseconds.
    const UNITS: [(&str, u128); 7] = [
        ("d", 86_400_000_000_000),
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("ns", 1),
    ];
    let mut rest = nanos;
    let parts = UNITS.map(|(name, unit)| {
        let count = rest / unit;
        rest %= unit;
        if count == 0 {
            String::new()
        } else {
            format!("{count}{name}")
        }
    });
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_literals() {
        for (nanos, text) in [
            (0, "0s"),
            (7, "7ns"),
            (1_500, "1.5us"),
            (800_000_000, "800ms"),
            (1_500_000_000, "1.5s"),
            (90_000_000_000, "1m30s"),
            (86_400_000_000_000, "1d"),
        ] {
            assert_eq!(show(Duration::from_nanos(nanos)), text);
        }
    }
}
