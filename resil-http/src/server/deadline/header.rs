//! The headers by which a caller says how long it waits.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use resil_runtime::edge::tell_header_ignored;

use crate::names::{ENVOY_EXPECTED, GRPC_TIMEOUT};
use crate::server::refusal::is_grpc;

/// The headers by which a caller may say how long it waits.
#[derive(Debug)]
pub(super) struct Headers {
    all: [Header; 3],
    /// A bit for each length that their names have, and `content-type`: nearly every other header is told apart by it.
    lengths: u64,
}

impl Headers {
    /// Creates those of gRPC and of Envoy, and one with a name of our own.
    pub(super) fn with(own: HeaderName) -> Self {
        let all = [
            Header::new(GRPC_TIMEOUT.clone(), grpc_timeout),
            Header::new(ENVOY_EXPECTED.clone(), millis),
            Header::new(own, millis),
        ];
        let names = all.iter().map(|header| &header.name);
        let lengths = names.chain([&CONTENT_TYPE]).map(length);
        let lengths = lengths.fold(0, |all, length| all | length);
        Self { all, lengths }
    }

    /// Reads the headers of a request.
    ///
    /// It goes through the names that there are, which are a few: to look some up costs more.
    pub(super) fn read(&self, headers: &HeaderMap) -> Asked {
        let mut asked = Asked {
            time: None,
            is_grpc: false,
        };
        for name in headers.keys() {
            if length(name) & self.lengths != 0 {
                self.read_one(name, headers, &mut asked);
            }
        }
        asked
    }

    /// Reads the values of one name, if it is one of those that say something.
    fn read_one(&self, name: &HeaderName, headers: &HeaderMap, asked: &mut Asked) {
        if *name == CONTENT_TYPE {
            asked.is_grpc = is_grpc(headers);
            return;
        }
        for header in self.all.iter().filter(|header| header.name == *name) {
            for value in headers.get_all(name) {
                if let Some(time) = header.read(value) {
                    asked.time = Some(asked.time.map_or(time, |other| other.min(time)));
                }
            }
        }
    }
}

/// Returns a bit for the length of a name. That of a long one may be the bit of another.
fn length(name: &HeaderName) -> u64 {
    1 << (name.as_str().len() % 64)
}

/// What the headers of a request say.
#[derive(Debug)]
pub(super) struct Asked {
    /// The shortest time that they say, if they say one.
    pub(super) time: Option<Duration>,
    /// Whether it is a request of gRPC.
    pub(super) is_grpc: bool,
}

/// A header, and how its value is read.
#[derive(Debug)]
struct Header {
    name: HeaderName,
    read: fn(&[u8]) -> Option<Duration>,
    /// Whether a malformed value was told.
    is_told: AtomicBool,
}

impl Header {
    fn new(name: HeaderName, read: fn(&[u8]) -> Option<Duration>) -> Self {
        Self {
            name,
            read,
            is_told: AtomicBool::new(false),
        }
    }

    /// Returns the time that a value of the header says, if it says one. Malformed values are told once, and ignored.
    fn read(&self, value: &HeaderValue) -> Option<Duration> {
        let time = (self.read)(value.as_bytes());
        if time.is_none() {
            self.tell();
        }
        time
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
