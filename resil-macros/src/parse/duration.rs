//! DURATION literals: `500ms`, `1.5s`, `1m30s`.
//!
//! To the lexer each is one numeric literal with a suffix, so they are read from the
//! literal's text. No unit may start with `e`: `5es` dies in the lexer as a broken
//! exponent, and `1e3s` is a float with the suffix `s`. `0xfd` is a number in hex.

use std::time::Duration;

/// Largest first: the order in which a composite names them.
const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// What other languages call the units.
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

/// The suffixes that say what type a number has.
const TYPES: [&str; 16] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f16",
    "f32", "f64", "f128",
];

/// Why a literal is no duration, and the texts that would be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) what: String,
    pub(crate) write: Vec<String>,
}

/// One number and its unit, `30s` of `1m30s`.
struct Part<'t> {
    number: String,
    unit: &'t str,
}

/// Reads the text of a numeric literal, without sign.
pub(crate) fn read(text: &str) -> Result<Duration, Fault> {
    if let Some(number) = in_other_base(text) {
        let what = format!("`{text}` is a number in another base");
        return Err(Fault {
            what,
            write: number.map(|n| with_units(&n)).unwrap_or_default(),
        });
    }
    let parts = parts(text);
    if has_exponent(&parts) {
        let what = format!("`{text}` has an exponent");
        return Err(Fault {
            what,
            write: without_exponent(text).into_iter().collect(),
        });
    }
    check_units(text, &parts)?;
    check_order(text, &parts)?;
    let mut nanos = 0_u128;
    for part in &parts {
        let (_, unit) = UNITS[rank(part.unit).expect("the units were checked")];
        let part = part_nanos(&part.number, u128::from(unit)).map_err(|fault| fault.at(text))?;
        nanos = nanos
            .checked_add(part)
            .ok_or_else(|| Inexact::TooLong.at(text))?;
    }
    let seconds = u64::try_from(nanos / 1_000_000_000).map_err(|_| Inexact::TooLong.at(text))?;
    let rest = u32::try_from(nanos % 1_000_000_000).expect("a remainder below a billion");
    Ok(Duration::new(seconds, rest))
}

/// Whether the text of a numeric literal was meant as a duration: every suffix is a unit.
pub(crate) fn looks_like_one(text: &str) -> bool {
    in_other_base(text).is_none() && parts(text).iter().all(|part| rank(part.unit).is_some())
}

/// A duration as a user would write it: `1.5s`, `1m30s`, `250us`.
pub(crate) fn show(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    if nanos == 0 {
        return "0s".to_owned();
    }
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
        0..1_000 => small(1, "ns"),
        1_000..1_000_000 => small(1_000, "us"),
        1_000_000..1_000_000_000 => small(1_000_000, "ms"),
        1_000_000_000..60_000_000_000 => small(1_000_000_000, "s"),
        _ => composite(nanos),
    }
}

fn composite(nanos: u128) -> String {
    let mut rest = nanos;
    let mut text = String::new();
    for (name, unit) in UNITS {
        let unit = u128::from(unit);
        if rest >= unit {
            text.push_str(&format!("{}{name}", rest / unit));
            rest %= unit;
        }
    }
    text
}

/// `5` → `5s` or `5ms`.
pub(crate) fn with_units(number: &str) -> Vec<String> {
    vec![format!("{number}s"), format!("{number}ms")]
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '_');
        let (number, after) = rest.split_at(rest.find(|c| !is_number(c)).unwrap_or(rest.len()));
        let end = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        parts.push(Part {
            number: number.replace('_', ""),
            unit: unit.trim_end_matches('_'),
        });
        rest = after;
    }
    parts
}

/// `Some` for `0xfd`, with its value in decimal where it fits.
fn in_other_base(text: &str) -> Option<Option<String>> {
    let radix = match text.get(..2)? {
        "0x" | "0X" => 16,
        "0o" => 8,
        "0b" => 2,
        _ => return None,
    };
    let digits: String = text[2..]
        .chars()
        .filter(|c| *c != '_')
        .take_while(|c| c.is_digit(radix))
        .collect();
    Some(
        u128::from_str_radix(&digits, radix)
            .ok()
            .map(|value| value.to_string()),
    )
}

fn has_exponent(parts: &[Part<'_>]) -> bool {
    parts
        .first()
        .is_some_and(|part| matches!(part.unit, "e" | "E" | "e-" | "E-" | "e+" | "E+"))
}

/// `1e3s` → `1000s`, where that is a number short enough to read.
fn without_exponent(text: &str) -> Option<String> {
    let unit = text.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let unit = unit[1..].trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let number: f64 = text.strip_suffix(unit)?.replace('_', "").parse().ok()?;
    let unit = if rank(unit).is_some() { unit } else { "s" };
    let text = format!("{number}{unit}");
    (text.len() <= 20 && read(&text).is_ok()).then_some(text)
}

fn check_units(text: &str, parts: &[Part<'_>]) -> Result<(), Fault> {
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
            write: with_units(text.trim_end_matches('.')),
        });
    }
    if earlier.is_empty() {
        // `5u64`: the suffix was meant for the compiler, and says nothing about time.
        let suffix = text.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        if TYPES.contains(&suffix) {
            let what = format!("`{suffix}` is a type and no unit");
            return Err(Fault {
                what,
                write: with_units(text.trim_end_matches(suffix)),
            });
        }
    } else if let [number, bits] = parts
        && bits.unit.is_empty()
        && TYPES.contains(&format!("{}{}", number.unit, bits.number).as_str())
    {
        let what = format!("`{}{}` is a type and no unit", number.unit, bits.number);
        return Err(Fault {
            what,
            write: with_units(&number.number),
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
        return Err(unknown_unit(unknown.unit, parts));
    }
    Ok(())
}

fn unknown_unit(unit: &str, parts: &[Part<'_>]) -> Fault {
    let what = format!("`{unit}` is no unit (they are `ns us ms s m h d`)");
    let mut write = String::new();
    for part in parts {
        match meant(part.unit) {
            Some(unit) => write.push_str(&format!("{}{unit}", part.number)),
            None => match (
                part.unit.to_lowercase().as_str(),
                part.number.parse::<u32>(),
            ) {
                ("w" | "week" | "weeks", Ok(weeks)) => {
                    write.push_str(&format!("{}d", u64::from(weeks) * 7));
                }
                _ => {
                    return Fault {
                        what,
                        write: with_units(&part.number),
                    };
                }
            },
        }
    }
    Fault {
        what,
        write: vec![write],
    }
}

/// The unit that a spelling of it means: `sec` is `s`.
fn meant(unit: &str) -> Option<&'static str> {
    let folded = unit.to_lowercase();
    let exact = UNITS
        .iter()
        .find(|(name, _)| *name == folded)
        .map(|(name, _)| *name);
    exact.or_else(|| {
        let known = SPELLINGS
            .iter()
            .find(|(_, others)| others.contains(&folded.as_str()));
        known.map(|(name, _)| *name)
    })
}

fn rank(unit: &str) -> Option<usize> {
    UNITS.iter().position(|(name, _)| *name == unit)
}

fn check_order(text: &str, parts: &[Part<'_>]) -> Result<(), Fault> {
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

#[derive(Clone, Copy)]
enum Inexact {
    TooLong,
    TooFine,
}

impl Inexact {
    fn at(self, text: &str) -> Fault {
        let (what, write) = match self {
            Self::TooLong => (
                format!("`{text}` is longer than a `Duration` can be"),
                "365d",
            ),
            Self::TooFine => (format!("`{text}` is finer than a nanosecond"), "1ns"),
        };
        Fault {
            what,
            write: vec![write.to_owned()],
        }
    }
}

/// Exact: no float in between, so `0.1s` is a hundred million nanoseconds.
fn part_nanos(number: &str, unit: u128) -> Result<u128, Inexact> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u128 = whole.parse().map_err(|_| Inexact::TooLong)?;
    let mut nanos = whole.checked_mul(unit).ok_or(Inexact::TooLong)?;
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        // A day has 14 digits of nanoseconds: more digits than that can't come out even.
        let digits = u32::try_from(fraction.len())
            .ok()
            .filter(|digits| *digits <= 15);
        let scale = 10_u128.pow(digits.ok_or(Inexact::TooFine)?);
        let scaled = fraction.parse::<u128>().map_err(|_| Inexact::TooFine)? * unit;
        if scaled % scale != 0 {
            return Err(Inexact::TooFine);
        }
        nanos = nanos.checked_add(scaled / scale).ok_or(Inexact::TooLong)?;
    }
    Ok(nanos)
}
