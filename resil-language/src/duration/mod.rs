//! DURATION literals: `500ms`, `1.5s`, `1m30s`.
//!
//! To the lexer each is one numeric literal with a suffix, so they are read from the literal's
//! text. No unit may start with `e`: the lexer refuses `5es` as a broken exponent, and reads `1e3s`
//! as a float with the suffix `s`. `0xfd` is a number in hex.

mod fault;
mod units;

use std::time::Duration;

pub use self::fault::Fault;
use self::fault::Part;
use self::units::{UNITS, check_order, check_points, check_units, rank};

pub use self::units::with_units;

/// Reads the text of a numeric literal, without sign.
pub fn read(text: &str) -> Result<Duration, Fault> {
    read_like(text, "")
}

/// Reads the text of a numeric literal; `like` is a typical value of the option, by which units for
/// a bare number are proposed.
pub fn read_like(text: &str, like: &str) -> Result<Duration, Fault> {
    if let Some(write) = in_other_base(text, like) {
        let what = format!("`{text}` is a number in another base");
        return Err(Fault { what, write });
    }
    let parts = parts(text);
    if has_exponent(&parts) {
        let what = format!("`{text}` has an exponent");
        return Err(Fault {
            what,
            write: without_exponent(text).into_iter().collect(),
        });
    }
    check_points(text, &parts)?;
    check_units(text, &parts, like)?;
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

/// Whether the text of a numeric literal is a duration by its suffixes, which must all be units.
pub fn looks_like_one(text: &str) -> bool {
    in_other_base(text, "").is_none() && parts(text).iter().all(|part| rank(part.unit).is_some())
}

/// Formats a duration as a user would write it: `1.5s`, `1m30s`, `250us`.
pub fn show(duration: Duration) -> String {
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
    let parts = UNITS.map(|(name, unit)| {
        let count = rest / u128::from(unit);
        rest %= u128::from(unit);
        if count == 0 {
            String::new()
        } else {
            format!("{count}{name}")
        }
    });
    parts.concat()
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

/// Returns the decimal durations that `0xfd` may mean, if it is in another base.
fn in_other_base(text: &str, like: &str) -> Option<Vec<String>> {
    let radix = match text.get(..2)? {
        "0x" | "0X" => 16,
        "0o" => 8,
        "0b" => 2,
        _ => return None,
    };
    let digits = text[2..]
        .chars()
        .filter(|c| *c != '_')
        .take_while(|c| c.is_digit(radix));
    let value = u128::from_str_radix(&digits.collect::<String>(), radix);
    Some(
        value
            .map(|value| with_units(&value.to_string(), like))
            .unwrap_or_default(),
    )
}

fn has_exponent(parts: &[Part<'_>]) -> bool {
    parts
        .first()
        .is_some_and(|part| matches!(part.unit, "e" | "E" | "e-" | "E-" | "e+" | "E+"))
}

/// Writes `1e3s` without its exponent, as `1000s`, if that is short enough to read.
fn without_exponent(text: &str) -> Option<String> {
    let unit = text.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let unit = unit[1..].trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let number: f64 = text.strip_suffix(unit)?.replace('_', "").parse().ok()?;
    let unit = if rank(unit).is_some() { unit } else { "s" };
    let text = format!("{number}{unit}");
    (text.len() <= 20 && read(&text).is_ok()).then_some(text)
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

/// Converts a part to nanoseconds. No float is in between, so `0.1s` is exactly a hundred million.
fn part_nanos(number: &str, unit: u128) -> Result<u128, Inexact> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u128 = whole.parse().map_err(|_| Inexact::TooLong)?;
    let mut nanos = whole.checked_mul(unit).ok_or(Inexact::TooLong)?;
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        // More digits hardly ever make whole nanoseconds, and too many would overflow below.
        let digits = u32::try_from(fraction.len())
            .ok()
            .filter(|digits| *digits <= 15);
        let scale = 10_u128.pow(digits.ok_or(Inexact::TooFine)?);
        let scaled = fraction.parse::<u128>().map_err(|_| Inexact::TooFine)? * unit;
        if !scaled.is_multiple_of(scale) {
            return Err(Inexact::TooFine);
        }
        nanos = nanos.checked_add(scaled / scale).ok_or(Inexact::TooLong)?;
    }
    Ok(nanos)
}
