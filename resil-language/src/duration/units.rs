//! The units of a duration, the names that other languages have for them, and their faults.

use super::fault::{Fault, Part};

/// The units, largest first, which is their order in a composite duration.
pub(super) const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Other languages' names for the units.
const SPELLINGS: [(&str, &[&str]); 7] = [
    ("d", &["day", "days"]),
    ("h", &["hr", "hrs", "hour", "hours"]),
    ("m", &["min", "mins", "minute", "minutes"]),
    ("s", &["sec", "secs", "second", "seconds"]),
    (
        "ms",
        &[
            "msec",
            "msecs",
            "milli",
            "millis",
            "millisecond",
            "milliseconds",
        ],
    ),
    (
        "us",
        &[
            "µs",
            "μs",
            "usec",
            "usecs",
            "micro",
            "micros",
            "microsecond",
            "microseconds",
        ],
    ),
    (
        "ns",
        &[
            "nsec",
            "nsecs",
            "nano",
            "nanos",
            "nanosecond",
            "nanoseconds",
        ],
    ),
];

/// Suffixes that are types.
const TYPES: [&str; 16] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f16",
    "f32", "f64", "f128",
];

/// Proposes units for a bare number, the likelier first, by its size and by a typical value of the
/// option: `24` is hours where `24h` is typical, `500` is milliseconds where `100ms` is.
pub fn with_units(number: &str, like: &str) -> Vec<String> {
    let value: f64 = number.replace('_', "").parse().unwrap_or_default();
    let unit = like.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let units = match unit {
        "h" if value <= 48.0 => ["h", "s"],
        "h" if value < 1_000_000.0 => ["s", "ms"],
        "m" if value <= 30.0 => ["m", "s"],
        "ms" if value > 20.0 => ["ms", "s"],
        _ if value < 1_000.0 => ["s", "ms"],
        _ => ["ms", "s"],
    };
    units.map(|unit| format!("{number}{unit}")).to_vec()
}

/// Refuses `1.5.5s` and `1..5s`: a number has one point.
pub(super) fn check_points(text: &str, parts: &[Part<'_>]) -> Result<(), Fault> {
    let Some(part) = parts.iter().find(|p| p.number.matches('.').count() > 1) else {
        return Ok(());
    };
    let what = format!("a number of `{text}` has more than one point");
    let digits: Vec<&str> = part.number.split('.').filter(|d| !d.is_empty()).collect();
    let number = digits[..digits.len().min(2)].join(".");
    let unit = if rank(part.unit).is_some() {
        part.unit
    } else {
        "s"
    };
    let write = match parts {
        [_] if !number.is_empty() => vec![format!("{number}{unit}")],
        _ => Vec::new(),
    };
    Err(Fault { what, write })
}

pub(super) fn check_units(text: &str, parts: &[Part<'_>], like: &str) -> Result<(), Fault> {
    let Some((last, earlier)) = parts.split_last() else {
        return Err(Fault {
            what: "it is empty".to_owned(),
            write: Vec::new(),
        });
    };
    if last.unit.is_empty() && earlier.is_empty() {
        let what = format!("`{text}` has no unit");
        return Err(Fault {
            what,
            write: with_units(text.trim_end_matches('.'), like),
        });
    }
    if earlier.is_empty() {
        // `5u64`: the suffix is a type and no unit.
        let suffix = text.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        if TYPES.contains(&suffix) {
            let what = format!("`{suffix}` is a type and no unit");
            return Err(Fault {
                what,
                write: with_units(text.trim_end_matches(suffix), like),
            });
        }
    } else if let [number, bits] = parts
        && bits.unit.is_empty()
        && TYPES.contains(&format!("{}{}", number.unit, bits.number).as_str())
    {
        let what = format!("`{}{}` is a type and no unit", number.unit, bits.number);
        return Err(Fault {
            what,
            write: with_units(&number.number, like),
        });
    }
    if last.unit.is_empty() {
        let smaller = earlier
            .last()
            .and_then(|part| rank(part.unit))
            .map_or("s", |rank| {
                UNITS.get(rank + 1).map_or("ns", |(name, _)| name)
            });
        let what = format!("the last number of `{text}` has no unit");
        return Err(Fault {
            what,
            write: vec![format!("{text}{smaller}")],
        });
    }
    if let Some(unknown) = parts.iter().find(|part| rank(part.unit).is_none()) {
        return Err(unknown_unit(unknown.unit, parts, like));
    }
    Ok(())
}

fn unknown_unit(unit: &str, parts: &[Part<'_>], like: &str) -> Fault {
    let what = format!("`{unit}` is no unit (they are `ns us ms s m h d`)");
    let meant: Option<String> = parts.iter().map(meant).collect();
    let write = match meant {
        Some(text) => vec![text],
        None => parts
            .first()
            .map(|part| with_units(&part.number, like))
            .unwrap_or_default(),
    };
    Fault { what, write }
}

/// Replaces another spelling of a unit: `5sec` is `5s`, `2weeks` are `14d`.
fn meant(part: &Part<'_>) -> Option<String> {
    let number = &part.number;
    let folded = part.unit.to_lowercase();
    if let "w" | "week" | "weeks" = folded.as_str() {
        let weeks: u64 = number.parse().ok()?;
        return Some(format!("{}d", weeks.checked_mul(7)?));
    }
    let (unit, _) = SPELLINGS
        .iter()
        .find(|(name, others)| *name == folded || others.contains(&folded.as_str()))?;
    Some(format!("{number}{unit}"))
}

pub(super) fn rank(unit: &str) -> Option<usize> {
    UNITS.iter().position(|(name, _)| *name == unit)
}

pub(super) fn check_order(text: &str, parts: &[Part<'_>]) -> Result<(), Fault> {
    if parts.len() == 1 {
        return Ok(());
    }
    if parts.iter().any(|part| part.number.contains('.')) {
        let what = format!("a part of `{text}` is not a whole number");
        return Err(Fault {
            what,
            write: vec!["1m30s".to_owned(), "1.5m".to_owned()],
        });
    }
    let mut ranks: Vec<_> = parts
        .iter()
        .map(|part| (rank(part.unit), &part.number))
        .collect();
    if ranks.is_sorted_by(|a, b| a.0 < b.0) {
        return Ok(());
    }
    ranks.sort_by_key(|part| part.0);
    let what = format!("the units of `{text}` do not go from the largest to the smallest");
    let repeated = ranks.windows(2).any(|pair| pair[0].0 == pair[1].0);
    let sorted = ranks
        .iter()
        .map(|(rank, number)| format!("{number}{}", UNITS[rank.unwrap_or(0)].0));
    let write = if repeated {
        vec!["1m30s".to_owned()]
    } else {
        vec![sorted.collect()]
    };
    Err(Fault { what, write })
}
