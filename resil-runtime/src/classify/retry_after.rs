//! The value of an HTTP `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.

use std::time::{Duration, SystemTime};

use crate::clock;

/// Reads the value of a `Retry-After` header: how long from now the other side wants to be left
/// alone.
///
/// | value | result |
/// |---|---|
/// | `120` | two minutes |
/// | `0`, a date in the past | zero: the back-off of a `#[retry]` stands as it is |
/// | `1.5` | a second and a half, though the RFC knows whole seconds only |
/// | `99999999999999999999` | [`Duration::MAX`]: longer than any `cap`, so no further attempt |
/// | `Wed, 21 Oct 2026 07:28:00 GMT`, and the two obsolete forms of a date | until then |
/// | `-1`, `soon`, nothing | `None`: it asks for nothing |
///
/// ```
/// use std::time::Duration;
/// use resil_runtime::classify::parse_retry_after;
///
/// assert_eq!(parse_retry_after("120"), Some(Duration::from_secs(120)));
/// assert_eq!(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
/// assert_eq!(parse_retry_after("-1"), None);
/// ```
///
/// Dates are compared with the system's clock, which tokio does not pause.
pub fn parse_retry_after(value: &str) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    seconds(value).or_else(|| until(value, clock::wall()))
}

/// Reads a number of seconds: `120`, `1.5`.
fn seconds(value: &str) -> Option<Duration> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    // All digits: only a number that is too large does not read.
    let Ok(whole) = whole.parse() else {
        return Some(Duration::MAX);
    };
    let nanos: u32 = format!("{fraction:0<9}")[..9].parse().ok()?;
    Some(Duration::new(whole, nanos))
}

/// Returns the time from `now` to `date`; zero if it has passed.
fn until(date: &str, now: SystemTime) -> Option<Duration> {
    let now = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let at = Date::read(date, year_of(now))?.since_epoch();
    Some(at.saturating_sub(now))
}

/// Returns the year of a time, roughly. It only serves to tell the century of a two-digit year,
/// which lies at most fifty years ahead.
fn year_of(since_epoch: Duration) -> i64 {
    const YEAR: u64 = 31_556_952;
    1970 + i64::try_from(since_epoch.as_secs() / YEAR).unwrap_or(0)
}

struct Date {
    year: i64,
    month: i64,
    day: i64,
    seconds: u64,
}

impl Date {
    /// Reads a date of one of the three forms: `Sun, 06 Nov 1994 08:49:37 GMT`,
    /// `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
    fn read(text: &str, this_year: i64) -> Option<Self> {
        let mut parts = text.split([' ', ',', '-']).filter(|part| !part.is_empty());
        let weekday = parts.next()?;
        if !weekday.bytes().all(|b| b.is_ascii_alphabetic()) {
            return None;
        }
        let parts: Vec<&str> = parts.collect();
        let ([day, month, year, time, "GMT" | "UTC"] | [month, day, time, year]) = parts[..] else {
            return None;
        };
        let year = match (year.len(), number(year)?) {
            (2, year) => {
                let year = this_year - this_year.rem_euclid(100) + year;
                if year > this_year + 50 {
                    year - 100
                } else {
                    year
                }
            }
            (4, year) => year,
            _ => return None,
        };
        let day = number(day)?;
        (1..=31).contains(&day).then_some(())?;
        Some(Self {
            year,
            month: month_of(month)?,
            day,
            seconds: time_of_day(time)?,
        })
    }

    /// Returns the time since 1970; zero for a date before.
    fn since_epoch(&self) -> Duration {
        // Days in the proleptic Gregorian calendar, a year beginning with March: Howard Hinnant,
        // "chrono-compatible low-level date algorithms".
        let year = if self.month <= 2 {
            self.year - 1
        } else {
            self.year
        };
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let month = (self.month + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        match u64::try_from(days) {
            Ok(days) => Duration::from_secs(days * 86_400 + self.seconds),
            Err(_) => Duration::ZERO,
        }
    }
}

/// Reads a number of at most four digits.
fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn month_of(name: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let at = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(name))?;
    i64::try_from(at).ok().map(|at| at + 1)
}

/// Reads `08:49:37` as the second of the day, a leap second included.
fn time_of_day(text: &str) -> Option<u64> {
    let mut parts = text.split(':').map(number);
    let mut next = |most| parts.next()??.try_into().ok().filter(|n: &u64| *n <= most);
    let (hours, minutes, seconds) = (next(23)?, next(59)?, next(60)?);
    parts
        .next()
        .is_none()
        .then_some((hours * 60 + minutes) * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn seconds_whole_and_broken() {
        for (value, want) in [
            ("0", Some(Duration::ZERO)),
            ("120", Some(120 * SECOND)),
            (" 7\t", Some(7 * SECOND)),
            ("007", Some(7 * SECOND)),
            ("1.5", Some(Duration::from_millis(1_500))),
            ("0.000000001999", Some(Duration::from_nanos(1))),
            ("18446744073709551615", Some(Duration::from_secs(u64::MAX))),
            ("99999999999999999999", Some(Duration::MAX)),
            ("-1", None),
            ("+1", None),
            ("1.", None),
            (".5", None),
            ("1.-5", None),
            ("1e3", None),
            ("0x10", None),
            ("inf", None),
            ("NaN", None),
            ("", None),
            ("5 s", None),
            ("１", None),
        ] {
            assert_eq!(parse_retry_after(value), want, "{value:?}");
        }
    }

    #[test]
    fn dates_of_three_forms_ahead_and_behind() {
        // 1994-11-06 08:49:37.
        let now = |offset: i64| {
            let at = Duration::from_secs(784_111_777);
            let by = Duration::from_secs(offset.unsigned_abs());
            SystemTime::UNIX_EPOCH
                + if offset < 0 {
                    at.saturating_sub(by)
                } else {
                    at + by
                }
        };
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "sun, 6 nov 1994 08:49:37 UTC",
        ] {
            assert_eq!(until(date, now(-90)), Some(90 * SECOND), "{date}");
            assert_eq!(until(date, now(0)), Some(Duration::ZERO), "{date}");
            assert_eq!(until(date, now(90)), Some(Duration::ZERO), "{date}: past");
        }
        assert_eq!(
            until("Thu, 01 Jan 1970 00:00:00 GMT", SystemTime::UNIX_EPOCH),
            Some(Duration::ZERO)
        );
        assert_eq!(
            until("Tue, 29 Feb 2000 23:59:60 GMT", SystemTime::UNIX_EPOCH),
            Some(951_868_800 * SECOND)
        );
        assert_eq!(
            until("Mon, 01 Jan 0001 00:00:00 GMT", now(0)),
            Some(Duration::ZERO)
        );
        assert!(
            until("Fri, 31 Dec 9999 23:59:59 GMT", now(0))
                > Some(Duration::from_secs(8_000 * 365 * 86_400))
        );
    }

    #[test]
    fn what_is_no_date_asks_for_nothing() {
        for value in [
            "soon",
            "Sun",
            "Sun, 06 Nov 1994",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Xov 1994 08:49:37 GMT",
            "Sun, 06 Nov 19941 08:49:37 GMT",
            "Sun, 06 Nov -194 08:49:37 GMT GMT",
            "2026-11-28T03:00:00Z",
            ",,, - ,",
        ] {
            assert_eq!(parse_retry_after(value), None, "{value}");
        }
    }

    #[test]
    fn a_year_of_two_digits_is_the_nearest_that_is_not_far_ahead() {
        let year = |text: &str, this| Date::read(text, this).map(|date| date.year);
        assert_eq!(year("Sunday, 06-Nov-94 08:49:37 GMT", 1994), Some(1994));
        assert_eq!(year("Sunday, 06-Nov-94 08:49:37 GMT", 2026), Some(1994));
        assert_eq!(year("Sunday, 06-Nov-76 08:49:37 GMT", 2026), Some(2076));
        assert_eq!(year("Sunday, 06-Nov-77 08:49:37 GMT", 2026), Some(1977));
    }

    proptest::proptest! {
        #![proptest_config(crate::extremes::cases())]

        #[test]
        fn nothing_that_a_server_says_panics(value in "\\PC*|[-0-9 ,:.A-Za-z]{0,40}") {
            let _ = parse_retry_after(&value);
        }

        #[test]
        fn every_second_reads_as_it_was_written(secs in 0_u64..253_402_300_800) {
            const NAMES: [&str; 12] = [
                "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
            ];
            // By counting the days of the months, and not as the code does it.
            let (mut days, mut year) = (secs / 86_400, 1970_u64);
            let leap = |y: u64| (y.is_multiple_of(4) && !y.is_multiple_of(100)) || y.is_multiple_of(400);
            while days >= 365 + u64::from(leap(year)) {
                days -= 365 + u64::from(leap(year));
                year += 1;
            }
            let mut month = 0;
            let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            while days >= lengths[month] {
                days -= lengths[month];
                month += 1;
            }
            let (h, m, s) = (secs / 3_600 % 24, secs / 60 % 60, secs % 60);
            let date = format!("Mon, {:02} {} {year} {h:02}:{m:02}:{s:02} GMT", days + 1, NAMES[month]);
            let read = until(&date, SystemTime::UNIX_EPOCH);
            proptest::prop_assert_eq!(read, Some(Duration::from_secs(secs)), "{}", date);
        }
    }
}
