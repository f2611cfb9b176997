//! The headers by which a caller says how long it waits.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use http::{HeaderMap, HeaderName};
use resil_runtime::edge::tell_header_ignored;

/// A header, and how its value is read.
#[derive(Debug)]
pub(super) struct Header {
    name: HeaderName,
    read: fn(&[u8]) -> Option<Duration>,
    /// Whether a malformed value was told.
    is_told: AtomicBool,
}

impl Header {
    /// The timeout of gRPC: at most eight digits and a unit, `100m` for 100 ms.
    pub(super) fn grpc_timeout() -> Self {
        Self::new(HeaderName::from_static("grpc-timeout"), grpc_timeout)
    }

    /// A header with a whole number of milliseconds.
    pub(super) fn millis(name: HeaderName) -> Self {
        Self::new(name, millis)
    }

    fn new(name: HeaderName, read: fn(&[u8]) -> Option<Duration>) -> Self {
        Self {
            name,
            read,
            is_told: AtomicBool::new(false),
        }
    }

    /// Returns the shortest time that the header says, if it says one. Malformed values are told once, and
    /// ignored.
    pub(super) fn read(&self, headers: &HeaderMap) -> Option<Duration> {
        let values = headers.get_all(&self.name).iter();
        let times = values.filter_map(|value| {
            let time = (self.read)(value.as_bytes());
            if time.is_none() {
                self.tell();
            }
            time
        });
        times.min()
    }

    #[cold]
    fn tell(&self) {
        if !self.is_told.swap(true, Relaxed) && !tell_header_ignored(self.name.as_str()) {
            self.is_told.store(false, Relaxed);
        }
    }
}

/// Reads a whole number of milliseconds. One that is longer than any time counts as the longest.
fn millis(value: &[u8]) -> Option<Duration> {
    number(value).map(Duration::from_millis)
}

/// Reads the timeout of gRPC over HTTP/2: a `TimeoutValue` of at most eight digits and a `TimeoutUnit`.
fn grpc_timeout(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if digits.len() > 8 {
        return None;
    }
    let number = number(digits)?;
    Some(match unit {
        b'H' => Duration::from_secs(number * 3_600),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

/// Reads digits, of which there is at least one, and nothing else.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        Some(number.saturating_mul(10).saturating_add(digit))
    })
}
